/*
 * newcomers.h
 *	  The new rows of rf_participant, as the trigger of a statement reads them:
 *	  more than once, and with other statements in between.
 */
#ifndef RF_NEWCOMERS_H
#define RF_NEWCOMERS_H

#include "program/campaign.h"
#include "program/person.h"
#include "utils/tuplestore.h"

typedef struct RfNewcomers
{
	Tuplestorestate *rows;
	int				 pointer;
	TupleTableSlot	*slot;
	RfPersonMap		 map;
} RfNewcomers;

extern void rf_newcomers_start(RfNewcomers *newcomers, Tuplestorestate *rows, TupleDesc tupdesc);
extern void rf_newcomers_end(RfNewcomers *newcomers);

/* Start again before the first one. */
extern void rf_newcomers_rewind(RfNewcomers *newcomers);

/* Go on to the next one; false: there is none. Allocates nothing. */
extern bool rf_newcomers_next(RfNewcomers *newcomers);

/* Of the one at hand, without memory of its own. */
extern int64		 rf_newcomers_referrer(RfNewcomers *newcomers); /* 0: none */
extern RfPersonState rf_newcomers_state(RfNewcomers *newcomers);

/* Inside an engine scope. */
extern const RfCampaign *rf_newcomers_campaign(RfNewcomers *newcomers);

#endif /* RF_NEWCOMERS_H */
