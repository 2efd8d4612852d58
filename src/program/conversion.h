/*
 * conversion.h
 *	  A locked person converts, buys, or is taken back to pending: what that
 *	  writes, grants and tells. Whether it may happen is decided before.
 */
#ifndef RF_CONVERSION_H
#define RF_CONVERSION_H

#include "program/event.h"
#include "program/pair.h"
#include "program/settle.h"

/*
 * The person qualifies at that time, or buys something that counts (purchase
 * not NULL; it is written already), or both at once. Returns how many rewards
 * that granted. Inside an engine scope.
 */
extern int rf_convert(RfPair *pair, bool qualifies, const RfPurchase *purchase,
					  TimestampTz when);

/*
 * What rf_convert() settles: the pair shows the state after it, spending includes
 * the purchase. For those who only want to know.
 */
extern void rf_conversion_settle(RfSettlement *settlement, const RfPair *pair, bool qualifies,
								 const RfPurchase *purchase, RfSpending spending,
								 TimestampTz when);

/*
 * A qualified person is pending again. Returns how many rewards were taken
 * back. Events are added, not flushed. Inside an engine scope.
 */
extern int rf_unconvert(RfPair *pair, const char *reason, RfEventBatch *events);

#endif /* RF_CONVERSION_H */
