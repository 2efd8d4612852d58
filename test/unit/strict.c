/* links: listener/strict.c */
/*
 * strict.c
 *	  Requests that could be read in two ways are read in none.
 */
#include <stdlib.h>
#include <string.h>

#include "listener/strict.h"
#include "tap.h"

typedef struct Case
{
	const char	*headers;
	size_t		 length; /* 0: up to the zero */
	bool		 http11;
	RfStrictness wanted;
} Case;

#define HOST "Host: shop.example\r\n"
#define ZERO HOST "Content-Length: 5\0\r\nx: y\r\n\r\n"

static const Case cases[] = {
	{HOST "\r\n", 0, true, RF_STRICT_FINE},
	{"\r\n", 0, false, RF_STRICT_FINE},
	{"\r\n", 0, true, RF_STRICT_NO_HOST},
	{"Accept: a\r\nhOST: b\r\nEmpty:\r\nBlank:  \t \r\n\r\n", 0, true, RF_STRICT_FINE},
	{HOST "Name: \xc3\xa4\r\n\r\n", 0, true, RF_STRICT_FINE},
	{HOST "Content-Length: 5\r\n\r\n", 0, true, RF_STRICT_FINE},
	{HOST "Transfer-Encoding: Chunked\r\n\r\n", 0, true, RF_STRICT_FINE},
	{HOST "Host: other\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Content-Length: 5, 5\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Content-Length: -5\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Content-Length: +5\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Content-Length: 0x5\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Content-Length:\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Content-Length: 99999999999999999999\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Transfer-Encoding: chunked\r\n\r\n", 0, false, RF_STRICT_BROKEN},
	{HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 0, true, RF_STRICT_ENCODING},
	{HOST "Transfer-Encoding: xchunked\r\n\r\n", 0, true, RF_STRICT_ENCODING},
	{HOST "Transfer-Encoding: identity\r\n\r\n", 0, true, RF_STRICT_ENCODING},
	{HOST "Content-Length : 5\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Na me: 5\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST ": 5\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "N\xc3\xa4me: 5\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Name: a\rb\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Name: a\x01\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Name: a\n\r\n", 0, true, RF_STRICT_BROKEN},
	{"Host: a\nName: b\r\n\r\n", 0, true, RF_STRICT_BROKEN},
	{HOST "Name: b\r\n\n", 0, true, RF_STRICT_BROKEN},
	{ZERO, sizeof(ZERO) - 1, true, RF_STRICT_BROKEN},
};

/* Where the line ends that stands there; *next: where the following one begins. */
static char *
line_end(char *line, char *limit, char **next)
{
	char *end = memchr(line, '\n', limit - line);

	*next = end + 1;
	*end = '\0';
	if (end > line && end[-1] == '\r')
		*--end = '\0';
	return end;
}

/* As libmicrohttpd 0.9 cuts a request up. */
static RfStrictness
judge(const Case *given, bool *body)
{
	size_t		 length = given->length ? given->length : strlen(given->headers);
	char		*headers = malloc(length + 1);
	char		*limit = headers + length;
	char		*next = headers;
	RfStrict	 strict;
	RfStrictness result;

	memcpy(headers, given->headers, length + 1);
	rf_strict_begin(&strict, headers);
	for (;;)
	{
		char *line = next;
		char *colon;
		char *value;

		if (line_end(line, limit, &next) == line)
			break;
		colon = strchr(line, ':');
		*colon = '\0';
		value = colon + 1;
		value += strspn(value, " \t");
		rf_strict_header(&strict, line, strlen(line), value, strlen(value));
	}
	result = rf_strict_end(&strict, next, given->http11);
	*body = rf_strict_body(&strict);
	free(headers);
	return result;
}

int
main(void)
{
	bool body;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(judge(&cases[i], &body) == cases[i].wanted, "case %d", (int) i);
	judge(&cases[0], &body);
	ok(!body, "no length, no body");
	judge(&cases[5], &body);
	ok(body, "a length");
	judge(&cases[6], &body);
	ok(body, "chunks");
	return tap_done();
}
