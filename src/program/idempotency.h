/*
 * idempotency.h
 *	  Calls that may be repeated: the same key gets the first answer.
 */
#ifndef RF_IDEMPOTENCY_H
#define RF_IDEMPOTENCY_H

#include "utils/jsonb.h"

/* Setting referral.idempotency_retention: how long keys are kept, in seconds. */
extern PGDLLIMPORT int rf_idempotency_retention;

/* A call that carries a key. */
typedef struct RfCall
{
	int64		campaign_id;
	const char *function;
	const char *key;
	Datum		arguments; /* jsonb */
} RfCall;

/*
 * Begin a call: returns NULL if it is the first with its key, else the first
 * answer. Waits for a first call that has not ended yet. Raises RF008 if the
 * first call had other arguments. Inside an engine scope.
 */
extern Jsonb *rf_call_begin(const RfCall *call);

/* Keep the answer (jsonb) of a first call. Inside an engine scope. */
extern void rf_call_end(const RfCall *call, Datum answer);

/*
 * Forget keys older than the setting, at most RF_BATCH. Returns how many.
 * Inside an engine scope.
 */
extern int rf_idempotency_forget(void);

#endif /* RF_IDEMPOTENCY_H */
