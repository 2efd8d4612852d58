/* links: inbound/sender.c inbound/sender_reading.c base/ed25519.c */
/* libraries: -lcrypto */
/*
 * sender.c
 *	  A signed message: a line with the scheme, lines of headers, an empty line, and
 *	  the body. Nobody who does not know the secret can sign.
 */
#include "fuzz.h"
#include "inbound/sender.h"

#define HEADERS_MAX 8

/* Seconds since 1970, which seeds know. */
#define NOW 1700000000

/* Take a line from the front; NULL: there is none. */
static char *
sender_line(char **text)
{
	char *line = *text;
	char *end = strchr(line, '\n');

	if (end == NULL)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return line;
}

static int
sender_headers(char **text, RfRequestHeader *headers)
{
	int	  n = 0;
	char *line;

	while (n < HEADERS_MAX && (line = sender_line(text)) != NULL && line[0] != '\0')
	{
		char *colon = strchr(line, ':');

		if (colon == NULL)
			continue;
		*colon = '\0';
		headers[n].name = line;
		headers[n++].value = colon + 1;
	}
	return n;
}

static void
sender_try(const RfSenderScheme *scheme, const RfSenderMessage *message)
{
	static const unsigned char secret[] = "a secret that no input knows";
	RfSenderKey				   keys[] = {{false, secret, sizeof(secret)}, {true, secret, 28}};
	RfSenderVerdict			   verdict;

	memset(&verdict, 'x', sizeof(verdict));
	keys[1].length = sizeof(secret);
	holds(!rf_sender_verify(scheme, keys, 2, message, &verdict));
	holds(memchr(verdict.reason, 0, sizeof(verdict.reason)) != NULL && verdict.reason[0] != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char				 *text = fuzz_string(bytes, length);
	char				 *rest = text;
	char				 *name = sender_line(&rest);
	const RfSenderScheme *scheme = name != NULL ? rf_sender_scheme(name) : NULL;
	RfRequestHeader		  headers[HEADERS_MAX];
	RfSenderMessage		  message = {headers, 0, NULL, 0, NOW};

	if (scheme != NULL)
	{
		message.nheaders = sender_headers(&rest, headers);
		message.body = rest;
		message.length = text + length - rest;
		sender_try(scheme, &message);
	}
	free(text);
	return 0;
}
