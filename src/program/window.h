/*
 * window.h
 *	  The time in which an invited person can qualify, and its end.
 *
 * rf_window has a row for each person who can still expire: pending, in a
 * campaign with qualify_within. That a qualification comes too late is decided
 * by the campaign and joined_at alone; the rows serve to find those whose time
 * is over, without looking at everybody.
 */
#ifndef RF_WINDOW_H
#define RF_WINDOW_H

#include "program/campaign.h"
#include "program/person.h"

/*
 * Before looking at campaigns in order to open windows: until the end of the
 * transaction nobody changes how long they last. Inside an engine scope.
 */
extern void rf_windows_lock(void);

/* Does somebody who joins this campaign with a code have a window? */
static inline bool
rf_window_matters(const RfCampaign *campaign)
{
	return campaign->qualify_within != NULL;
}

/*
 * First instant at which the person can qualify no more; DT_NOEND: they always
 * can.
 */
extern TimestampTz rf_window_end(const RfCampaign *campaign, const RfPerson *person);

/*
 * These people joined, or are pending again: open the windows of those who have
 * one. Inside an engine scope, with the people locked.
 */
extern void rf_windows_open(const RfPerson *people, int npeople);

/*
 * This person's state has changed: who is pending can expire, others cannot.
 * Inside an engine scope, with the person locked.
 */
extern void rf_window_follow(const RfPerson *person);

/*
 * Open the windows of all who have none and should: of rows that a dump of 0.1.0
 * brought, which knew no windows. Inside an engine scope.
 */
extern void rf_windows_open_missing(void);

/*
 * Make those expired whose windows are over, at most RF_BATCH. Returns how
 * many. Inside an engine scope.
 */
extern int rf_windows_expire(void);

#endif /* RF_WINDOW_H */
