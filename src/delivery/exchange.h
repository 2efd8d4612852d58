/*
 * exchange.h
 *	  One HTTP exchange: libcurl's handle with our limits, and what is kept of
 *	  the answer. Only for http.c.
 *
 * Buffers are fixed, so that no callback allocates; handles stay for the life
 * of the process and are used again.
 */
#ifndef RF_EXCHANGE_H
#define RF_EXCHANGE_H

#include <curl/curl.h>

#include "delivery/address.h"
#include "delivery/http.h"

typedef struct RfExchange
{
	CURL			  *easy;
	struct RfExchange *next; /* in the list of free ones */
	void			  *tag;
	bool			   resolving; /* counts as a look-up of a new host */
	struct curl_slist  headers[RF_HTTP_HEADERS_MAX + 1];

	/* What came back. */
	const char	*forbidden;	   /* why an address was refused */
	int			 socket_errno; /* why a socket could not be made */
	bool		 header_too_long;
	bool		 body_cut; /* more than we read: enough is enough */
	size_t		 header_bytes;
	size_t		 body_bytes;
	int			 response_length;
	char		 response[RF_HTTP_RESPONSE_KEPT];
	char		 retry_after[64];
	char		 peer[64];
	char		 error[CURL_ERROR_SIZE];
	RfHttpResult result;
} RfExchange;

/* Shared by all exchanges of the process. */
extern RfNetworks rf_exchange_allowed;
extern RfNetworks rf_exchange_local;
extern int		  rf_exchange_sockets; /* open now */
extern int		  rf_exchange_lookups; /* of new hosts, under way */

/* A new exchange with its handle; NULL without memory. */
extern RfExchange *rf_exchange_create(void);

/* Make it ready for a request. False without memory. */
extern bool rf_exchange_prepare(RfExchange *exchange, const RfHttpRequest *request);

/* It is over: fill in its result. */
extern void rf_exchange_finish(RfExchange *exchange, CURLcode code);

#endif /* RF_EXCHANGE_H */
