/*
 * signature.c
 *	  See signature.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "common/base64.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/signature.h"

PG_FUNCTION_INFO_V1(rf_sign);
PG_FUNCTION_INFO_V1(rf_verify);

#define SHARED_PREFIX  "whsec_"
#define PRIVATE_PREFIX "whsk_"
#define PUBLIC_PREFIX  "whpk_"

#define V1_PREFIX  "v1,"
#define V1A_PREFIX "v1a,"

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

/* Base64 with a zero at its end. The type of bytes changed in PostgreSQL 18; void fits both. */
static void
signature_encode(char *text, size_t size, const char *prefix, const uint8 *bytes, int nbytes)
{
	int start = strlen(prefix);
	int length;

	memcpy(text, prefix, start);
	length = pg_b64_encode((const void *) bytes, nbytes, text + start, size - start - 1);
	Assert(length >= 0);
	text[start + length] = '\0';
}

/* The bytes that are signed, in one piece; the caller frees them. */
static uint8 *
signature_content(const RfSigned *message, size_t *length)
{
	char   timestamp[32];
	size_t id_length = strlen(message->id);
	int	   timestamp_length =
		snprintf(timestamp, sizeof(timestamp), "." INT64_FORMAT ".", message->timestamp);
	uint8 *content;

	*length = id_length + timestamp_length + message->length;
	content = palloc(*length);
	memcpy(content, message->id, id_length);
	memcpy(content + id_length, timestamp, timestamp_length);
	memcpy(content + id_length + timestamp_length, message->body, message->length);
	return content;
}

static void
signature_make_asymmetric(const RfKey *key, const RfSigned *message,
						  uint8 signature[RF_ED25519_SIGNATURE])
{
	size_t length;
	uint8 *content = signature_content(message, &length);
	bool   made = rf_ed25519_sign(key->bytes, content, length, signature);

	pfree(content);
	if (!made)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute a signature: OpenSSL has failed")));
}

void
rf_signature_make(const RfKey *key, const RfSigned *message, char signature[RF_SIGNATURE_SIZE])
{
	uint8 bytes[RF_ED25519_SIGNATURE];

	Assert(key->kind != RF_KEY_PUBLIC);
	if (key->kind == RF_KEY_PRIVATE)
	{
		signature_make_asymmetric(key, message, bytes);
		signature_encode(signature, RF_SIGNATURE_SIZE, V1A_PREFIX, bytes, RF_ED25519_SIGNATURE);
		return;
	}
	signature_digest(key, message, bytes);
	signature_encode(signature, RF_SIGNATURE_SIZE, V1_PREFIX, bytes, PG_SHA256_DIGEST_LENGTH);
}

/* ---- keys --------------------------------------------------------------- */

static const struct
{
	const char *prefix;
	RfKeyKind	kind;
} signature_prefixes[] = {
	{SHARED_PREFIX, RF_KEY_SHARED},
	{PRIVATE_PREFIX, RF_KEY_PRIVATE},
	{PUBLIC_PREFIX, RF_KEY_PUBLIC}};

/* The kind, and where the base64 begins. */
static RfKeyKind
signature_key_kind(const char **secret)
{
	for (size_t i = 0; i < lengthof(signature_prefixes); i++)
	{
		size_t length = strlen(signature_prefixes[i].prefix);

		if (strncmp(*secret, signature_prefixes[i].prefix, length) == 0)
		{
			*secret += length;
			return signature_prefixes[i].kind;
		}
	}
	return RF_KEY_SHARED;
}

/* A seed, or a seed and the public key: the latter must be the seed's. */
static bool
signature_complete_pair(RfKey *key)
{
	uint8 public_key[RF_ED25519_PUBLIC];

	if ((key->length != RF_ED25519_SEED && key->length != RF_KEY_PAIR) ||
		!rf_ed25519_public(key->bytes, public_key))
		return false;
	if (key->length == RF_KEY_PAIR &&
		memcmp(key->bytes + RF_ED25519_SEED, public_key, RF_ED25519_PUBLIC) != 0)
		return false;
	memcpy(key->bytes + RF_ED25519_SEED, public_key, RF_ED25519_PUBLIC);
	key->length = RF_KEY_PAIR;
	return true;
}

bool
rf_signature_decode_key(const char *secret, RfKey *key)
{
	int length;

	key->kind = signature_key_kind(&secret);
	length = strlen(secret);
	if (length == 0 || pg_b64_dec_len(length) > RF_KEY_MAX)
		return false;
	key->length = pg_b64_decode(secret, length, (void *) key->bytes, RF_KEY_MAX);
	if (key->kind == RF_KEY_PRIVATE)
		return signature_complete_pair(key);
	if (key->kind == RF_KEY_PUBLIC)
		return key->length == RF_ED25519_PUBLIC;
	return key->length > 0;
}

void
rf_signature_encode_key(const RfKey *key, char secret[RF_SECRET_SIZE])
{
	Assert(key->kind != RF_KEY_PUBLIC);
	signature_encode(secret, RF_SECRET_SIZE,
					 key->kind == RF_KEY_PRIVATE ? PRIVATE_PREFIX : SHARED_PREFIX,
					 key->bytes, key->length);
}

