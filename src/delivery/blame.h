/*
 * blame.h
 *	  Whose fault is it that an exchange failed: the receiver's, or ours? Pure:
 *	  facts in, verdict out.
 *
 * What is our own fault costs no attempt, so only what no receiver can bring
 * about may be called that: else one could keep us trying for ever.
 */
#ifndef RF_BLAME_H
#define RF_BLAME_H

#include <curl/curl.h>

#include "delivery/retry.h"

/* How an exchange ended. */
typedef struct RfFacts
{
	CURLcode	code;
	int			status;			  /* of the answer; 0: none came */
	const char *forbidden;		  /* why an address was not dialled; NULL: it was */
	bool		connected;		  /* somebody was there */
	bool		unresolved;		  /* its host's name was still being looked up, or has none */
	bool		body_cut;		  /* we have read enough of it */
	bool		headers_too_long; /* we have read too much of them */
	bool		repeated;		  /* it was sent twice, and would have been again */
	bool		http2;			  /* was spoken */
	bool		http2_assumed;	  /* without having been agreed on */
	bool		proxied;
	bool		forwarded;	   /* the proxy was given the request, rather than asked for a tunnel */
	int			tunnel_status; /* what the proxy answered to CONNECT; 0: nothing */
	bool		proxy_refused; /* the proxy could not reach the receiver */

	/* About this machine. */
	int	 socket_errno;		/* why no socket could be made or watched; 0: one was */
	int	 connect_errno;		/* why it could not be connected; 0: it was */
	bool lacks_descriptors; /* now */
	bool lacks_memory;		/* now */
	bool has_network;		/* some address that others might reach */
	bool routed;			/* there is a way to where it was dialled, or to everywhere */
	bool names_resolve;		/* name servers answer */
} RfFacts;

typedef struct RfBlame
{
	RfFault		fault;
	const char *error_class; /* static; NULL: a 2xx */
	bool		everybody;	 /* with RF_FAULT_OWN: nobody can be reached */
	bool		doubtful;	 /* with RF_FAULT_OWN: theirs after all, if it goes on */
	bool		falls_back;	 /* HTTP/2 does not work there */
} RfBlame;

extern RfBlame rf_blame(const RfFacts *facts);

#endif /* RF_BLAME_H */
