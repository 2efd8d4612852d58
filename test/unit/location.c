/* links: inbound/location.c */
/*
 * location.c
 *	  What becomes of a URL in a header, and which URLs nobody is sent to.
 */
#include <string.h>

#include "inbound/location.h"
#include "tap.h"

typedef struct Case
{
	const char *url;
	const char *location; /* NULL: none */
} Case;

static const Case cases[] = {
	{"https://shop.example/?ref=ANN", "https://shop.example/?ref=ANN"},
	{"http://shop.example", "http://shop.example"},
	{"HtTpS://shop.example", "HtTpS://shop.example"},
	{"http://[2001:db8::1]:80/a;b,c!$&'()*+=~_-.:@%41#x", "http://[2001:db8::1]:80/a;b,c!$&'()*+=~_-.:@%41#x"},
	/* what is around it, and what breaks lines */
	{" \t\r\n\x01https://shop.example/ \x1f\n", "https://shop.example/"},
	{"https://shop.example/a\r\nX-Injected: 1\r\n\r\n<b>", "https://shop.example/aX-Injected:%201%3Cb%3E"},
	{"ht\ttps:/\n/shop.example", "https://shop.example"},
	/* what no URL contains */
	{"https://shop.example/\x01\x1f\x7f", "https://shop.example/%01%1F%7F"},
	{"https://shop.example/\x01x", "https://shop.example/%01x"},
	{"https://shop.example/ \"<>\\^`{|}", "https://shop.example/%20%22%3C%3E%5C%5E%60%7B%7C%7D"},
	{"https://sh\xc3\xb6p.example/\xe2\x82\xac", "https://sh%C3%B6p.example/%E2%82%AC"},
	{"https://\xc3\xb6.example", "https://%C3%B6.example"},
	{"https://shop.example/\xf6\xff", "https://shop.example/%F6%FF"},
	/* no place to be sent to */
	{"", NULL},
	{"   ", NULL},
	{"/welcome", NULL},
	{"//shop.example/", NULL},
	{"shop.example", NULL},
	{"javascript:alert(1)", NULL},
	{"java\nscript:alert(1)", NULL},
	{"\x01javascript:alert(1)", NULL},
	{"data:text/html,x", NULL},
	{"ftp://shop.example/", NULL},
	{"file:///etc/passwd", NULL},
	{"https:", NULL},
	{"https:/", NULL},
	{"https://", NULL},
	{"https:///path", NULL},
	{"https://?x", NULL},
	{"https://#x", NULL},
	{"https://:443/", NULL},
	{"https:\\\\shop.example", NULL},
	{"xhttps://shop.example/", NULL},
	{"http", NULL},
	{"%68ttp://shop.example/", NULL},
};

/* "https://shop.example/" and n times the same byte. */
static const char *
long_url(char c, size_t length)
{
	static char		  url[2 * RF_LOCATION_MAX];
	static const char base[] = "https://shop.example/";

	memset(url, c, sizeof(url));
	memcpy(url, base, sizeof(base) - 1);
	url[length] = '\0';
	return url;
}

int
main(void)
{
	char location[RF_LOCATION_MAX + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case *c = &cases[i];
		bool		written = rf_location_write(c->url, location);

		ok(written == (c->location != NULL) && (!written || strcmp(location, c->location) == 0),
		   "case %d", (int) i);
	}
	ok(rf_location_write(long_url('x', RF_LOCATION_MAX), location) &&
		   strlen(location) == RF_LOCATION_MAX,
	   "the longest");
	ok(!rf_location_write(long_url('x', RF_LOCATION_MAX + 1), location), "one byte more");
	ok(!rf_location_write(long_url('<', RF_LOCATION_MAX / 2), location), "longer when it is encoded");
	return tap_done();
}
