/*
 * calling.h
 *	  One call on its way: understood, recognized if it was made before, done.
 */
#ifndef RF_CALLING_H
#define RF_CALLING_H

#include "utils/jsonb.h"

#include "inbound/body.h"
#include "inbound/message.h"
#include "inbound/request.h"
#include "inbound/token.h"

/* What all calls of a request have in common. */
typedef struct RfCaller
{
	const RfRequest *request;
	RfToken			 token;
	bool			 has_action; /* false: the mapping decides */
	RfAction		 action;	 /* of the path */
	char			*message_id; /* what the sender calls the request; NULL: nothing */
	RfBody			 body;
} RfCaller;

/* How far a call came. */
typedef enum RfCallPhase
{
	RF_CALL_ADMITTED,
	RF_CALL_READING, /* what does it say? */
	RF_CALL_NAMING,	 /* was it said before? */
	RF_CALL_DOING
} RfCallPhase;

/* The request's one call, or one of a batch. */
typedef struct RfCalling
{
	const RfCaller *caller;
	RfResponse	   *response; /* status 0: not answered yet */
	int				position; /* in a batch, from 1; 0: alone */
	RfCallPhase		phase;
	RfAction		action;
	RfArguments		arguments;
	RfMessage		message; /* id NULL: it has no name */
} RfCalling;

/* Are calls read by the token's mapping? What only reads bears our names. */
static inline bool
rf_caller_is_mapped(const RfCaller *caller)
{
	return caller->token.mapping != NULL &&
		!(caller->has_action && caller->action == RF_ACTION_PARTICIPANT);
}

/* Is the token made for that? */
static inline bool
rf_caller_may(const RfCaller *caller, RfAction action)
{
	return (caller->token.actions & (1u << action)) != 0;
}

/*
 * Fill the response; what is refused may be raised as well. In the unit of the call,
 * inside an engine scope.
 */
extern void rf_calling_serve(RfCalling *calling);

/* Fill the response with what the error of the call's unit means. */
extern void rf_calling_failed(RfCalling *calling, const ErrorData *error);

/*
 * Is it to be kept, now that it has failed? Its sender is told nothing of people who
 * are held, but once they are released they want to be credited.
 */
extern bool rf_calling_is_kept(const RfCalling *calling, const ErrorData *error);

#endif /* RF_CALLING_H */
