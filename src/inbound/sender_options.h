/*
 * sender_options.h
 *	  The scheme "hmac": senders that sign in a way of their own, described by a
 *	  JSON object.
 */
#ifndef RF_SENDER_OPTIONS_H
#define RF_SENDER_OPTIONS_H

#include "utils/jsonb.h"

#include "inbound/sender.h"

/*
 * The scheme that options describe, palloc'd. Raises 22023 for what they cannot
 * be; NULL: there are none.
 */
extern const RfSenderScheme *rf_sender_options(Jsonb *options);

#endif /* RF_SENDER_OPTIONS_H */
