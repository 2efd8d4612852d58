/*
 * signing.c
 *	  See signing.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/clock.h"
#include "base/engine.h"
#include "base/signature.h"
#include "inbound/sender_options.h"
#include "inbound/signing.h"
#include "inbound/token.h"

const RfSenderScheme *
rf_signing_scheme(const char *name, Jsonb *options)
{
	const RfSenderScheme *scheme;

	if (strcmp(name, "hmac") == 0)
		return rf_sender_options(options);
	scheme = rf_sender_scheme(name);
	if (scheme == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("scheme \"%s\" is not known", name),
				 errhint("The schemes are standard, stripe, shopify, github, paddle and, with options, hmac.")));
	if (options != NULL && !(JB_ROOT_IS_OBJECT(options) && JB_ROOT_COUNT(options) == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("scheme \"%s\" has no options", name)));
	return scheme;
}

/* Standard Webhooks writes keys in base64, the others as they are. */
bool
rf_signing_key(const char *scheme, const char *secret, RfSenderKey *key)
{
	RfKey *decoded;

	*key = (RfSenderKey){false, (const unsigned char *) secret, strlen(secret)};
	if (strcmp(scheme, "standard") != 0)
		return key->length > 0;
	decoded = palloc_object(RfKey);
	if (!rf_signature_decode_key(secret, decoded) || decoded->kind == RF_KEY_PRIVATE)
		return false;
	*key = (RfSenderKey){decoded->kind == RF_KEY_PUBLIC, decoded->bytes, decoded->length};
	return true;
}

/* ---- checking calls ------------------------------------------------------- */

RF_STATEMENT(read_secrets,
			 "SELECT t.signing_options, s.value"
			 " FROM @extschema@.rf_inbound_token t"
			 " LEFT JOIN @extschema@.rf_inbound_secret s"
			 "  ON s.inbound_id = t.id AND coalesce(s.valid_until > $2, true)"
			 " WHERE t.id = $1"
			 " ORDER BY s.valid_until DESC LIMIT $3",
			 INT8OID, TIMESTAMPTZOID, INT4OID);

/* The token's scheme, and the keys that are accepted now. */
static const RfSenderScheme *
signing_read(const RfToken *token, RfSenderKey keys[RF_SIGNING_SECRETS_MAX], int *nkeys)
{
	Datum values[] = {
		Int64GetDatum(token->id), TimestampTzGetDatum(rf_now()),
		Int32GetDatum(RF_SIGNING_SECRETS_MAX)};
	uint64 nrows = rf_execute(&read_secrets, values, NULL);
	bool   isnull = true;
	Datum  options = nrows > 0 ? rf_value(0, 1, &isnull) : (Datum) 0;

	*nkeys = 0;
	for (uint64 i = 0; i < nrows; i++)
	{
		char *secret = rf_text(i, 2);

		if (secret != NULL && rf_signing_key(token->scheme, secret, &keys[*nkeys]))
			(*nkeys)++;
	}
	return rf_signing_scheme(token->scheme, isnull ? NULL : DatumGetJsonbP(options));
}

const char *
rf_token_verify(const RfToken *token, const RfRequest *request, char **message_id)
{
	RfSenderKey			  keys[RF_SIGNING_SECRETS_MAX];
	int					  nkeys;
	const RfSenderScheme *scheme;
	RfSenderMessage		  message = {
			  request->headers, request->nheaders, request->body, request->length,
			  rf_unix_usecs(rf_now()) / USECS_PER_SEC};
	RfSenderVerdict verdict;

	*message_id = NULL;
	if (token->scheme == NULL)
		return NULL;
	scheme = signing_read(token, keys, &nkeys);
	if (!rf_sender_verify(scheme, keys, nkeys, &message, &verdict))
		return pstrdup(verdict.reason);
	if (verdict.message_id[0] != '\0')
		*message_id = pstrdup(verdict.message_id);
	return NULL;
}
