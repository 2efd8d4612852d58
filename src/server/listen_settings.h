/*
 * listen_settings.h
 *	  Settings of the listener, which are defined with the others though only the
 *	  listener's own library uses them.
 */
#ifndef RF_LISTEN_SETTINGS_H
#define RF_LISTEN_SETTINGS_H

#include "postgres.h"

#include "delivery/address.h"

/* Processes for each entry. */
#define RF_LISTENERS_MAX 16

/* Only while the server starts: */
extern PGDLLEXPORT char *rf_listen;					/* see listen_entry.h */
extern PGDLLEXPORT int	 rf_listeners_wanted;		/* referral.listeners */
extern PGDLLEXPORT int	 rf_listen_max_connections; /* of one process */
extern PGDLLEXPORT int	 rf_listen_max_header;		/* bytes: request line and all headers */

/* At any time: */
extern PGDLLEXPORT int rf_listen_max_body; /* bytes */
extern PGDLLEXPORT int rf_listen_timeout;  /* ms */

/* Of one address, 0: no limit. Connections; requests a second. */
extern PGDLLEXPORT int rf_listen_max_connections_per_address;
extern PGDLLEXPORT int rf_listen_rate;

/* As rf_listen_parse_proxies() reads it. */
extern PGDLLEXPORT char *rf_trusted_proxies;

/* Level for ereport(); 0: not at all. */
extern PGDLLEXPORT int rf_log_requests;

/*
 * Read a list of networks as rf_address_parse_networks() does, among which the word
 * "unix" stands for whoever comes by unix socket. Returns NULL, or what is wrong
 * (static). May raise out of memory.
 */
extern PGDLLEXPORT const char *rf_listen_parse_proxies(const char *text, RfNetworks *networks,
													   bool *local);

#endif /* RF_LISTEN_SETTINGS_H */
