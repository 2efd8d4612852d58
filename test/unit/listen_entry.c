/* links: server/listen_entry.c */
/*
 * listen_entry.c
 *	  What may stand in referral.listen, and what is said about the rest.
 */
#include <string.h>

#include "server/listen_entry.h"
#include "tap.h"

typedef struct Case
{
	const char *text;
	const char *place; /* of the only entry */
	const char *database;
} Case;

#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10

static const Case good[] = {
	{"127.0.0.1:8480/shop", "127.0.0.1:8480", "shop"},
	{"  127.0.0.1:8480/shop\t", "127.0.0.1:8480", "shop"},
	{"localhost:1/s", "localhost:1", "s"},
	{"example.test:65535/shop", "example.test:65535", "shop"},
	{"*:8480/shop", "*:8480", "shop"},
	{"[::1]:8480/shop", "[::1]:8480", "shop"},
	{"[::]:8480/shop", "[::]:8480", "shop"},
	{"[fe80::1%eth0]:8480/shop", "[fe80::1%eth0]:8480", "shop"},
	{"[127.0.0.1]:8480/shop", "127.0.0.1:8480", "shop"},
	{"127.0.0.1:0080/shop", "127.0.0.1:80", "shop"},
	/* names of databases may be odd */
	{"127.0.0.1:8480/My Shop", "127.0.0.1:8480", "My Shop"},
	{"127.0.0.1:8480/a/b", "127.0.0.1:8480", "a/b"},
	{"127.0.0.1:8480/a:b", "127.0.0.1:8480", "a:b"},
	{"127.0.0.1:8480/a%2Cb%2c%25", "127.0.0.1:8480", "a,b,%"},
	{"127.0.0.1:8480/%20a", "127.0.0.1:8480", " a"},
	{"127.0.0.1:8480/\xc3\xa4", "127.0.0.1:8480", "\xc3\xa4"},
	{"127.0.0.1:8480/" X50 X10 "xxx", "127.0.0.1:8480", X50 X10 "xxx"},
	/* unix sockets */
	{"unix:/run/referral.sock/shop", "unix:/run/referral.sock", "shop"},
	{"unix:/a b,c:d/shop", NULL, NULL},
	{"unix:/a b%2cc:d/shop", "unix:/a b,c:d", "shop"},
	{"unix:/s/shop", "unix:/s", "shop"},
	{"unix:/a/b/c%2Fd", "unix:/a/b", "c/d"},
	{"unix:/" X50 X50 "xxxxxx/shop", "unix:/" X50 X50 "xxxxxx", "shop"},
	/* a host that is called so */
	{"unix.test:8480/shop", "unix.test:8480", "shop"},
};

typedef struct Refusal
{
	const char *text;
	int			n; /* good ones before it */
	const char *wrong;
} Refusal;

#define NO_PORT		"no port is named, as in host:port/database"
#define BAD_PORT	"the port is not a number from 1 to 65535"
#define NO_DATABASE "no database is named, as in host:port/database"
#define NO_NAME		"no database is named after the last slash"
#define NO_HOST		"no host is named before the port; all addresses are *"
#define BRACKETS	"an IPv6 address is written in brackets, as in [::1]:8480"
#define PERCENT		"a percent sign is not followed by two digits of a byte, as in %25"
#define UNIX		"a unix socket is written unix:/path/of/socket/database"
#define TWICE		"an entry before it has the same place"

