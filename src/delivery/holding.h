/*
 * holding.h
 *	  The shares of webhooks that this process serves.
 *
 * The server's part says which to take and which to let go (handover.h); a
 * process that was told nothing holds none. What a process does not serve it
 * neither queues, nor sends, nor counts.
 */
#ifndef RF_HOLDING_H
#define RF_HOLDING_H

#include "delivery/share.h"

/* Serve these from now on. Nobody else does. */
extern void rf_holding_take(RfShareSet shares);

/* Begin nothing new for these. */
extern void rf_holding_leave(RfShareSet shares);

/* They are let go of: nothing of them is in memory. */
extern void rf_holding_drop(RfShareSet shares);

/* Those that are served: held, and not about to be let go of. */
extern RfShareSet rf_holding_served(void);

/* Those that are about to be let go of. */
extern RfShareSet rf_holding_leaving(void);

/* Is the webhook served? */
extern bool rf_holding_serves(int64_t webhook_id);

/* Does this process do what must be done once? */
extern bool rf_holding_is_keeper(void);

/* Those that were taken, and whose past was not looked at yet. */
extern RfShareSet rf_holding_fresh(void);
extern void		  rf_holding_note_looked(void);

#endif /* RF_HOLDING_H */
