/*
 * signature.c
 *	  See signature.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "common/base64.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "utils/builtins.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "delivery/signature.h"

PG_FUNCTION_INFO_V1(rf_sign);
PG_FUNCTION_INFO_V1(rf_verify);

#define SECRET_PREFIX	 "whsec_"
#define SIGNATURE_PREFIX "v1,"

/*
 * One context for the life of the process. The server wants a resource owner
 * for it, and the courier signs where there is none.
 */
static pg_hmac_ctx *
signature_context(void)
{
	static pg_hmac_ctx *context = NULL;

	if (context == NULL)
	{
		ResourceOwner		 caller = CurrentResourceOwner;
		static ResourceOwner owner = NULL;

		if (owner == NULL)
			owner = ResourceOwnerCreate(NULL, "referral signatures");
		CurrentResourceOwner = owner;
		context = pg_hmac_create(PG_SHA256);
		CurrentResourceOwner = caller;
	}
	return context;
}

static void
signature_digest(const RfKey *key, const RfSigned *message, uint8 digest[PG_SHA256_DIGEST_LENGTH])
{
	pg_hmac_ctx *context = signature_context();
	char		 timestamp[32];

	snprintf(timestamp, sizeof(timestamp), "." INT64_FORMAT ".", message->timestamp);
	if (context == NULL ||
		pg_hmac_init(context, key->bytes, key->length) < 0 ||
		pg_hmac_update(context, (const uint8 *) message->id, strlen(message->id)) < 0 ||
		pg_hmac_update(context, (const uint8 *) timestamp, strlen(timestamp)) < 0 ||
		pg_hmac_update(context, message->body, message->length) < 0 ||
		pg_hmac_final(context, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute a signature: %s",
						context == NULL ? "out of memory" : pg_hmac_error(context))));
}

void
rf_signature_make(const RfKey *key, const RfSigned *message, char signature[RF_SIGNATURE_SIZE])
{
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	int	  prefix = strlen(SIGNATURE_PREFIX);
	int	  length;

	signature_digest(key, message, digest);
	memcpy(signature, SIGNATURE_PREFIX, prefix);
	/* The type of the bytes changed in PostgreSQL 18; void fits both. */
	length = pg_b64_encode((const void *) digest, sizeof(digest),
						   signature + prefix, RF_SIGNATURE_SIZE - prefix);
	Assert(length == RF_SIGNATURE_SIZE - prefix - 1);
	signature[prefix + length] = '\0';
}

bool
rf_signature_decode_key(const char *secret, RfKey *key)
{
	int length;

	if (strncmp(secret, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0)
		secret += strlen(SECRET_PREFIX);
	length = strlen(secret);
	if (length == 0 || pg_b64_dec_len(length) > RF_KEY_MAX)
		return false;
	key->length = pg_b64_decode(secret, length, (void *) key->bytes, RF_KEY_MAX);
	return key->length > 0;
}

/* ---- in SQL ------------------------------------------------------------- */

static void
signature_key_of(text *secret, RfKey *key)
{
	if (!rf_signature_decode_key(text_to_cstring(secret), key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid signing secret"),
				 errhint("A secret is base64, with or without \"whsec_\" before it.")));
}

/* Arguments: secret, id, timestamp, body. */
static void
signature_from_arguments(FunctionCallInfo fcinfo, char *signature)
{
	bytea	*body = PG_GETARG_BYTEA_PP(3);
	RfKey	 key;
	RfSigned message = {
		.id = text_to_cstring(PG_GETARG_TEXT_PP(1)),
		.timestamp = PG_GETARG_INT64(2),
		.body = VARDATA_ANY(body),
		.length = VARSIZE_ANY_EXHDR(body)};

	signature_key_of(PG_GETARG_TEXT_PP(0), &key);
	rf_signature_make(&key, &message, signature);
}

Datum
rf_sign(PG_FUNCTION_ARGS)
{
	char signature[RF_SIGNATURE_SIZE];

	signature_from_arguments(fcinfo, signature);
	PG_RETURN_TEXT_P(cstring_to_text(signature));
}

/* In the same time wherever they differ. */
static bool
signature_equals(const char *a, const char *b, size_t length)
{
	unsigned char difference = 0;

	for (size_t i = 0; i < length; i++)
		difference |= (unsigned char) a[i] ^ (unsigned char) b[i];
	return difference == 0;
}

/* Is the signature among those, separated by spaces? */
static bool
signature_is_among(const char *signature, const char *given)
{
	bool found = false;

	for (given += strspn(given, " "); *given != '\0'; given += strspn(given, " "))
	{
		size_t length = strcspn(given, " ");

		if (length == RF_SIGNATURE_SIZE - 1 && signature_equals(signature, given, length))
			found = true;
		given += length;
	}
	return found;
}

static bool
signature_is_timely(int64 timestamp, const Interval *tolerance)
{
	int64 now = rf_unix_usecs(rf_now()) / USECS_PER_SEC;
	int64 allowed = tolerance->time / USECS_PER_SEC +
		((int64) tolerance->month * DAYS_PER_MONTH + tolerance->day) * SECS_PER_DAY;

	return timestamp >= now - allowed && timestamp <= now + allowed;
}

/* A null is a missing header: not verified. A null tolerance: any time will do. */
Datum
rf_verify(PG_FUNCTION_ARGS)
{
	char signature[RF_SIGNATURE_SIZE];

	for (int i = 0; i < 5; i++)
	{
		if (PG_ARGISNULL(i))
			PG_RETURN_BOOL(false);
	}
	signature_from_arguments(fcinfo, signature);
	if (!PG_ARGISNULL(5) && !signature_is_timely(PG_GETARG_INT64(2), PG_GETARG_INTERVAL_P(5)))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(signature_is_among(signature, text_to_cstring(PG_GETARG_TEXT_PP(4))));
}
