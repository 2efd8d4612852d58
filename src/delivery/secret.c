/*
 * secret.c
 *	  See secret.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/engine.h"
#include "delivery/endpoint.h"
#include "delivery/secret.h"

/* ---- new rows ----------------------------------------------------------- */

enum
{
	WRITTEN_WEBHOOK_ID = 1,
	WRITTEN_KIND,
	WRITTEN_VALUE,
	WRITTEN_VALID_FROM
};

RF_STATEMENT(insert_secrets,
			 "INSERT INTO @extschema@.rf_secret (webhook_id, kind, value, valid_from)"
			 " SELECT webhook_id, kind, value, valid_from FROM written");

RfWritten *
rf_secrets_create(void)
{
	TupleDesc columns = CreateTemplateTupleDesc(WRITTEN_VALID_FROM);

	TupleDescInitEntry(columns, WRITTEN_WEBHOOK_ID, "webhook_id", INT8OID, -1, 0);
	TupleDescInitEntry(columns, WRITTEN_KIND, "kind", TEXTOID, -1, 0);
	TupleDescInitEntry(columns, WRITTEN_VALUE, "value", TEXTOID, -1, 0);
	TupleDescInitEntry(columns, WRITTEN_VALID_FROM, "valid_from", TIMESTAMPTZOID, -1, 0);
	return rf_written_create(columns);
}

void
rf_secrets_add(RfWritten *secrets, int64 webhook_id, const char *kind, const char *value,
			   TimestampTz valid_from)
{
	Datum values[] = {
		Int64GetDatum(webhook_id), CStringGetTextDatum(kind), CStringGetTextDatum(value),
		TimestampTzGetDatum(valid_from)};
	bool nulls[lengthof(values)] = {false};

	rf_written_add(secrets, values, nulls);
}

void
rf_secrets_insert(RfWritten *secrets)
{
	rf_written_execute(secrets, &insert_secrets);
}

static void
secret_draw(RfKeyKind kind, RfKey *key)
{
	uint8 random[RF_SIGNATURE_RANDOM];

	if (!pg_strong_random(random, sizeof(random)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random secret")));
	rf_signature_key_from_random(kind, random, key);
}

static void
secrets_add_key(RfWritten *secrets, int64 webhook_id, const RfKey *key, TimestampTz valid_from)
{
	char value[RF_SECRET_SIZE];

	rf_signature_encode_key(key, value);
	rf_secrets_add(secrets, webhook_id, "signing", value, valid_from);
}

void
rf_secrets_add_key(RfWritten *secrets, int64 webhook_id, RfKeyKind kind, TimestampTz valid_from)
{
	RfKey key;

	secret_draw(kind, &key);
	secrets_add_key(secrets, webhook_id, &key, valid_from);
}

/* ---- one webhook -------------------------------------------------------- */

static void
secret_no_webhook(int64 webhook_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("webhook " INT64_FORMAT " does not exist", webhook_id)));
}

RF_STATEMENT(lock_webhook,
			 "SELECT FROM @extschema@.rf_webhook WHERE id = $1 FOR NO KEY UPDATE", INT8OID);

void
rf_secret_lock_webhook(int64 webhook_id)
{
	Datum values[] = {Int64GetDatum(webhook_id)};

	if (rf_execute(&lock_webhook, values, NULL) == 0)
		secret_no_webhook(webhook_id);
}

RF_STATEMENT(delete_secret,
			 "DELETE FROM @extschema@.rf_secret WHERE webhook_id = $1 AND kind = $2",
			 INT8OID, TEXTOID);

void
rf_secret_replace(int64 webhook_id, const char *kind, const char *value)
{
	Datum	   values[] = {Int64GetDatum(webhook_id), CStringGetTextDatum(kind)};
	RfWritten *secrets;

	rf_execute(&delete_secret, values, NULL);
	if (value == NULL)
		return;
	secrets = rf_secrets_create();
	rf_secrets_add(secrets, webhook_id, kind, value, GetCurrentTimestamp());
	rf_secrets_insert(secrets);
}

/* ---- keys --------------------------------------------------------------- */

RF_STATEMENT(read_current,
			 "SELECT s.value FROM @extschema@.rf_webhook w"
			 " LEFT JOIN @extschema@.rf_secret s"
			 "  ON s.webhook_id = w.id AND s.kind = 'signing' AND s.valid_until IS NULL"
			 " WHERE w.id = $1",
			 INT8OID);

bool
rf_secret_current_key(int64 webhook_id, RfKey *key)
{
	Datum values[] = {Int64GetDatum(webhook_id)};
	char *value;

	if (rf_execute(&read_current, values, NULL) == 0)
		secret_no_webhook(webhook_id);
	value = rf_text(0, 1);
	if (value == NULL)
		return false;
	if (!rf_signature_decode_key(value, key) || key->kind == RF_KEY_PUBLIC)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("secret of webhook " INT64_FORMAT " is not one that can sign", webhook_id),
				 errhint("Make another: rf_rotate_secret(webhook_id, '0', 'v1').")));
	return true;
}

RfKeyKind
rf_secret_key_kind(const char *signature)
{
	if (strcmp(signature, "v1") == 0)
		return RF_KEY_SHARED;
	if (strcmp(signature, "v1a") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("signature \"%s\" is not known", signature),
				 errhint("Use v1, a secret that both sides have, or v1a, a key pair.")));
	return RF_KEY_PRIVATE;
}

RF_STATEMENT(delete_ended,
			 "DELETE FROM @extschema@.rf_secret"
			 " WHERE webhook_id = $1 AND kind = 'signing'"
			 "  AND (valid_until <= $2 OR $3 <= $2"
			 "   OR (valid_from >= $3 AND valid_until IS NOT NULL))",
			 INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID);
/*
 * The current one began in the past, whatever the clock did since; one that is to
 * begin later still does.
 */
RF_STATEMENT(end_secrets,
			 "UPDATE @extschema@.rf_secret"
			 " SET valid_from ="
			 "   CASE WHEN valid_until IS NULL THEN least(valid_from, $2) ELSE valid_from END,"
			 "  valid_until = least(valid_until, $3)"
			 " WHERE webhook_id = $1 AND kind = 'signing'",
			 INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID);

void
rf_secret_rotate(int64 webhook_id, RfKeyKind kind, TimestampTz now, TimestampTz end, RfKey *key)
{
	Datum values[] = {
		Int64GetDatum(webhook_id), TimestampTzGetDatum(now), TimestampTzGetDatum(end)};
	RfWritten *secrets = rf_secrets_create();

	rf_execute(&delete_ended, values, NULL);
	if (rf_execute(&end_secrets, values, NULL) >= RF_ENDPOINT_KEYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("webhook " INT64_FORMAT " has too many secrets that are still valid", webhook_id),
				 errdetail("Requests are signed with %d at most.", RF_ENDPOINT_KEYS_MAX),
				 errhint("Wait until one of them ends, or end them all with keep => '0'.")));
	secret_draw(kind, key);
	secrets_add_key(secrets, webhook_id, key, now);
	rf_secrets_insert(secrets);
}
