/* links: listener/forwarded.c delivery/address.c */
/*
 * forwarded.c
 *	  X-Forwarded-For, behind a line with the networks that are trusted: nobody
 *	  whom a trusted proxy did not see becomes the client.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "fuzz.h"
#include "listener/forwarded.h"

static bool
forwarded_is_client(const struct sockaddr_storage *client, const char *text)
{
	struct sockaddr_storage address;

	return rf_address_parse(text, &address) && memcmp(&address, client, sizeof(address)) == 0;
}

static void
forwarded_read(const char *value, const RfNetworks *trusted)
{
	static const RfNetworks none;
	struct sockaddr_storage proxy;
	struct sockaddr_storage client;

	holds(rf_address_parse("192.0.2.1", &proxy));
	client = proxy;
	if (!rf_forwarded_read(value, trusted, &client))
		holds(rf_address_in((struct sockaddr *) &client, trusted));

	/* If nobody is trusted only the last one, whom our own proxy saw, is believed. */
	client = proxy;
	holds(rf_forwarded_read(value, &none, &client));
	if (memcmp(&client, &proxy, sizeof(proxy)) != 0 && strpbrk(value, "[:, \t") == NULL)
		holds(forwarded_is_client(&client, value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char	   *text = fuzz_string(bytes, length);
	char	   *value = strchr(text, '\n');
	RfNetworks *trusted = malloc(sizeof(RfNetworks));

	if (value != NULL)
	{
		*value = '\0';
		(void) rf_address_parse_networks(text, trusted);
		forwarded_read(value + 1, trusted);
	}
	free(trusted);
	free(text);
	return 0;
}
