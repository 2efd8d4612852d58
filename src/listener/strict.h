/*
 * strict.h
 *	  Requests that could be read in two ways are read in none. Pure.
 *
 * A proxy before us and libmicrohttpd behind it must agree where one request ends
 * and the next begins, else somebody smuggles a request past the proxy. What
 * libmicrohttpd lets pass, releases before 1.0 above all, is found here: two lengths,
 * a length beside an encoding, an encoding that it does not know and would read to
 * the end of the connection, lines that are continued on the next one, lines that end
 * in a bare newline, zero bytes, blanks before the colon.
 *
 * Those releases cut a request up in the buffer it was read into, so lines that
 * follow each other as they should leave no gap between them.
 */
#ifndef RF_STRICT_H
#define RF_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct RfStrict
{
	const char *next; /* where the next line is to begin; NULL: not known */
	bool		broken;
	int			hosts;
	int			lengths;
	int			encodings;
	bool		chunked;
	uint64_t	length; /* as it was announced; 0: it was not */
} RfStrict;

typedef enum RfStrictness
{
	RF_STRICT_FINE,
	RF_STRICT_BROKEN,	/* 400 */
	RF_STRICT_NO_HOST,	/* 400 */
	RF_STRICT_ENCODING, /* 501 */
} RfStrictness;

/* Before the first header; "next" is where it is to begin, NULL if that tells nothing. */
extern void rf_strict_begin(RfStrict *strict, const char *next);

extern void rf_strict_header(RfStrict *strict, const char *name, size_t name_length,
							 const char *value, size_t value_length);

/* After the last header; "end" is where the body is to begin. */
extern RfStrictness rf_strict_end(const RfStrict *strict, const char *end, bool http11);

/* Is there a body to be read? */
extern bool rf_strict_body(const RfStrict *strict);

#endif /* RF_STRICT_H */
