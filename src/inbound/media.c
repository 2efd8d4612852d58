/*
 * media.c
 *	  See media.h.
 */
#include "inbound/media.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A piece of the header's text. */
typedef struct Piece
{
	const char *start;
	size_t		length;
} Piece;

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

static Piece
trimmed(const char *start, const char *end)
{
	while (start < end && is_space(*start))
		start++;
	while (start < end && is_space(end[-1]))
		end--;
	return (Piece){start, end - start};
}

static bool
piece_is(Piece piece, const char *word)
{
	return piece.length == strlen(word) && strncasecmp(piece.start, word, piece.length) == 0;
}

static bool
piece_ends(Piece piece, const char *word)
{
	size_t length = strlen(word);

	return piece.length > length &&
		strncasecmp(piece.start + piece.length - length, word, length) == 0;
}

static Piece
unquoted(Piece piece)
{
	if (piece.length >= 2 && piece.start[0] == '"' && piece.start[piece.length - 1] == '"')
		return (Piece){piece.start + 1, piece.length - 2};
	return piece;
}

/* Is a parameter a charset, and another than UTF-8? */
static bool
is_other_charset(const char *start, const char *end)
{
	const char *equals = memchr(start, '=', end - start);
	Piece		value;

	if (equals == NULL || !piece_is(trimmed(start, equals), "charset"))
		return false;
	value = unquoted(trimmed(equals + 1, end));
	return !piece_is(value, "utf-8") && !piece_is(value, "utf8");
}

static RfMedia
media_of_type(Piece type)
{
	if (type.length == 0)
		return RF_MEDIA_NONE;
	if (piece_is(type, "application/x-www-form-urlencoded"))
		return RF_MEDIA_FORM;
	if (piece_is(type, "application/json") || piece_ends(type, "+json"))
		return RF_MEDIA_JSON;
	return RF_MEDIA_OTHER;
}

RfMedia
rf_media(const char *content_type)
{
	const char *at = content_type != NULL ? content_type : "";
	const char *end = at + strcspn(at, ";");
	RfMedia		media = media_of_type(trimmed(at, end));

	while (*end == ';')
	{
		at = end + 1;
		end = at + strcspn(at, ";");
		if (is_other_charset(at, end) && media != RF_MEDIA_OTHER)
			return RF_MEDIA_OTHER_CHARSET;
	}
	return media;
}
