/*
 * join.h
 *	  Joining by a call instead of an INSERT.
 */
#ifndef RF_JOIN_H
#define RF_JOIN_H

#include "program/campaign.h"

/* Strings may be NULL, Datums 0. */
typedef struct RfJoinRequest
{
	const RfCampaign *campaign;
	const char		 *email;
	const char		 *name;
	const char		 *referred_by;
	const char		 *source;
	Datum			  ip;	/* inet */
	Datum			  meta; /* jsonb */
} RfJoinRequest;

typedef struct RfJoined
{
	int64 participant_id;
	char *code;
	char *state;
	char *link;	   /* NULL: the campaign has no page to lead to */
	bool  created; /* false: was there already */
} RfJoined;

/*
 * Join, or find who is there. Raises what the INSERT raises. Inside an engine
 * scope.
 */
extern RfJoined rf_join_person(const RfJoinRequest *request);

#endif /* RF_JOIN_H */
