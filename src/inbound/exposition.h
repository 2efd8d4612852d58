/*
 * exposition.h
 *	  Rows of figures in the text format of Prometheus, version 0.0.4.
 */
#ifndef RF_EXPOSITION_H
#define RF_EXPOSITION_H

#include "base/engine.h"
#include "lib/stringinfo.h"

/* Content type of the format. */
#define RF_EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/*
 * One column of a statement's rows. Measures of one family stand one after the
 * other; the first of them bears its type and help.
 */
typedef struct RfMeasure
{
	const char *name;
	const char *type;  /* gauge, counter or summary; NULL: belongs to the one before */
	const char *help;  /* without backslashes and line ends */
	const char *label; /* that sets it apart within its family, as it is written; or NULL */
} RfMeasure;

/*
 * Write what a statement returns. The first columns, of type text, are labels by
 * their names; each of the others, of type double precision, is a measure, and
 * nulls are left out. Inside an engine scope.
 */
extern void rf_exposition_write(StringInfo out, RfStatement *statement, const Datum *values,
								const RfMeasure *measures, int nmeasures);

#endif /* RF_EXPOSITION_H */
