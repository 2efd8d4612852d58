/*
 * mapping.h
 *	  Other systems' payloads, read by jsonpaths that are rows of
 *	  rf_inbound_mapping.
 */
#ifndef RF_MAPPING_H
#define RF_MAPPING_H

#include "utils/jsonb.h"

#include "inbound/action.h"
#include "inbound/arguments.h"
#include "inbound/request.h"

typedef struct RfMapped
{
	RfAction	action;
	RfArguments arguments;
	char	   *message_id; /* what the payload says it is; NULL: nothing */
} RfMapped;

/*
 * Read a payload as the mapping of that name does: its rows in order, the first
 * whose condition holds. False if none does: the payload is about something
 * else. Raises 22023 if there is no such mapping, or if an amount in minor units
 * has no currency that is known. Inside an engine scope.
 */
extern bool rf_mapping_read(const char *mapping, Jsonb *payload, const RfRequest *request,
							RfMapped *mapped);

#endif /* RF_MAPPING_H */
