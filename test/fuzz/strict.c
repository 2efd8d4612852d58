/* links: listener/strict.c */
/*
 * strict.c
 *	  Headers of a request, cut up as libmicrohttpd cuts them: of those that pass a
 *	  proxy can have understood nothing else.
 */
#include "fuzz.h"
#include "listener/strict.h"

typedef struct StrictSeen
{
	int hosts;
	int lengths;
	int encodings;
} StrictSeen;

static bool
strict_name_is(const char *name, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

/* One line, without its end. */
static void
strict_line(RfStrict *strict, const char *line, size_t length, StrictSeen *seen)
{
	const char *colon = memchr(line, ':', length);
	size_t		name_length = colon != NULL ? (size_t) (colon - line) : length;
	const char *value = colon != NULL ? colon + 1 : line + length;

	while (value < line + length && (*value == ' ' || *value == '\t'))
		value++;
	rf_strict_header(strict, line, name_length, value, line + length - value);
	seen->hosts += strict_name_is(line, name_length, "host");
	seen->lengths += strict_name_is(line, name_length, "content-length");
	seen->encodings += strict_name_is(line, name_length, "transfer-encoding");
}

/* Where the line ends, with \r\n or, as libmicrohttpd lets pass, without \r. */
static const char *
strict_end_of_line(const char *at, const char *end, size_t *length)
{
	const char *newline = memchr(at, '\n', end - at);

	if (newline == NULL)
		return NULL;
	*length = newline - at - (newline > at && newline[-1] == '\r');
	return newline + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char	   *text = fuzz_string(bytes, length);
	const char *at = text;
	const char *next;
	size_t		line;
	RfStrict	strict;
	StrictSeen	seen = {0, 0, 0};

	rf_strict_begin(&strict, at);
	while ((next = strict_end_of_line(at, text + length, &line)) != NULL && line > 0)
	{
		strict_line(&strict, at, line, &seen);
		at = next;
	}
	if (next != NULL && rf_strict_end(&strict, next, true) == RF_STRICT_FINE)
	{
		holds(seen.hosts == 1 && seen.lengths + seen.encodings <= 1);
		holds(memchr(text, '\0', next - text) == NULL);
		for (const char *c = text; c < next; c++)
			holds(*c != '\n' || (c > text && c[-1] == '\r'));
		holds(rf_strict_body(&strict) == (strict.chunked || strict.length > 0));
	}
	free(text);
	return 0;
}
