/* links: listener/forwarded.c delivery/address.c */
/*
 * forwarded.c
 *	  Whom proxies pass a request on for.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "listener/forwarded.h"
#include "tap.h"

typedef struct Case
{
	const char *value;
	const char *client; /* as it is known after the header */
	bool		decided;
} Case;

/* 10.0.0.0/8 and ::1 are trusted; 10.9.9.9 gave us the request. */
static const Case cases[] = {
	{"192.0.2.1", "192.0.2.1", true},
	{"192.0.2.1, 10.0.0.1", "192.0.2.1", true},
	{"192.0.2.1,10.0.0.1,10.0.0.2", "192.0.2.1", true},
	{"6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1", true},
	{"10.0.0.1", "10.0.0.1", false},
	{"10.0.0.3, 10.0.0.1", "10.0.0.3", false},
	{"::1", "::1", false},
	{"192.0.2.1:4711", "192.0.2.1", true},
	{"[2001:db8::1]:4711", "2001:db8::1", true},
	{"[2001:db8::1]", "2001:db8::1", true},
	{"2001:db8::1", "2001:db8::1", true},
	{"::ffff:10.0.0.7", "::ffff:10.0.0.7", false},
	{"  192.0.2.1\t,  10.0.0.1 ", "192.0.2.1", true},
	{"unknown", "10.9.9.9", true},
	{"192.0.2.1, unknown", "10.9.9.9", true},
	{"192.0.2.1, unknown, 10.0.0.1", "10.0.0.1", true},
	{"192.0.2.1,", "10.9.9.9", true},
	{"", "10.9.9.9", true},
	{",,,", "10.9.9.9", true},
	{"[2001:db8::1", "10.9.9.9", true},
	{"[2001:db8::1]x", "10.9.9.9", true},
	{"192.0.2.1 10.0.0.1", "10.9.9.9", true},
	{"192.0.2.1.1", "10.9.9.9", true},
	{"0123456789012345678901234567890123456789012345678901234567890123456789, 10.0.0.1",
	 "10.0.0.1", true},
};

static const char *
text_of(const struct sockaddr_storage *address)
{
	static char text[INET6_ADDRSTRLEN];
	const void *bytes = address->ss_family == AF_INET
		? (const void *) &((const struct sockaddr_in *) address)->sin_addr
		: (const void *) &((const struct sockaddr_in6 *) address)->sin6_addr;

	return inet_ntop(address->ss_family, bytes, text, sizeof(text));
}

int
main(void)
{
	static RfNetworks trusted;

	ok(rf_address_parse_networks("10.0.0.0/8, ::1", &trusted) == NULL, "networks");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct sockaddr_storage client;
		bool					decided;

		rf_address_parse("10.9.9.9", &client);
		decided = rf_forwarded_read(cases[i].value, &trusted, &client);
		ok(strcmp(text_of(&client), cases[i].client) == 0, "client in \"%s\"", cases[i].value);
		ok(decided == cases[i].decided, "whether that is sure");
	}
	return tap_done();
}
