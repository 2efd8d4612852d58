/*
 * token.c
 *	  See token.h.
 *
 * A token is found by its hash: who measures how long that takes learns something
 * of hashes, and nothing of tokens that have them. A token that has ended is found
 * like one that is valid, and judged after that, so that the two take the same
 * time; only a valid one is written to, and that one is told anyway.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/base64.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/engine.h"
#include "inbound/token.h"

#define TOKEN_PREFIX "rfi_"
#define TOKEN_RANDOM 32

#define KEEP_DAYS_MAX 366

/* Between two notes of a token's use. */
#define TOKEN_NOTE_EVERY USECS_PER_MINUTE

StaticAssertDecl(RF_TOKEN_HASH == PG_SHA256_DIGEST_LENGTH, "a hash is SHA-256");

/* ---- what it is made of --------------------------------------------------- */

void
rf_token_draw(char token[RF_TOKEN_SIZE])
{
	uint8 random[TOKEN_RANDOM];
	char  encoded[RF_TOKEN_SIZE];
	int	  prefix = strlen(TOKEN_PREFIX);
	int	  length;

	if (!pg_strong_random(random, sizeof(random)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random token")));
	/* The type of bytes changed in PostgreSQL 18; void fits both. */
	length = pg_b64_encode((const void *) random, sizeof(random), encoded, sizeof(encoded));
	Assert(length == 44 && encoded[43] == '=');
	for (int i = 0; i < length; i++)
	{
		if (encoded[i] == '+')
			encoded[i] = '-';
		else if (encoded[i] == '/')
			encoded[i] = '_';
	}
	memcpy(token, TOKEN_PREFIX, prefix);
	memcpy(token + prefix, encoded, length - 1);
	token[prefix + length - 1] = '\0';
}

void
rf_token_hash(const char *token, uint8 hash[RF_TOKEN_HASH])
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL ||
		pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) token, strlen(token)) < 0 ||
		pg_cryptohash_final(context, hash, RF_TOKEN_HASH) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute the hash of a token: %s",
						context == NULL ? "out of memory" : pg_cryptohash_error(context))));
	pg_cryptohash_free(context);
}

/* How every token looks is no secret. */
static bool
token_looks_like_one(const char *token)
{
	return strlen(token) == RF_TOKEN_SIZE - 1 &&
		strncmp(token, TOKEN_PREFIX, strlen(TOKEN_PREFIX)) == 0;
}

/* ---- use ------------------------------------------------------------------ */

/* The row is locked until the caller commits: calls of that time pass by. */
RF_STATEMENT(note_use,
			 "UPDATE @extschema@.rf_inbound_token SET last_used_at = $2"
			 " WHERE id = (SELECT id FROM @extschema@.rf_inbound_token"
			 "  WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)"
			 "  FOR NO KEY UPDATE SKIP LOCKED)",
			 INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID);

/*
 * Where an older snapshot must be kept to, a note of somebody else's would be an
 * error.
 */
static void
token_note_use(int64 id, TimestampTz now)
{
	Datum values[] = {
		Int64GetDatum(id), TimestampTzGetDatum(now),
		TimestampTzGetDatum(now - TOKEN_NOTE_EVERY)};

	if (XactReadOnly || IsolationUsesXactSnapshot())
		return;
	rf_execute(&note_use, values, NULL);
}

/* ---- finding -------------------------------------------------------------- */

enum
{
	FOUND_ID = 1,
	FOUND_HASH,
	FOUND_IS_LIVE,
	FOUND_USE_IS_NOTED,
	FOUND_CAMPAIGN_ID,
	FOUND_ACTIONS,
	FOUND_MAPPING,
	FOUND_SCHEME
};

RF_STATEMENT(find_token,
			 "SELECT id, CASE WHEN token_hash = $1 THEN token_hash ELSE previous_hash END,"
			 "  revoked_at IS NULL AND coalesce(expires_at > $2, true)"
			 "   AND (token_hash = $1 OR previous_until > $2),"
			 "  coalesce(last_used_at > $3, false),"
			 "  campaign_id, actions, mapping, scheme"
			 " FROM @extschema@.rf_inbound_token"
			 " WHERE token_hash = $1 OR previous_hash = $1",
			 BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID);

