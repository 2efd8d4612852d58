/*
 * listen_entry.h
 *	  What referral.listen says. Pure: values in, values out.
 *
 * An entry is a place to listen on and the database that is served there:
 * host:port/database, [::1]:port/database, *:port/database (all addresses) or
 * unix:/path/of/socket/database. In paths and names of databases %2C is a comma, and
 * so on, as in URLs.
 */
#ifndef RF_LISTEN_ENTRY_H
#define RF_LISTEN_ENTRY_H

#include <stdbool.h>

#define RF_LISTEN_ENTRIES_MAX 64

/* Bytes, the terminating zero included; that of databases is the server's own. */
#define RF_LISTEN_HOST	   256
#define RF_LISTEN_DATABASE 64
#define RF_LISTEN_PLACE	   (RF_LISTEN_HOST + 16)

typedef struct RfListenEntry
{
	bool local;				   /* a unix socket */
	char host[RF_LISTEN_HOST]; /* without brackets; "*"; of a unix socket its path */
	int	 port;				   /* 0 of a unix socket */
	char database[RF_LISTEN_DATABASE];
} RfListenEntry;

typedef struct RfListenEntries
{
	int			  n;
	RfListenEntry entry[RF_LISTEN_ENTRIES_MAX];
} RfListenEntries;

/*
 * Read a list of entries, separated by commas. Returns NULL, or what is wrong
 * (static) with the entry that follows the entries->n good ones.
 */
extern const char *rf_listen_parse(const char *text, RfListenEntries *entries);

/* The entry as it would be written, without its database: host:port, path of the socket. */
extern void rf_listen_place(const RfListenEntry *entry, char place[RF_LISTEN_PLACE]);

#endif /* RF_LISTEN_ENTRY_H */
