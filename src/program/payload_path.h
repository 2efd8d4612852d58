/*
 * payload_path.h
 *	  What formats of the user's choice show: values of the standard payload,
 *	  named by paths such as "participant.email".
 */
#ifndef RF_PAYLOAD_PATH_H
#define RF_PAYLOAD_PATH_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

/* A standard payload that was read, and what it does not say of its event. */
typedef struct RfPayload
{
	Jsonb	   *standard;
	const char *message_id;
} RfPayload;

/* Is there such a path? Below "meta" any path is. */
extern bool rf_payload_path_is_known(const char *path);

/* Some of them, for hints. */
#define RF_PAYLOAD_PATHS_HINT \
	"Paths look like \"participant.email\", \"referrer.name\", \"reward.amount\" or \"event.id\"."

extern RfPayload rf_payload_read(const char *standard, const char *message_id);

/*
 * The value at a path: false if there is none, or null. The path need not end
 * with a zero byte; elements of arrays are numbered from 0. What *value points to
 * is the payload's.
 */
extern bool rf_payload_value(const RfPayload *payload, const char *path, int length,
							 JsonbValue *value);

/* Strings bare, the rest as JSON. */
extern void rf_payload_append_text(StringInfo out, JsonbValue *value);

extern void rf_payload_append_json(StringInfo out, JsonbValue *value);

#endif /* RF_PAYLOAD_PATH_H */
