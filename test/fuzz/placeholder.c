/* links: program/placeholder.c */
/*
 * placeholder.c
 *	  A string of a template, in which somebody wrote {{path}}.
 */
#include "fuzz.h"
#include "program/placeholder.h"

/* Pieces are parts of the string, one behind the other. */
static void
placeholder_pieces(const char *string, size_t length)
{
	RfPieces	pieces = {string, length, 0};
	RfPiece		piece;
	const char *end = string;
	bool		broken = false;

	while (rf_pieces_next(&pieces, &piece))
	{
		holds(!broken);
		broken = piece.kind == RF_PIECE_BROKEN;
		holds(piece.length > 0 && piece.start >= end && piece.at < length);
		holds(piece.start + piece.length <= string + length && pieces.at <= length);
		holds(broken == (piece.reason != NULL));
		if (piece.kind == RF_PIECE_PLACEHOLDER)
		{
			holds(memchr(piece.start, '{', piece.length) == NULL);
			holds(memchr(piece.start, '}', piece.length) == NULL);
			holds(piece.start[0] != ' ' && piece.start[piece.length - 1] != ' ');
		}
		end = piece.start + piece.length;
	}
	holds(pieces.at == length);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	/* Exactly as long: no zero follows. */
	char   *string = malloc(length > 0 ? length : 1);
	RfPiece piece;

	memcpy(string, bytes, length);
	placeholder_pieces(string, length);
	if (rf_pieces_is_one_placeholder(string, length, &piece))
		holds(piece.length + 4 <= length && string[0] == '{' && string[length - 1] == '}');
	free(string);
	return 0;
}
