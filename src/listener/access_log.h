/*
 * access_log.h
 *	  A line in the server's log for each request, if referral.log_requests says so.
 *
 * Tokens are secret: of a call's path the token is never shown, nor is any query,
 * and of paths that are none of ours nothing that is long enough to be a token.
 */
#ifndef RF_ACCESS_LOG_H
#define RF_ACCESS_LOG_H

#include "postgres.h"

#include "listener/incoming.h"

/*
 * Note a request that is over; status 0: it was never answered. May be called from
 * libmicrohttpd: if there is no memory, the line is lost.
 */
extern void rf_access_log_note(const RfIncoming *incoming, int status, TimestampTz now);

/* Write what was noted. */
extern void rf_access_log_write(void);

#endif /* RF_ACCESS_LOG_H */
