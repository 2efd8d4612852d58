/*
 * address.c
 *	  See address.h.
 *
 * IPv4 has a table of what is special. Of IPv6 only 2000::/3 is in use for
 * public addresses, so everything else is refused and the table there only
 * gives better reasons. Addresses that carry an IPv4 address are judged by
 * that one too: the packet ends there.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "delivery/address.h"

bool  rf_allow_http = false;
char *rf_allowed_networks = NULL;

typedef struct Range
{
	const char *network;
	int			bits;
	const char *reason;
} Range;

static const Range ranges_v4[] = {
	{"0.0.0.0", 8, "unspecified address"},
	{"10.0.0.0", 8, "private network"},
	{"100.64.0.0", 10, "shared address space"},
	{"127.0.0.0", 8, "loopback"},
	{"168.63.129.16", 32, "metadata address"}, /* Azure's, which looks public */
	{"169.254.0.0", 16, "link-local address"},
	{"172.16.0.0", 12, "private network"},
	{"192.0.0.0", 24, "reserved network"},
	{"192.0.2.0", 24, "documentation network"},
	{"192.88.99.0", 24, "6to4 relay"},
	{"192.168.0.0", 16, "private network"},
	{"198.18.0.0", 15, "benchmarking network"},
	{"198.51.100.0", 24, "documentation network"},
	{"203.0.113.0", 24, "documentation network"},
	{"224.0.0.0", 4, "multicast"},
	{"240.0.0.0", 4, "reserved network"},
};

static const Range ranges_v6[] = {
	{"::", 128, "unspecified address"},
	{"::1", 128, "loopback"},
	{"64:ff9b:1::", 48, "private network"},
	{"100::", 64, "discard-only network"},
	{"2001::", 32, "Teredo"},
	{"2001:db8::", 32, "documentation network"},
	{"2002::", 16, "6to4"},
	{"3fff::", 20, "documentation network"},
	{"5f00::", 16, "segment routing network"},
	{"fc00::", 7, "private network"},
	{"fe80::", 10, "link-local address"},
	{"fec0::", 10, "site-local address"},
	{"ff00::", 8, "multicast"},
};

static const unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const unsigned char nat64_prefix[12] = {0, 0x64, 0xff, 0x9b};

#define lengthof_ranges(r) ((int) (sizeof(r) / sizeof((r)[0])))

