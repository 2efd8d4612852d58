/*
 * fulfilment.h
 *	  Rewards that are given by whoever is told of them: webhooks with "fulfills".
 *
 * A 2xx to reward.issued fulfills the reward, with the webhook-id as the
 * reference; a dead delivery fails it, with the last error as the reason. What is
 * not issued any more stays as it is.
 */
#ifndef RF_FULFILMENT_H
#define RF_FULFILMENT_H

#include "postgres.h"

/*
 * Write down, with the attempts themselves, what became of deliveries: arrays of
 * their ids (bigint[]), their events (bigint[]) and their last errors (text[]).
 * No reward is locked. Inside an engine scope.
 */
extern void rf_fulfilments_note(Datum delivery_ids, Datum event_ids, bool ok, Datum errors);

/* Was something noted in this process since we were asked last? */
extern bool rf_fulfilments_were_noted(void);

/*
 * Tell the rewards what was noted, at most RF_BATCH; people who are locked are
 * left to the next time. Returns how many. Inside an engine scope.
 */
extern int rf_fulfilments_take(void);

#endif /* RF_FULFILMENT_H */
