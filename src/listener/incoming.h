/*
 * incoming.h
 *	  A request while it comes in, and until its answer has left.
 *
 * Called from libmicrohttpd: raises no error, allocates by malloc, and says by a
 * ready answer what went wrong. A connection has one at a time and keeps its memory
 * for the next, unless that is much.
 */
#ifndef RF_INCOMING_H
#define RF_INCOMING_H

#include "postgres.h"

#include <netinet/in.h>
#include <microhttpd.h>

#include "listener/exchange.h"
#include "listener/outgoing.h"
#include "listener/peers.h"
#include "listener/strict.h"

/* More headers than that are not taken (431). */
#define RF_INCOMING_HEADERS 100

/* So much of a target that is none of ours is kept for the log. */
#define RF_INCOMING_SEEN 96

typedef enum RfStage
{
	RF_STAGE_IDLE,	  /* not even the whole first line is there */
	RF_STAGE_HEADERS, /* the first line is */
	RF_STAGE_BODY,	  /* the headers are */
	RF_STAGE_WHOLE,	  /* all of it: a round is to answer it */
	RF_STAGE_READY,	  /* the answer is known */
	RF_STAGE_LEAVING, /* and on its way */
} RfStage;

typedef struct RfBuffer
{
	char  *bytes; /* malloc'd; NULL: none yet */
	size_t size;
	size_t used;
} RfBuffer;

typedef struct RfIncoming
{
	RfStage				 stage;
	RfReady				 ready;	   /* what it will be answered without a round */
	struct MHD_Response *answer;   /* otherwise */
	int					 position; /* among those that are whole */
	RfExchange			 exchange;
	RfRoute				 route;
	RfMethod			 method;
	RfStrict			 strict;
	RfPeer				*client; /* NULL: without limits */
	char				 address[INET6_ADDRSTRLEN];
	RfBuffer			 text; /* target and names of headers */
	RfBuffer			 body;
	int					 nheaders;
	RfRequestHeader		 headers[RF_INCOMING_HEADERS];
	char				 seen[RF_INCOMING_SEEN];
} RfIncoming;

/* The first line is there. */
extern void rf_incoming_begin(RfIncoming *incoming, const char *target,
							  const char *address, TimestampTz now);

/*
 * All headers are: judge them, and gather them if the request is not refused. The
 * parts of the first line are where libmicrohttpd has them.
 */
extern void rf_incoming_headers(RfIncoming *incoming, struct MHD_Connection *from,
								const char *method, const char *target, const char *version);

/* It is not to be answered by a round but so. What was said first stays. */
extern void rf_incoming_refuse(RfIncoming *incoming, RfReady ready);

/*
 * Is it refused in a way that ends its connection? Its body is not wanted, or nobody
 * knows where it ends.
 */
extern bool rf_incoming_closes(const RfIncoming *incoming);

/* More of the body is. */
extern void rf_incoming_body(RfIncoming *incoming, const char *bytes, size_t length);

/* Nothing is missing any more: fill in what a round wants to know. */
extern void rf_incoming_whole(RfIncoming *incoming);

/* It was answered, or never will be. */
extern void rf_incoming_end(RfIncoming *incoming);

/* And its connection is closed. */
extern void rf_incoming_free(RfIncoming *incoming);

#endif /* RF_INCOMING_H */
