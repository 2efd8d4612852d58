/*
 * token.h
 *	  Inbound tokens: the secret part of the URL by which another system calls.
 *
 * A token is "rfi_" and base64url, without padding, of 32 random bytes. Only its
 * SHA-256 is kept.
 */
#ifndef RF_TOKEN_H
#define RF_TOKEN_H

#include "fmgr.h"
#include "utils/timestamp.h"

#include "inbound/action.h"
#include "inbound/request.h"

typedef struct RfToken
{
	int64  id;
	bool   bound; /* to one campaign */
	int64  campaign_id;
	uint32 actions; /* bit 1 << RfAction: it may */
	char  *mapping; /* NULL: fields bear our names */
	char  *scheme;	/* NULL: bodies are not signed */
} RfToken;

/* A token and its terminating zero. */
#define RF_TOKEN_SIZE (4 + 43 + 1)

#define RF_TOKEN_HASH 32

/* Draw a new one. */
extern void rf_token_draw(char token[RF_TOKEN_SIZE]);

/* What is kept of it. */
extern void rf_token_hash(const char *token, uint8 hash[RF_TOKEN_HASH]);

/*
 * Find a live token, and note its use, once a minute. False if there is none, it
 * has expired or was revoked: which of these, nobody is told. Inside an engine
 * scope.
 */
extern bool rf_token_find(const char *token, RfToken *found);

/* Lock a token against others that change it; raises 42704 if there is none. */
extern void rf_token_lock(int64 id);

/* And one that can still be used, or raise 55000. */
extern void rf_token_lock_live(int64 id);

/*
 * When what is replaced ends: the argument "keep", an interval, after now. Raises
 * 22023 and 22004.
 */
extern TimestampTz rf_token_end(FunctionCallInfo fcinfo, int argument, TimestampTz now);

/*
 * Is the request signed as its token wants? NULL if so, else why not, in words for
 * the caller. *message_id: what the sender calls this message, palloc'd; NULL if
 * its scheme has none. Inside an engine scope.
 */
extern const char *rf_token_verify(const RfToken *token, const RfRequest *request,
								   char **message_id);

#endif /* RF_TOKEN_H */
