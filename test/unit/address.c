/* links: delivery/address.c */
/*
 * address.c
 *	  Which addresses may be dialled: each range at both of its ends and just
 *	  outside of them.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "delivery/address.h"
#include "tap.h"

typedef struct Case
{
	const char *address;
	const char *reason; /* NULL: may be dialled */
} Case;

static const Case cases[] = {
	/* 0.0.0.0/8 and 10.0.0.0/8 */
	{"0.0.0.0", "unspecified address"},
	{"0.255.255.255", "unspecified address"},
	{"1.0.0.0", NULL},
	{"9.255.255.255", NULL},
	{"10.0.0.0", "private network"},
	{"10.255.255.255", "private network"},
	{"11.0.0.0", NULL},
	/* 100.64.0.0/10 */
	{"100.63.255.255", NULL},
	{"100.64.0.0", "shared address space"},
	{"100.127.255.255", "shared address space"},
	{"100.128.0.0", NULL},
	/* 127.0.0.0/8 */
	{"126.255.255.255", NULL},
	{"127.0.0.0", "loopback"},
	{"127.0.0.1", "loopback"},
	{"127.255.255.255", "loopback"},
	{"128.0.0.0", NULL},
	/* 168.63.129.16, of Azure's hosts */
	{"168.63.129.15", NULL},
	{"168.63.129.16", "metadata address"},
	{"168.63.129.17", NULL},
	/* 169.254.0.0/16, where clouds keep their metadata */
	{"169.253.255.255", NULL},
	{"169.254.0.0", "link-local address"},
	{"169.254.169.254", "link-local address"},
	{"169.254.255.255", "link-local address"},
	{"169.255.0.0", NULL},
	/* 172.16.0.0/12 */
	{"172.15.255.255", NULL},
	{"172.16.0.0", "private network"},
	{"172.31.255.255", "private network"},
	{"172.32.0.0", NULL},
	/* 192.0.0.0/24, 192.0.2.0/24, 192.88.99.0/24, 192.168.0.0/16 */
	{"191.255.255.255", NULL},
	{"192.0.0.0", "reserved network"},
	{"192.0.0.255", "reserved network"},
	{"192.0.1.0", NULL},
	{"192.0.1.255", NULL},
	{"192.0.2.0", "documentation network"},
	{"192.0.2.255", "documentation network"},
	{"192.0.3.0", NULL},
	{"192.88.98.255", NULL},
	{"192.88.99.0", "6to4 relay"},
	{"192.88.99.255", "6to4 relay"},
	{"192.88.100.0", NULL},
	{"192.167.255.255", NULL},
	{"192.168.0.0", "private network"},
	{"192.168.255.255", "private network"},
	{"192.169.0.0", NULL},
	/* 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24 */
	{"198.17.255.255", NULL},
	{"198.18.0.0", "benchmarking network"},
	{"198.19.255.255", "benchmarking network"},
	{"198.20.0.0", NULL},
	{"198.51.99.255", NULL},
	{"198.51.100.0", "documentation network"},
	{"198.51.100.255", "documentation network"},
	{"198.51.101.0", NULL},
	{"203.0.112.255", NULL},
	{"203.0.113.0", "documentation network"},
	{"203.0.113.255", "documentation network"},
	{"203.0.114.0", NULL},
	/* 224.0.0.0/4 and 240.0.0.0/4 */
	{"223.255.255.255", NULL},
	{"224.0.0.0", "multicast"},
	{"239.255.255.255", "multicast"},
	{"240.0.0.0", "reserved network"},
	{"255.255.255.255", "reserved network"},

	/* IPv6: only 2000::/3, and not all of it */
	{"::", "unspecified address"},
	{"::1", "loopback"},
	{"::2", "not a public address"},
	{"::7f00:1", "not a public address"},
	{"100::", "discard-only network"},
	{"100::ffff:ffff:ffff:ffff", "discard-only network"},
	{"100:0:0:1::", "not a public address"},
	{"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not a public address"},
	{"2000::", NULL},
	{"2001:0:ffff::", "reserved network"},
	{"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
	{"2001:1::", NULL},
	{"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
	{"2001:db8::", "documentation network"},
	{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation network"},
	{"2001:db9::", NULL},
	{"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
	{"2003::", NULL},
	{"2606:4700:4700::1111", NULL},
	{"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
	{"3fff::", "documentation network"},
	{"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation network"},
	{"3fff:1000::", NULL},
	{"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
	{"4000::", "not a public address"},
	{"5f00::", "segment routing network"},
	{"5f01::", "not a public address"},
	{"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not a public address"},
	{"fc00::", "private network"},
	{"fd00:ec2::254", "private network"},
	{"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private network"},
	{"fe00::", "not a public address"},
	{"fe80::", "link-local address"},
	{"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local address"},
	{"fec0::", "site-local address"},
	{"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local address"},
	{"ff00::", "multicast"},
	{"ff02::1", "multicast"},

	/* IPv4 inside: mapped and NAT64 lead where the inner address says */
	{"::ffff:8.8.8.8", NULL},
	{"::ffff:127.0.0.1", "loopback"},
	{"::ffff:169.254.169.254", "link-local address"},
	{"::ffff:0:0", "unspecified address"},
	{"64:ff9b::8.8.8.8", NULL},
	{"64:ff9b::10.0.0.1", "private network"},
	{"64:ff9b::127.0.0.1", "loopback"},
	{"64:ff9b:0:0:0:1::", "not a public address"},
	{"64:ff9b:1::", "private network"},
	{"64:ff9b:1:ffff::1", "private network"},
	{"64:ff9b:2::", "not a public address"},

	/* 6to4 and Teredo are refused in any case, the inner address gives the better reason */
	{"2002:0808:0808::1", "6to4"},
	{"2002:7f00:0001::1", "loopback"},
	{"2002:0a00:0001::", "private network"},
	{"2002:ffff:ffff::", "reserved network"},
	{"2001:0:0808:0808:0:0:f7f7:f7f7", "Teredo"},
	{"2001:0:0808:0808:0:0:80ff:fffe", "loopback"},
	{"2001:0:7f00:0001:0:0:f7f7:f7f7", "loopback"},
};

static const char *
judge(const char *text, const char *allowed_text, const char *local_text)
{
	struct sockaddr_storage address;
	RfNetworks				allowed;
	RfNetworks				local;

	if (!rf_address_parse(text, &address) ||
		rf_address_parse_networks(allowed_text, &allowed) != NULL ||
		rf_address_parse_networks(local_text, &local) != NULL)
		return "cannot be parsed";
	return rf_address_forbidden((struct sockaddr *) &address, &allowed, &local);
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
test_ranges(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *reason = judge(cases[i].address, "", "");

		ok(same(reason, cases[i].reason), "%s: %s", cases[i].address, reason ? reason : "public");
	}
}

static void
test_own_addresses(void)
{
	ok(same(judge("8.8.8.8", "", "8.8.8.8"), "address of this server"), "own IPv4 address");
	ok(same(judge("8.8.8.9", "", "8.8.8.8"), NULL), "its neighbour");
	ok(same(judge("::ffff:8.8.8.8", "", "8.8.8.8"), "address of this server"), "own, mapped");
	ok(same(judge("64:ff9b::8.8.8.8", "", "8.8.8.8"), "address of this server"), "own, by NAT64");
	ok(same(judge("2002:808:808::1", "", "8.8.8.8"), "address of this server"), "own, by 6to4");
	ok(same(judge("2a00::5", "", "2a00::5"), "address of this server"), "own IPv6 address");
}

static void
test_allowed_networks(void)
{
	ok(same(judge("127.0.0.1", "127.0.0.0/8", ""), NULL), "allowed loopback");
	ok(same(judge("128.0.0.1", "0.0.0.0/0", "128.0.0.1"), NULL), "allowed beats own");
	ok(same(judge("10.1.2.3", "10.1.2.0/24, fc00::/7", ""), NULL), "first of a list");
	ok(same(judge("fc00::1", "10.1.2.0/24,fc00::/7", ""), NULL), "second of a list");
	ok(same(judge("10.1.3.3", "10.1.2.0/24", ""), "private network"), "beside what is allowed");
	ok(same(judge("192.168.5.129", "192.168.5.128/25", ""), NULL), "bits that end in a byte");
	ok(same(judge("192.168.5.127", "192.168.5.128/25", ""), "private network"), "one before them");
	ok(same(judge("::ffff:127.0.0.1", "127.0.0.0/8", ""), NULL), "mapped, by its IPv4 network");
	ok(same(judge("::1", "127.0.0.0/8", ""), "loopback"), "IPv6 loopback is another one");
	ok(same(judge("::1", "::/0", ""), NULL), "all of IPv6");
	ok(same(judge("64:ff9b::10.0.0.1", "10.0.0.0/8", ""), "private network"),
	   "NAT64 is allowed as what it is dialled");
}

static void
test_lists(void)
{
	RfNetworks networks;
	char	   many[RF_MAX_NETWORKS * 16 + 64] = "";

	ok(rf_address_parse_networks(NULL, &networks) == NULL && networks.n == 0, "no list");
	ok(rf_address_parse_networks("", &networks) == NULL && networks.n == 0, "empty list");
	ok(rf_address_parse_networks(" , 10.0.0.1 ,\t::1/128 ,", &networks) == NULL &&
		   networks.n == 2,
	   "spaces and commas");
	ok(rf_address_parse_networks("10.0.0.0/33", &networks) != NULL && networks.n == 0,
	   "more than 32 bits");
	ok(rf_address_parse_networks("10.0.0.0/32 ::/129", &networks) != NULL && networks.n == 0,
	   "more than 128 bits");
	ok(rf_address_parse_networks("10.0.0.0/", &networks) != NULL, "no bits");
	ok(rf_address_parse_networks("10.0.0.0/-1", &networks) != NULL, "negative bits");
	ok(rf_address_parse_networks("10.0.0.0/8x", &networks) != NULL, "bits that are no number");
	ok(rf_address_parse_networks("10.0.0/8", &networks) != NULL, "three numbers");
	ok(rf_address_parse_networks("example.com", &networks) != NULL, "a name");
	ok(rf_address_parse_networks("fe80::1%eth0", &networks) != NULL, "a zone");
	for (int i = 0; i <= RF_MAX_NETWORKS; i++)
		strcat(many, "10.0.0.0/8 ");
	ok(rf_address_parse_networks(many, &networks) != NULL, "too many");
}

static void
test_other_families(void)
{
	struct sockaddr_un unix_socket = {.sun_family = AF_UNIX};
	RfNetworks		   none = {0};

	ok(same(rf_address_forbidden((struct sockaddr *) &unix_socket, &none, &none),
			"not an internet address"),
	   "a unix socket");
}

static void
test_network(void)
{
	RfNetworks local;

	rf_address_parse_networks("127.0.0.1 ::1 fe80::1 169.254.3.4", &local);
	ok(!rf_address_has_network(&local), "loopback and link-local lead nowhere");
	rf_address_parse_networks("127.0.0.1 10.0.0.5", &local);
	ok(rf_address_has_network(&local), "a private address leads somewhere");
	rf_address_parse_networks("::1 2a00::1", &local);
	ok(rf_address_has_network(&local), "so does a public one");
}

int
main(void)
{
	test_ranges();
	test_own_addresses();
	test_allowed_networks();
	test_lists();
	test_other_families();
	test_network();
	return tap_done();
}