void
rf_signature_encode_receiver_key(const RfKey *key, char secret[RF_SECRET_SIZE])
{
	if (key->kind == RF_KEY_PRIVATE)
		signature_encode(secret, RF_SECRET_SIZE, PUBLIC_PREFIX,
						 key->bytes + RF_ED25519_SEED, RF_ED25519_PUBLIC);
	else
		rf_signature_encode_key(key, secret);
}

void
rf_signature_key_from_random(RfKeyKind kind, const uint8 random[RF_SIGNATURE_RANDOM], RfKey *key)
{
	key->kind = kind;
	key->length = RF_SIGNATURE_RANDOM;
	memcpy(key->bytes, random, RF_SIGNATURE_RANDOM);
	if (kind == RF_KEY_PRIVATE && !signature_complete_pair(key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("signatures of version v1a are not available"),
				 errdetail("This server's OpenSSL does not offer ed25519.")));
}

/* ---- in SQL ------------------------------------------------------------- */

static void
signature_key_of(text *secret, RfKey *key)
{
	if (!rf_signature_decode_key(text_to_cstring(secret), key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid signing secret"),
				 errhint("A secret is base64, with \"whsec_\", \"whsk_\" or \"whpk_\" before it, or, if it is a shared one, nothing.")));
}

/* Arguments: secret, id, timestamp, body. */
static void
signature_arguments(FunctionCallInfo fcinfo, RfKey *key, RfSigned *message)
{
	bytea *body = PG_GETARG_BYTEA_PP(3);

	signature_key_of(PG_GETARG_TEXT_PP(0), key);
	*message = (RfSigned){
		.id = text_to_cstring(PG_GETARG_TEXT_PP(1)),
		.timestamp = PG_GETARG_INT64(2),
		.body = VARDATA_ANY(body),
		.length = VARSIZE_ANY_EXHDR(body)};
}

Datum
rf_sign(PG_FUNCTION_ARGS)
{
	RfKey	 key;
	RfSigned message;
	char	 signature[RF_SIGNATURE_SIZE];

	signature_arguments(fcinfo, &key, &message);
	if (key.kind == RF_KEY_PUBLIC)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a public key cannot sign"),
				 errhint("Sign with the private key, \"whsk_...\".")));
	rf_signature_make(&key, &message, signature);
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

/* Those that were given, one after the other; NULL after the last. */
static const char *
signature_next(const char **given, size_t *length)
{
	const char *result = *given + strspn(*given, " ");

	*length = strcspn(result, " ");
	*given = result + *length;
	return *length > 0 ? result : NULL;
}

static bool
signature_verify_shared(const RfKey *key, const RfSigned *message, const char *given)
{
	char		signature[RF_SIGNATURE_SIZE];
	const char *one;
	size_t		length;
	bool		found = false;

	rf_signature_make(key, message, signature);
	while ((one = signature_next(&given, &length)) != NULL)
	{
		if (length == strlen(signature) && signature_equals(signature, one, length))
			found = true;
	}
	return found;
}

/* Base64 of exactly one signature, padded. */
static bool
signature_decode_asymmetric(const char *one, size_t length, uint8 signature[RF_ED25519_SIGNATURE])
{
	size_t start = strlen(V1A_PREFIX);

	/* Room for the bytes that base64 of this length could stand for, not just for those. */
	uint8 bytes[RF_ED25519_SIGNATURE + 2];

	if (length != RF_SIGNATURE_SIZE - 1 || strncmp(one, V1A_PREFIX, start) != 0 ||
		pg_b64_decode(one + start, length - start, (void *) bytes, sizeof(bytes)) !=
			RF_ED25519_SIGNATURE)
		return false;
	memcpy(signature, bytes, RF_ED25519_SIGNATURE);
	return true;
}

static bool
signature_verify_asymmetric(const RfKey *key, const RfSigned *message, const char *given)
{
	const uint8 *public_key =
		key->kind == RF_KEY_PRIVATE ? key->bytes + RF_ED25519_SEED : key->bytes;
	size_t		content_length;
	uint8	   *content = signature_content(message, &content_length);
	uint8		signature[RF_ED25519_SIGNATURE];
	const char *one;
	size_t		length;

	while ((one = signature_next(&given, &length)) != NULL)
	{
		/* Each one costs: a list without end is read, but not all night. */
		CHECK_FOR_INTERRUPTS();
		if (signature_decode_asymmetric(one, length, signature) &&
			rf_ed25519_verify(public_key, content, content_length, signature))
			return true;
	}
	return false;
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
	RfKey		key;
	RfSigned	message;
	const char *given;

	for (int i = 0; i < 5; i++)
	{
		if (PG_ARGISNULL(i))
			PG_RETURN_BOOL(false);
	}
	signature_arguments(fcinfo, &key, &message);
	if (!PG_ARGISNULL(5) && !signature_is_timely(PG_GETARG_INT64(2), PG_GETARG_INTERVAL_P(5)))
		PG_RETURN_BOOL(false);
	given = text_to_cstring(PG_GETARG_TEXT_PP(4));
	if (key.kind == RF_KEY_SHARED)
		PG_RETURN_BOOL(signature_verify_shared(&key, &message, given));
	PG_RETURN_BOOL(signature_verify_asymmetric(&key, &message, given));
}
