/* links: delivery/address.c */
/*
 * networks.c
 *	  A list of networks, as the setting referral.allowed_networks, and whether
 *	  an address may be dialled.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "delivery/address.h"
#include "fuzz.h"

static const RfNetworks none;

/* A list that was read allows what it names. */
static void
networks_allow_themselves(const RfNetworks *networks)
{
	for (int i = 0; i < networks->n; i++)
	{
		struct sockaddr_in6 address = {.sin6_family = AF_INET6};

		holds(networks->network[i].bits >= 0 && networks->network[i].bits <= 128);
		memcpy(&address.sin6_addr, networks->network[i].bytes, 16);
		holds(rf_address_forbidden((struct sockaddr *) &address, networks, &none) == NULL);
	}
}

/* An address written as text is judged as it is in bytes. */
static void
networks_judge(const uint8_t *bytes, const RfNetworks *networks)
{
	struct sockaddr_in6		address = {.sin6_family = AF_INET6};
	struct sockaddr_storage read;
	char					text[INET6_ADDRSTRLEN];
	const char			   *reason;

	memcpy(&address.sin6_addr, bytes, 16);
	reason = rf_address_forbidden((struct sockaddr *) &address, networks, &none);
	inet_ntop(AF_INET6, bytes, text, sizeof(text));
	holds(rf_address_parse(text, &read));
	holds(reason == rf_address_forbidden((struct sockaddr *) &read, networks, &none));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char	   *text = fuzz_string(bytes, length);
	RfNetworks *networks = malloc(sizeof(RfNetworks));
	const char *reason = rf_address_parse_networks(text, networks);

	holds(networks->n >= 0 && networks->n <= RF_MAX_NETWORKS);
	holds(reason == NULL || networks->n == 0);
	networks_allow_themselves(networks);
	if (length >= 16)
		networks_judge(bytes + length - 16, networks);
	free(networks);
	free(text);
	return 0;
}
