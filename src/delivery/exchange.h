/*
 * exchange.h
 *	  One HTTP exchange: libcurl's handle with our limits, and what came back.
 *	  Only for http.c.
 *
 * Buffers are fixed, so that no callback allocates; handles stay for the life
 * of the process and are used again.
 */
#ifndef RF_EXCHANGE_H
#define RF_EXCHANGE_H

#include <curl/curl.h>

#include "delivery/http.h"

typedef struct RfExchange
{
	CURL			  *easy;
	struct RfExchange *next; /* in the list of free ones */
	void			  *tag;
	const char		  *url;
	bool			   multiplexed;	  /* HTTP/2 may be spoken */
	bool			   http2_assumed; /* without having been agreed on */
	bool			   proxied;
	bool			   forwarded;	   /* by the proxy, without a tunnel */
	const char		  *forbidden_host; /* why a proxy must not dial it */
	bool			   resolving;	   /* counts as a look-up of a new host */
	int				   proxy_number;   /* of the proxy that the handle was told; see reach.h */
	struct curl_slist  headers[RF_HTTP_HEADERS_MAX + 1];

	/* How it went. */
	const char			   *forbidden;	  /* why an address was refused */
	int						socket_errno; /* why a socket could not be made or watched */
	bool					asked;		  /* for an address of its host */
	bool					dialled;	  /* so there was one */
	struct sockaddr_storage address;	  /* dialled last */
	int						sent;		  /* how often the request was */
	bool					starved;	  /* of descriptors */
	RfReply					reply;
	char					peer[64];
	char					error[CURL_ERROR_SIZE];
	RfHttpResult			result;
} RfExchange;

/* A request is sent once, and once more if a connection that was kept has died. */
#define RF_EXCHANGE_SENT_MAX 2

/* Shared by all exchanges of the process. */
extern int rf_exchange_sockets; /* open now */
extern int rf_exchange_lookups; /* of new hosts, under way */

/* A new exchange with its handle; NULL without memory. */
extern RfExchange *rf_exchange_create(void);

/* Make it ready for a request. False without memory. */
extern bool rf_exchange_prepare(RfExchange *exchange, const RfHttpRequest *request);

/* Its host needs no look-up, or that has ended. */
extern void rf_exchange_end_lookup(RfExchange *exchange);

/* It is over: fill in its result. "now" in ms. See exchange_result.c. */
extern void rf_exchange_finish(RfExchange *exchange, CURLcode code, int64_t now);

#endif /* RF_EXCHANGE_H */
