/*
 * visitor.h
 *	  Who follows links: people who are told apart for a day and never known.
 */
#ifndef RF_VISITOR_H
#define RF_VISITOR_H

#include "postgres.h"

#include "utils/date.h"

/* Bytes by which a visitor is told from others. */
#define RF_VISITOR_LENGTH 16

/* Today, in UTC, by the domain's clock. */
extern DateADT rf_visitor_day(void);

/*
 * What tells the visitor of an address with a browser from all others of that
 * day; either may be NULL. Writes the day's salt if there is none yet. Inside an
 * engine scope.
 */
extern void rf_visitor_hash(DateADT day, const char *address, const char *user_agent,
							uint8 visitor[RF_VISITOR_LENGTH]);

/*
 * Forget the salts of days that are over, and prepare tomorrow's. Returns how many
 * are forgotten. Inside an engine scope.
 */
extern int rf_visitor_salts_turn(void);

#endif /* RF_VISITOR_H */
