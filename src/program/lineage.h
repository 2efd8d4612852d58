/*
 * lineage.h
 *	  Who stands above a referrer in the tree.
 */
#ifndef RF_LINEAGE_H
#define RF_LINEAGE_H

#include "program/happening.h"

/* The referrer's referrer, theirs, and so on. */
typedef struct RfLineage
{
	bool	  is_read;
	int		  n;
	RfPerson *people;
} RfLineage;

/*
 * Read at most nlevels people above the happening's referrer, unless it was
 * done before. Stops where somebody would come twice. Inside an engine scope.
 */
extern void rf_lineage_read(RfLineage *lineage, const RfHappening *happening, int nlevels);

#endif /* RF_LINEAGE_H */
