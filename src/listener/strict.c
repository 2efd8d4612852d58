/*
 * strict.c
 *	  See strict.h.
 */
#include <string.h>
#include <strings.h>

#include "listener/strict.h"

#define LINE_END 2 /* \r\n */

/* Longer numbers than any length that would be taken. */
#define DIGITS_MAX 18

void
rf_strict_begin(RfStrict *strict, const char *next)
{
	memset(strict, 0, sizeof(RfStrict));
	strict->next = next;
}

/* What RFC 9110 calls a token. */
static bool
strict_token(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = name[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL)
			return false;
	}
	return length > 0;
}

static bool
strict_text(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = value[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool
strict_length(const char *value, size_t length, uint64_t *number)
{
	if (length == 0 || length > DIGITS_MAX)
		return false;
	*number = 0;
	for (size_t i = 0; i < length; i++)
	{
		if (value[i] < '0' || value[i] > '9')
			return false;
		*number = *number * 10 + (value[i] - '0');
	}
	return true;
}

static bool
strict_is(const char *name, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

void
rf_strict_header(RfStrict *strict, const char *name, size_t name_length,
				 const char *value, size_t value_length)
{
	if (strict->next != NULL)
	{
		strict->broken |= name != strict->next;
		strict->next = value + value_length + LINE_END;
	}
	if (!strict_token(name, name_length) || !strict_text(value, value_length))
		strict->broken = true;
	if (strict_is(name, name_length, "host"))
		strict->hosts++;
	else if (strict_is(name, name_length, "content-length"))
	{
		strict->lengths++;
		strict->broken |= !strict_length(value, value_length, &strict->length);
	}
	else if (strict_is(name, name_length, "transfer-encoding"))
	{
		strict->encodings++;
		strict->chunked = strict_is(value, value_length, "chunked");
	}
}

RfStrictness
rf_strict_end(const RfStrict *strict, const char *end, bool http11)
{
	bool gap = strict->next != NULL && strict->next + LINE_END != end;

	if (strict->broken || gap || strict->hosts > 1 || strict->lengths > 1 ||
		strict->encodings > 1 || (strict->encodings > 0 && (strict->lengths > 0 || !http11)))
		return RF_STRICT_BROKEN;
	if (http11 && strict->hosts == 0)
		return RF_STRICT_NO_HOST;
	if (strict->encodings > 0 && !strict->chunked)
		return RF_STRICT_ENCODING;
	return RF_STRICT_FINE;
}

bool
rf_strict_body(const RfStrict *strict)
{
	return strict->encodings > 0 || strict->length > 0;
}