static const Refusal refusals[] = {
	{"8480", 0, NO_DATABASE},
	{"127.0.0.1:8480", 0, NO_DATABASE},
	{"127.0.0.1/shop", 0, NO_PORT},
	{"[::1]/shop", 0, NO_PORT},
	{"/shop", 0, NO_PORT},
	{"127.0.0.1:/shop", 0, BAD_PORT},
	{"127.0.0.1:0/shop", 0, BAD_PORT},
	{"127.0.0.1:65536/shop", 0, BAD_PORT},
	{"127.0.0.1:99999999999/shop", 0, BAD_PORT},
	{"127.0.0.1:-1/shop", 0, BAD_PORT},
	{"127.0.0.1:+80/shop", 0, BAD_PORT},
	{"127.0.0.1:http/shop", 0, BAD_PORT},
	{"127.0.0.1: 80/shop", 0, BAD_PORT},
	{"127.0.0.1:8480/", 0, NO_NAME},
	{":8480/shop", 0, NO_HOST},
	{"[]:8480/shop", 0, NO_HOST},
	{"::1:8480/shop", 0, BRACKETS},
	{"[::1:8480/shop", 0, "an address in brackets has no end"},
	{"::1]:8480/shop", 0, BRACKETS},
	{"[[::1]]:8480/shop", 0, "there is a space or a bracket in the host"},
	{"http://127.0.0.1:8480/shop", 0, BAD_PORT},
	{"local host:8480/shop", 0, "there is a space or a bracket in the host"},
	{"127.0.0.1:8480/a%", 0, PERCENT},
	{"127.0.0.1:8480/a%2", 0, PERCENT},
	{"127.0.0.1:8480/a%zz", 0, PERCENT},
	{"127.0.0.1:8480/a%00b", 0, PERCENT},
	{"127.0.0.1:8480/" X50 X10 "xxxx", 0, "the name of the database is longer than 63 bytes"},
	{X50 X50 X50 X50 X50 "xxxxxx:8480/shop", 0, "the host is longer than 255 bytes"},
	{"unix:", 0, "it is empty"},
	{"unix:shop", 0, UNIX},
	{"unix:/shop", 0, UNIX},
	{"unix:run/shop", 0, UNIX},
	{"unix:/run/", 0, NO_NAME},
	{"unix:/%/shop", 0, PERCENT},
	{"unix:/" X50 X50 "xxxxxxx/shop", 0, "the path of the socket is longer than the system allows"},
	/* lists */
	{",", 0, "it is empty"},
	{"a:1/x,", 1, "it is empty"},
	{"a:1/x,,b:1/x", 1, "it is empty"},
	{"a:1/x b:1/x", 0, NULL}, /* one entry, of an odd database */
	{"a:1/x,b:1/x,c/x", 2, NO_PORT},
	{"a:1/x,b:1/x,a:1/x", 2, TWICE},
	{"a:1/x,A:01/y", 1, TWICE},
	{"[::1]:1/x,[::1]:1/y", 1, TWICE},
	{"unix:/a/x,unix:/a/y", 1, TWICE},
	{"unix:/a/x,unix:/A/y", 0, NULL},
};

static void
test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		RfListenEntries entries;
		const char	   *wrong = rf_listen_parse(good[i].text, &entries);
		char			place[RF_LISTEN_PLACE] = "";

		if (good[i].place == NULL)
		{
			ok(wrong != NULL, "refused: %s", good[i].text);
			continue;
		}
		if (wrong == NULL && entries.n == 1)
			rf_listen_place(&entries.entry[0], place);
		ok(strcmp(place, good[i].place) == 0, "place in %s: %s", good[i].text,
		   wrong != NULL ? wrong : place);
		ok(strcmp(entries.entry[0].database, good[i].database) == 0, "and its database");
	}
}

static void
test_refusals(void)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
	{
		RfListenEntries entries;
		const Refusal  *refusal = &refusals[i];
		const char	   *wrong = rf_listen_parse(refusal->text, &entries);

		if (refusal->wrong == NULL)
		{
			ok(wrong == NULL, "taken: %s", refusal->text);
			continue;
		}
		ok(wrong != NULL && strcmp(wrong, refusal->wrong) == 0 && entries.n == refusal->n,
		   "refused after %d: %s: %s", entries.n, refusal->text, wrong != NULL ? wrong : "taken");
	}
}

static void
test_lists(void)
{
	RfListenEntries entries;
	char			text[RF_LISTEN_ENTRIES_MAX * 16 + 16] = "";
	size_t			length = 0;

	ok(rf_listen_parse("", &entries) == NULL && entries.n == 0, "nothing");
	ok(rf_listen_parse(" \t\n", &entries) == NULL && entries.n == 0, "nothing but spaces");
	ok(rf_listen_parse(" a:1/x ,\n unix:/b/y", &entries) == NULL && entries.n == 2, "two of them");
	ok(strcmp(entries.entry[0].database, "x") == 0 && !entries.entry[0].local, "the first");
	ok(strcmp(entries.entry[1].database, "y") == 0 && entries.entry[1].local, "and the other");
	for (int i = 1; i <= RF_LISTEN_ENTRIES_MAX; i++)
		length += snprintf(text + length, sizeof(text) - length, "%sa:%d/x", i > 1 ? "," : "", i);
	ok(rf_listen_parse(text, &entries) == NULL && entries.n == RF_LISTEN_ENTRIES_MAX,
	   "as many as there may be");
	snprintf(text + length, sizeof(text) - length, ",a:99/x");
	ok(rf_listen_parse(text, &entries) != NULL, "one more");
}

int
main(void)
{
	test_good();
	test_refusals();
	test_lists();
	return tap_done();
}
