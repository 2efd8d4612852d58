/*
 * reach.h
 *	  What this worker may dial now, and through whom: the settings, the
 *	  addresses of this machine, and its limit of descriptors.
 *
 * For a worker process only. Nothing here allocates or raises errors where
 * libcurl's callbacks call it.
 */
#ifndef RF_REACH_H
#define RF_REACH_H

#include "delivery/address.h"

/* Look at the settings, and at the machine if that is long ago. "now" in ms. */
extern void rf_reach_refresh(int64_t now);

/* Look at the machine again at the next refresh. */
extern void rf_reach_doubt(void);

/* Why the address must not be dialled (static); NULL: it may. */
extern const char *rf_reach_forbidden(const struct sockaddr *address);

/* The same for a host that somebody else dials for us; NULL also for a name. */
extern const char *rf_reach_forbidden_host(const char *host);

/* Has this machine an address that others might reach? */
extern bool rf_reach_has_network(void);

/* Is there a way to the address, or a way out, which would lead there? */
extern bool rf_reach_has_route(const struct sockaddr *address);

/* The proxy's URL, NULL without one; its number changes when it does. */
extern const char *rf_reach_proxy(int *number);

/* How many sockets there can be, so that some descriptors are left for the server. */
extern int rf_reach_sockets_max(void);

#endif /* RF_REACH_H */