/* In the same time wherever they differ. */
static bool
token_hash_equals(Datum stored, const uint8 hash[RF_TOKEN_HASH])
{
	bytea		*bytes = DatumGetByteaPP(stored);
	const uint8 *other = (const uint8 *) VARDATA_ANY(bytes);
	uint8		 difference = 0;

	if (VARSIZE_ANY_EXHDR(bytes) != RF_TOKEN_HASH)
		return false;
	for (int i = 0; i < RF_TOKEN_HASH; i++)
		difference |= other[i] ^ hash[i];
	return difference == 0;
}

static uint32
token_actions(Datum array)
{
	uint32 actions = 0;
	Datum *names;
	int	   n;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &names, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		RfAction action;

		if (rf_action_parse(TextDatumGetCString(names[i]), &action))
			actions |= 1u << action;
	}
	return actions;
}

static void
token_read(RfToken *found)
{
	bool isnull;

	found->id = rf_int64(0, FOUND_ID);
	found->campaign_id = DatumGetInt64(rf_value(0, FOUND_CAMPAIGN_ID, &isnull));
	found->bound = !isnull;
	found->actions = token_actions(rf_value(0, FOUND_ACTIONS, &isnull));
	found->mapping = rf_text(0, FOUND_MAPPING);
	found->scheme = rf_text(0, FOUND_SCHEME);
}

bool
rf_token_find(const char *token, RfToken *found)
{
	TimestampTz now = rf_now();
	uint8		hash[RF_TOKEN_HASH];
	Datum		values[] = {
			  PointerGetDatum(NULL), TimestampTzGetDatum(now),
			  TimestampTzGetDatum(now - TOKEN_NOTE_EVERY)};
	bool isnull;
	bool is_live;
	bool use_is_noted;

	if (!token_looks_like_one(token))
		return false;
	rf_token_hash(token, hash);
	values[0] = PointerGetDatum(cstring_to_text_with_len((const char *) hash, sizeof(hash)));
	if (rf_execute(&find_token, values, NULL) == 0)
		return false;
	is_live = rf_bool(0, FOUND_IS_LIVE);
	use_is_noted = rf_bool(0, FOUND_USE_IS_NOTED);
	if (!token_hash_equals(rf_value(0, FOUND_HASH, &isnull), hash) || !is_live)
		return false;
	token_read(found);
	if (!use_is_noted)
		token_note_use(found->id, now);
	return true;
}

/* ---- changing -------------------------------------------------------------- */

RF_STATEMENT(lock_token,
			 "SELECT revoked_at IS NOT NULL, coalesce(expires_at <= $2, false)"
			 " FROM @extschema@.rf_inbound_token WHERE id = $1 FOR NO KEY UPDATE",
			 INT8OID, TIMESTAMPTZOID);

void
rf_token_lock(int64 id)
{
	Datum values[] = {Int64GetDatum(id), TimestampTzGetDatum(rf_now())};

	if (rf_execute(&lock_token, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("inbound token " INT64_FORMAT " does not exist", id)));
}

void
rf_token_lock_live(int64 id)
{
	bool revoked;

	rf_token_lock(id);
	revoked = rf_bool(0, 1);
	if (revoked || rf_bool(0, 2))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("inbound token " INT64_FORMAT " %s", id,
						revoked ? "was revoked" : "has expired"),
				 errhint("Make another with rf_create_inbound_token.")));
}

TimestampTz
rf_token_end(FunctionCallInfo fcinfo, int argument, TimestampTz now)
{
	TimestampTz end;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("keep must not be null")));
	end = rf_time_add(now, PG_GETARG_INTERVAL_P(argument));
	if (end < now || end > now + KEEP_DAYS_MAX * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("keep is out of range"),
				 errhint("What is replaced is kept between 0 and %d days.", KEEP_DAYS_MAX)));
	return end;
}
