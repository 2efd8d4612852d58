/*
 * turn.h
 *	  The worker's transactions: short, one at a time, and never fatal.
 */
#ifndef RF_TURN_H
#define RF_TURN_H

#include "datatype/timestamp.h"

typedef enum RfTurnResult
{
	RF_TURN_DONE,	/* committed */
	RF_TURN_FAILED, /* rolled back; the error was logged */
	RF_TURN_ABSENT	/* the extension is not there */
} RfTurnResult;

/* Once per process: settings that all turns share. */
extern PGDLLEXPORT void rf_turn_start(void);

/*
 * Run "work" in a transaction of its own, inside an engine scope. An error
 * rolls it back and is logged, at most once a minute; FATAL ones pass. Commits
 * asynchronously: what is lost in a crash is done again.
 */
extern RfTurnResult rf_turn_run(const char *activity, void (*work)(void));

/* What made the same work fail three times in a row; NULL: nothing does. */
extern const char *rf_turn_trouble(void);

/* True at most once a minute for each "last", which starts as 0. */
extern bool rf_turn_may_log(TimestampTz *last);

#endif /* RF_TURN_H */
