/*
 * parking.h
 *	  Deliveries that move from the outbox to rf_retry without having been
 *	  tried: their webhook is not enabled, their first attempt has a delay, or
 *	  memory has no room for them.
 */
#ifndef RF_PARKING_H
#define RF_PARKING_H

#include "datatype/timestamp.h"

#include "delivery/delivery.h"
#include "delivery/share.h"

/* How many more may be added before they are written. */
extern int rf_parking_room(void);

/* next_at: when to try; DT_NOEND: when the webhook is enabled. */
extern void rf_parking_add(int64 webhook_id, const RfDelivery *delivery, TimestampTz next_at);
extern int	rf_parking_count(void);

/* Write them, in a turn. */
extern void rf_parking_write(void);

/* That turn committed. */
extern void rf_parking_confirm(void);

/* Of whose webhooks are they? */
extern RfShareSet rf_parking_shares(void);

/* Forget them: reading starts over. */
extern void rf_parking_reset(void);

#endif /* RF_PARKING_H */
