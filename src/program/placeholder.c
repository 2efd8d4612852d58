/*
 * placeholder.c
 *	  See placeholder.h.
 *
 * In every server encoding the bytes of "{", "}" and " " stand for nothing else,
 * so bytes are compared, whatever the encoding.
 */
#include "program/placeholder.h"

/* How often a character stands in a row here, at most four times. */
static size_t
run_of(const RfPieces *pieces, size_t at, char character)
{
	size_t n = 0;

	while (n < 4 && at + n < pieces->length && pieces->string[at + n] == character)
		n++;
	return n;
}

/* Set the piece to what stands from there to there, and go on after it. */
static bool
take(RfPieces *pieces, RfPiece *piece, RfPieceKind kind, size_t start, size_t end)
{
	piece->kind = kind;
	piece->start = pieces->string + start;
	piece->length = end - start;
	piece->at = pieces->at;
	piece->reason = NULL;
	pieces->at = end;
	return true;
}

static bool
take_broken(RfPieces *pieces, RfPiece *piece, const char *reason)
{
	take(pieces, piece, RF_PIECE_BROKEN, pieces->at, pieces->length);
	piece->reason = reason;
	return true;
}

/* Four braces: two of them are text. */
static bool
take_doubled(RfPieces *pieces, RfPiece *piece)
{
	take(pieces, piece, RF_PIECE_TEXT, pieces->at, pieces->at + 2);
	pieces->at += 2;
	return true;
}

static bool
take_placeholder(RfPieces *pieces, RfPiece *piece)
{
	const char *string = pieces->string;
	size_t		start = pieces->at + 2;
	size_t		end = start;
	size_t		next;

	while (end < pieces->length && string[end] != '{' && string[end] != '}')
		end++;
	if (run_of(pieces, end, '}') < 2)
		return take_broken(pieces, piece, end < pieces->length && string[end] == '{' ? "a brace within a placeholder" : "\"{{\" without \"}}\"");
	next = end + 2;
	while (start < end && string[start] == ' ')
		start++;
	while (start < end && string[end - 1] == ' ')
		end--;
	if (start == end)
		return take_broken(pieces, piece, "a placeholder without a path");
	take(pieces, piece, RF_PIECE_PLACEHOLDER, start, end);
	pieces->at = next;
	return true;
}

/* Text goes on until two braces of a kind stand together. */
static size_t
end_of_text(const RfPieces *pieces)
{
	size_t at = pieces->at;

	while (at < pieces->length && run_of(pieces, at, '{') < 2 && run_of(pieces, at, '}') < 2)
		at++;
	return at;
}

bool
rf_pieces_next(RfPieces *pieces, RfPiece *piece)
{
	size_t opening = run_of(pieces, pieces->at, '{');
	size_t closing = run_of(pieces, pieces->at, '}');

	if (pieces->at >= pieces->length)
		return false;
	if (opening == 4 || closing == 4)
		return take_doubled(pieces, piece);
	if (opening == 3)
		return take_broken(pieces, piece, "three braces in a row");
	if (opening == 2)
		return take_placeholder(pieces, piece);
	if (closing >= 2)
		return take_broken(pieces, piece, "\"}}\" without \"{{\"");
	return take(pieces, piece, RF_PIECE_TEXT, pieces->at, end_of_text(pieces));
}

bool
rf_pieces_is_one_placeholder(const char *string, size_t length, RfPiece *piece)
{
	RfPieces pieces = {string, length, 0};

	return rf_pieces_next(&pieces, piece) && piece->kind == RF_PIECE_PLACEHOLDER &&
		pieces.at == length;
}