static bool
address_in(const unsigned char *bytes, const unsigned char *network, int bits)
{
	int whole = bits / 8;
	int rest = bits % 8;

	if (memcmp(bytes, network, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	return ((bytes[whole] ^ network[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
}

static bool
address_in_any(const unsigned char *bytes, const RfNetworks *networks)
{
	int i;

	for (i = 0; i < networks->n; i++)
	{
		if (address_in(bytes, networks->network[i].bytes, networks->network[i].bits))
			return true;
	}
	return false;
}

static const char *
address_in_ranges(int family, const unsigned char *bytes, const Range *ranges, int n)
{
	unsigned char network[16];
	int			  i;

	for (i = 0; i < n; i++)
	{
		inet_pton(family, ranges[i].network, network);
		if (address_in(bytes, network, ranges[i].bits))
			return ranges[i].reason;
	}
	return NULL;
}

/* As 16 bytes, IPv4 mapped. */
static bool
address_bytes(const struct sockaddr *address, unsigned char *bytes)
{
	if (address->sa_family == AF_INET)
	{
		memcpy(bytes, mapped_prefix, 12);
		memcpy(bytes + 12, &((const struct sockaddr_in *) address)->sin_addr, 4);
		return true;
	}
	if (address->sa_family == AF_INET6)
	{
		memcpy(bytes, &((const struct sockaddr_in6 *) address)->sin6_addr, 16);
		return true;
	}
	return false;
}

static const char *
address_forbidden_v4(const unsigned char *v4, const RfNetworks *local)
{
	unsigned char bytes[16];

	memcpy(bytes, mapped_prefix, 12);
	memcpy(bytes + 12, v4, 4);
	if (address_in_any(bytes, local))
		return "address of this server";
	return address_in_ranges(AF_INET, v4, ranges_v4, lengthof_ranges(ranges_v4));
}

bool
rf_address_in(const struct sockaddr *address, const RfNetworks *networks)
{
	unsigned char bytes[16];

	return address_bytes(address, bytes) && address_in_any(bytes, networks);
}

/* Teredo: the server's address, and the client's with all bits flipped. */
static const char *
address_forbidden_teredo(const unsigned char *bytes, const RfNetworks *local)
{
	unsigned char client[4];
	const char	 *reason;
	int			  i;

	for (i = 0; i < 4; i++)
		client[i] = bytes[12 + i] ^ 0xff;
	reason = address_forbidden_v4(client, local);
	return reason != NULL ? reason : address_forbidden_v4(bytes + 4, local);
}

/* The reason that lies in an embedded IPv4 address, if one does. */
static const char *
address_forbidden_embedded(const unsigned char *bytes, const RfNetworks *local)
{
	static const unsigned char teredo[4] = {0x20, 0x01, 0, 0};
	static const unsigned char six_to_four[2] = {0x20, 0x02};

	if (memcmp(bytes, teredo, 4) == 0)
		return address_forbidden_teredo(bytes, local);
	if (memcmp(bytes, six_to_four, 2) == 0)
		return address_forbidden_v4(bytes + 2, local);
	return NULL;
}

static const char *
address_forbidden_v6(const unsigned char *bytes, const RfNetworks *local)
{
	const char *reason = address_forbidden_embedded(bytes, local);

	if (reason == NULL)
		reason = address_in_ranges(AF_INET6, bytes, ranges_v6, lengthof_ranges(ranges_v6));
	if (reason == NULL && (bytes[0] & 0xe0) != 0x20)
		reason = "not a public address";
	return reason;
}

const char *
rf_address_forbidden(const struct sockaddr *address, const RfNetworks *allowed,
					 const RfNetworks *local)
{
	unsigned char bytes[16];

	if (!address_bytes(address, bytes))
		return "not an internet address";
	if (address_in_any(bytes, allowed))
		return NULL;
	if (address_in_any(bytes, local))
		return "address of this server";
	/* Networks without IPv4 reach it through 64:ff9b::/96. */
	if (memcmp(bytes, mapped_prefix, 12) == 0 || memcmp(bytes, nat64_prefix, 12) == 0)
		return address_forbidden_v4(bytes + 12, local);
	return address_forbidden_v6(bytes, local);
}

bool
rf_address_parse(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in	*v4 = (struct sockaddr_in *) address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
	{
		address->ss_family = AF_INET;
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
	{
		address->ss_family = AF_INET6;
		return true;
	}
	return false;
}

void
rf_address_add(RfNetworks *networks, const struct sockaddr *address)
{
	RfNetwork *network = &networks->network[networks->n];

	if (networks->n == RF_MAX_NETWORKS || !address_bytes(address, network->bytes))
		return;
	network->bits = 128;
	networks->n++;
}

bool
rf_address_has_network(const RfNetworks *local)
{
	int i;

	for (i = 0; i < local->n; i++)
	{
		const unsigned char *bytes = local->network[i].bytes;
		bool				 v4 = memcmp(bytes, mapped_prefix, 12) == 0;
		bool				 loopback = v4 ? bytes[12] == 127
										   : memcmp(bytes, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16) == 0;
		bool				 link_local = v4 ? bytes[12] == 169 && bytes[13] == 254
											 : bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;

		if (!loopback && !link_local)
			return true;
	}
	return false;
}

/* ---- lists of networks -------------------------------------------------- */

/* Up to three digits; -1 if it is no number. */
static int
address_parse_bits(const char *text)
{
	int bits = 0;
	int i;

	for (i = 0; text[i] != '\0'; i++)
	{
		if (i == 3 || text[i] < '0' || text[i] > '9')
			return -1;
		bits = bits * 10 + (text[i] - '0');
	}
	return i == 0 ? -1 : bits;
}

static const char *
address_parse_network(char *text, RfNetwork *network)
{
	struct sockaddr_storage address;
	char				   *slash = strchr(text, '/');
	int						most;
	int						bits;

	if (slash != NULL)
		*slash = '\0';
	if (!rf_address_parse(text, &address))
		return "not an IPv4 or IPv6 network";
	most = address.ss_family == AF_INET ? 32 : 128;
	bits = slash == NULL ? most : address_parse_bits(slash + 1);
	if (bits < 0 || bits > most)
		return "network with a wrong number of bits";
	address_bytes((struct sockaddr *) &address, network->bytes);
	network->bits = bits + 128 - most;
	return NULL;
}

const char *
rf_address_parse_networks(const char *text, RfNetworks *networks)
{
	const char *separators = ", \t\r\n";
	const char *reason = NULL;

	networks->n = 0;
	if (text == NULL)
		return NULL;
	for (text += strspn(text, separators); *text != '\0' && reason == NULL;
		 text += strspn(text, separators))
	{
		char   word[64];
		size_t length = strcspn(text, separators);

		if (length >= sizeof(word))
			reason = "not an IPv4 or IPv6 network";
		else if (networks->n == RF_MAX_NETWORKS)
			reason = "too many networks";
		else
		{
			memcpy(word, text, length);
			word[length] = '\0';
			reason = address_parse_network(word, &networks->network[networks->n]);
			networks->n++;
		}
		text += length;
	}
	if (reason != NULL)
		networks->n = 0;
	return reason;
}
