/*
 * request.h
 *	  A call as it came in and the answer to it, free of HTTP's mechanics: the
 *	  listener and rf_inbound() both speak it.
 */
#ifndef RF_REQUEST_H
#define RF_REQUEST_H

#include "postgres.h"

#include "inbound/header.h"

/* Nothing in it is trusted: no encoding is checked yet. Owned by the caller. */
typedef struct RfRequest
{
	const char			  *token;
	const char			  *action;		 /* last part of the path; "": the token's mapping decides */
	const char			  *content_type; /* NULL: none was given */
	const char			  *body;		 /* need not end with a zero */
	size_t				   length;
	const char			  *query; /* after the "?", still encoded; NULL: none */
	const RfRequestHeader *headers;
	int					   nheaders;
	bool				   reads; /* GET: only calls that change nothing */
} RfRequest;

/* The value of a header, the first if there are several; NULL: not given. */
extern const char *rf_request_header(const RfRequest *request, const char *name);

typedef struct RfResponse
{
	int	  status;	   /* of HTTP */
	char *body;		   /* JSON in UTF-8, palloc'd */
	bool  problem;	   /* application/problem+json (RFC 9457) rather than application/json */
	int	  retry_after; /* seconds; 0: no such header */
	int64 token_id;	   /* whose call it was; 0: nobody's we know */
	char  sqlstate[6]; /* of a refusal; "": none. It outlives the body: logs show it */
} RfResponse;

/*
 * Do work(arg) as a unit, inside an engine scope: all of it is kept, or an error is
 * returned, palloc'd in the caller's context, and none of it is. rf_inbound() takes
 * a savepoint, the listener a transaction, which it refuses to begin when the time
 * for the request is over. The work minds its memory context itself; the unit logs
 * what is not the caller's fault.
 */
typedef ErrorData *(*RfUnit)(void (*work)(void *arg), void *arg);

#endif /* RF_REQUEST_H */
