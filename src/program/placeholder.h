/*
 * placeholder.h
 *	  The pieces of a string in which {{path}} may stand. Pure: no server, no
 *	  memory of its own; any bytes may be read.
 *
 *	  {{path}}		a placeholder; blanks around the path do not count
 *	  {{{{			the text {{
 *	  }}}}			the text }}
 *	  { or }		alone: itself
 *
 * All else with two braces is broken: one without its counterpart, one without a
 * path, and three in a row, which other template languages give a meaning of
 * their own.
 */
#ifndef RF_PLACEHOLDER_H
#define RF_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

typedef enum RfPieceKind
{
	RF_PIECE_TEXT,
	RF_PIECE_PLACEHOLDER,
	RF_PIECE_BROKEN, /* the rest of the string, whatever it is */
} RfPieceKind;

typedef struct RfPiece
{
	RfPieceKind kind;
	const char *start;	/* within the string: the text, or the path */
	size_t		length; /* never 0 */
	size_t		at;		/* where the piece begins in the string, braces included */
	const char *reason; /* static: what is broken; else NULL */
} RfPiece;

/* Where a reader stands. Begin with {string, length, 0}. */
typedef struct RfPieces
{
	const char *string; /* need not end with a zero byte */
	size_t		length;
	size_t		at;
} RfPieces;

/* The next piece; false at the end. A broken piece is the last one. */
extern bool rf_pieces_next(RfPieces *pieces, RfPiece *piece);

/* Is the string nothing but one placeholder? Then that is *piece. */
extern bool rf_pieces_is_one_placeholder(const char *string, size_t length, RfPiece *piece);

#endif /* RF_PLACEHOLDER_H */
