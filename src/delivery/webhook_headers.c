/*
 * webhook_headers.c
 *	  Headers of the user's own on the requests of a webhook: their names are
 *	  seen in rf_webhook, their values are secrets.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/engine.h"
#include "delivery/secret.h"
#include "delivery/webhook.h"

PG_FUNCTION_INFO_V1(rf_set_headers);

#define HEADERS_MAX		 32
#define HEADER_BYTES_MAX 8192

/* Ours, or libcurl's; those that end in "-" stand for all that begin so. */
static const char *const reserved[] = {
	"webhook-", "referral-", "content-", "proxy-", "host", "user-agent", "connection",
	"transfer-encoding", "expect", "te", "trailer", "upgrade", "keep-alive", "accept-encoding"};

static bool
headers_is_reserved(const char *name)
{
	for (size_t i = 0; i < lengthof(reserved); i++)
	{
		size_t length = strlen(reserved[i]);

		if (reserved[i][length - 1] == '-' ? pg_strncasecmp(name, reserved[i], length) == 0
										   : pg_strcasecmp(name, reserved[i]) == 0)
			return true;
	}
	return false;
}

/* A token of RFC 9110. */
static bool
headers_is_token(const char *name)
{
	static const char allowed[] =
		"!#$%&'*+-.^_`|~0123456789"
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return name[0] != '\0' && name[strspn(name, allowed)] == '\0';
}

static void
headers_check_name(const char *name)
{
	if (!headers_is_token(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not the name of a header", name),
				 errhint("Names consist of letters, digits and hyphens.")));
	if (headers_is_reserved(name))
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("header \"%s\" is reserved", name),
				 errdetail("Requests carry a value of their own for it.")));
}

/* The value is a secret: no message shows it. */
static void
headers_check_value(const char *name, const char *value)
{
	for (const char *at = value; *at != '\0'; at++)
	{
		if ((unsigned char) *at < ' ' || (unsigned char) *at >= 0x7f)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value of header \"%s\" contains a control character or one outside ASCII",
							name)));
	}
}

static void
headers_check_twice(const RfColumn *names, const char *name)
{
	for (int i = 0; i < names->n; i++)
	{
		if (pg_strcasecmp(TextDatumGetCString(names->values[i]), name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("header \"%s\" is given twice", name)));
	}
}

static void
headers_check_size(const RfColumn *names, size_t bytes)
{
	if (names->n > HEADERS_MAX || bytes > HEADER_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many headers"),
				 errdetail("A webhook can have %d headers of its own, %d bytes in all.",
						   HEADERS_MAX, HEADER_BYTES_MAX)));
}

/* Check all of them and collect their names. */
static void
headers_collect(Jsonb *headers, RfColumn *names)
{
	JsonbIterator	  *iterator = JsonbIteratorInit(&headers->root);
	JsonbValue		   value;
	JsonbIteratorToken token;
	char			  *name = NULL;
	size_t			   bytes = 0;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		if (token != WJB_VALUE)
			continue;
		headers_check_name(name);
		headers_check_twice(names, name);
		if (value.type != jbvString)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value of header \"%s\" is not a string", name)));
		headers_check_value(name, pnstrdup(value.val.string.val, value.val.string.len));
		bytes += strlen(name) + value.val.string.len;
		rf_column_add(names, CStringGetTextDatum(name));
		headers_check_size(names, bytes);
	}
}

RF_STATEMENT(set_header_names,
			 "UPDATE @extschema@.rf_webhook SET header_names = $2 WHERE id = $1",
			 INT8OID, TEXTARRAYOID);

void
rf_webhook_set_headers(int64 webhook_id, Jsonb *headers)
{
	RfColumn names;
	Datum	 values[2];

	rf_column_init(&names, TEXTOID);
	if (headers != NULL && !JB_ROOT_IS_OBJECT(headers))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("headers must be an object of names and values")));
	if (headers != NULL)
		headers_collect(headers, &names);
	values[0] = Int64GetDatum(webhook_id);
	values[1] = rf_column_array(&names);
	if (rf_execute(&set_header_names, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("webhook " INT64_FORMAT " does not exist", webhook_id)));
	rf_secret_replace(webhook_id, "headers",
					  names.n > 0 ? JsonbToCString(NULL, &headers->root, VARSIZE(headers)) : NULL);
}

Datum
rf_set_headers(PG_FUNCTION_ARGS)
{
	RfEngine engine;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("webhook_id must not be null")));
	rf_engine_enter(&engine, fcinfo);
	rf_webhook_set_headers(PG_GETARG_INT64(0), PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1));
	rf_engine_leave(&engine);
	PG_RETURN_VOID();
}
