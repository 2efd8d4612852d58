/*
 * signing.h
 *	  Secrets with which callers sign: the rows of rf_inbound_secret.
 *
 * Of a token's secrets one is current, whose valid_until is null; those before it
 * are accepted beside it until their time is over. See rf_token_verify() in token.h
 * for their use.
 */
#ifndef RF_SIGNING_H
#define RF_SIGNING_H

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "inbound/sender.h"

/* Secrets of a token that are accepted at one time. */
#define RF_SIGNING_SECRETS_MAX 10

/*
 * The scheme of that name with these options; raises 22023 if there is none, or if
 * they do not fit.
 */
extern const RfSenderScheme *rf_signing_scheme(const char *name, Jsonb *options);

/*
 * The key that a secret stands for, palloc'd; false if it is none of that scheme.
 */
extern bool rf_signing_key(const char *scheme, const char *secret, RfSenderKey *key);

#endif /* RF_SIGNING_H */
