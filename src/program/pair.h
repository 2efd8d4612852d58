/*
 * pair.h
 *	  A person and who invited them, locked: what purchases, qualifications,
 *	  refunds and reviews decide on.
 *
 * The two, and the people above them as far as a rule of the campaign pays up
 * the tree, are locked by one statement in ascending order of id. referrer_id
 * never changes, so it may be read before the lock; everything else is read
 * after it. All functions need an engine scope.
 */
#ifndef RF_PAIR_H
#define RF_PAIR_H

#include "program/campaign.h"
#include "program/person.h"
#include "program/refusal.h"

typedef struct RfPair
{
	const RfCampaign *campaign;
	RfPerson		  invited;
	RfPerson		  referrer; /* id 0: the person joined on their own */
} RfPair;

/*
 * Find and lock an invited person with their referrer. Refused (false) if the
 * key is unknown, RF002, or belongs to somebody who joined on their own, RF004.
 * An e-mail is looked for in one campaign; a code or coupon in that campaign only,
 * if it is not 0. A coupon is the person's to whom it was given as a reward.
 */
extern bool rf_pair_lock_by_code(RfPair *pair, int64 campaign_id, const char *code,
								 RfRefusal *refusal);
extern bool rf_pair_lock_by_email(RfPair *pair, int64 campaign_id, const char *email,
								  RfRefusal *refusal);
extern bool rf_pair_lock_by_coupon(RfPair *pair, int64 campaign_id, const char *coupon,
								   RfRefusal *refusal);

/* Anybody, invited or not. Raises 42704 if there is none. */
extern void rf_pair_lock_by_id(RfPair *pair, int64 participant_id);

/* NULL: the person joined on their own. */
extern const RfPerson *rf_pair_referrer(const RfPair *pair);

/*
 * May this person convert at that time? Not if they are held or blocked
 * (RF006), nor if the campaign is neither live nor paused then (RF001).
 */
extern bool rf_pair_is_open(const RfPair *pair, TimestampTz when, RfRefusal *refusal);

/*
 * The window in which the person can qualify, start <= t < end; without one,
 * DT_NOBEGIN and DT_NOEND.
 */
extern TimestampTz rf_pair_window_start(const RfPair *pair);
extern TimestampTz rf_pair_window_end(const RfPair *pair);
extern bool		   rf_pair_in_window(const RfPair *pair, TimestampTz when);

/* The same as a check, RF007. */
extern bool rf_pair_check_window(const RfPair *pair, TimestampTz when, RfRefusal *refusal);

/* Write states, qualified_at and counts as the pair shows them. */
extern void rf_pair_write(const RfPair *pair);

#endif /* RF_PAIR_H */
