/*
 * code.h
 *	  Referral codes: how they are compared, checked and made.
 */
#ifndef RF_CODE_H
#define RF_CODE_H

#include "program/campaign.h"

/*
 * The key under which a code is found: without dashes and spaces, in capitals.
 * palloc'd; empty if nothing is left.
 */
extern char *rf_code_key(const char *code);

/* May a person choose it: 3 to 64 of A-Z, a-z, 0-9 and dashes. */
extern bool rf_code_is_valid(const char *code);

/* New codes for one campaign, checked against those in use. */
typedef struct RfCodeSource RfCodeSource;

/* Lives in the current memory context. */
extern RfCodeSource *rf_code_source(const RfCampaign *campaign);

extern bool rf_code_source_is_of(const RfCodeSource *source, const RfCampaign *campaign);

/*
 * The next new code, good until the next call. Needs the engine when it has
 * to look codes up.
 */
extern const char *rf_code_next(RfCodeSource *source, RfLazyEngine *lazy);

#endif /* RF_CODE_H */
