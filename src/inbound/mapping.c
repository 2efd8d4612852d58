/*
 * mapping.c
 *	  See mapping.h.
 *
 * One statement finds the row and all that its paths find: calls in somebody
 * else's words are few beside what each of them does, so rows are not kept between
 * calls and there is no cache that changes would have to reach. Paths are silent: a
 * payload of another shape than a path expects has nothing there, and that is no
 * error.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"

#include "base/engine.h"
#include "base/number.h"
#include "inbound/mapping.h"
#include "inbound/moment.h"
#include "program/answer.h"
#include "program/currency.h"

PG_FUNCTION_INFO_V1(rf_map_inbound);

/*
 * A condition holds as jsonb_path_match would say if it finds one boolean (or the
 * null of a predicate that cannot tell), else if it finds anything at all. Of what
 * an argument's path finds, the first text that is not empty counts; of amounts, all.
 */
RF_STATEMENT(read_payload,
			 "WITH given AS MATERIALIZED ("
			 " SELECT jsonb_build_object('headers', $3) AS variables),"
			 " chosen AS ("
			 " SELECT m.*, g.variables"
			 " FROM given g, @extschema@.rf_inbound_mapping m,"
			 "  LATERAL (SELECT CASE WHEN m.\"when\" IS NOT NULL THEN"
			 "   jsonb_path_query_array_tz($2, m.\"when\", g.variables, true) END AS found) w"
			 " WHERE m.mapping = $1"
			 "  AND CASE WHEN m.\"when\" IS NULL THEN true"
			 "   WHEN jsonb_array_length(w.found) = 1"
			 "    AND jsonb_typeof(w.found -> 0) IN ('boolean', 'null')"
			 "   THEN w.found -> 0 = 'true'"
			 "   ELSE jsonb_array_length(w.found) > 0 END"
			 " ORDER BY m.position LIMIT 1)"
			 " SELECT c.action, c.qualifies, c.minor_units, c.minor_digits,"
			 "  c.amount IS NOT NULL OR c.refunded IS NOT NULL, f.name, f.type, f.text"
			 " FROM chosen c"
			 " LEFT JOIN LATERAL ("
			 "  SELECT a.name, v.type, v.text"
			 "  FROM (VALUES ('code', c.code), ('coupon', c.coupon), ('email', c.email),"
			 "   ('campaign', c.campaign), ('name', c.name), ('referred_by', c.referred_by),"
			 "   ('source', c.source), ('ip', c.ip), ('meta', c.meta), ('amount', c.amount),"
			 "   ('currency', c.currency), ('occurred_at', c.occurred_at),"
			 "   ('external_id', c.external_id), ('refund_id', c.refund_id),"
			 "   ('refunded', c.refunded),"
			 "   ('reward', c.reward), ('reference', c.reference), ('reason', c.reason),"
			 "   ('message_id', c.message_id)) a (name, path),"
			 "  LATERAL ("
			 "   SELECT jsonb_typeof(item) AS type, item #>> '{}' AS text"
			 "   FROM jsonb_path_query_tz($2, a.path, c.variables, true) item"
			 "   WHERE CASE WHEN a.name = 'meta' THEN jsonb_typeof(item) = 'object'"
			 "    ELSE jsonb_typeof(item) IN ('string', 'number', 'boolean') END"
			 "    AND item #>> '{}' <> ''"
			 "   LIMIT CASE WHEN a.name IN ('amount', 'refunded') THEN 1000 ELSE 1 END) v) f ON true",
			 TEXTOID, JSONBOID, JSONBOID);

RF_STATEMENT(find_mapping,
			 "SELECT FROM @extschema@.rf_inbound_mapping WHERE mapping = $1 LIMIT 1",
			 TEXTOID);

static bool
mapping_exists(const char *mapping)
{
	Datum values[] = {CStringGetTextDatum(mapping)};

	return rf_execute(&find_mapping, values, NULL) > 0;
}

/* The row that was chosen, but for what its paths found. */
typedef struct Chosen
{
	bool   qualifies;
	bool   minor_units;
	Jsonb *minor_digits; /* NULL: as in ISO 4217 */
	bool   priced;		 /* it has a path for what was paid or given back */
} Chosen;

/* Columns of what a path found. */
#define CHOSEN_NCOLUMNS 5
#define FOUND_NAME		(CHOSEN_NCOLUMNS + 1)
#define FOUND_TYPE		(CHOSEN_NCOLUMNS + 2)
#define FOUND_TEXT		(CHOSEN_NCOLUMNS + 3)

static Chosen
chosen_read(RfMapped *mapped)
{
	char  *action = rf_text(0, 1);
	bool   isnull;
	Datum  digits = rf_value(0, 4, &isnull);
	Chosen chosen = {
		.qualifies = rf_bool(0, 2),
		.minor_units = rf_bool(0, 3),
		.minor_digits = isnull ? NULL : DatumGetJsonbPCopy(digits),
		.priced = rf_bool(0, 5),
	};

	if (!rf_action_parse(action, &mapped->action))
		elog(ERROR, "unknown action \"%s\"", action);
	return chosen;
}

static Datum
number(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

static char *
moment(char *text, bool is_number)
{
	char written[RF_MOMENT_SIZE];

	return rf_moment_rewrite(text, is_number, written) ? pstrdup(written) : text;
}

/* Keep something that the path of the argument, or of message_id, found. */
static void
mapped_add(RfMapped *mapped, const char *name, const char *type, char *text)
{
	int	   i = 0;
	char **value;

	while (i < RF_ARGUMENTS && strcmp(name, rf_argument_name((RfArgument) i)) != 0)
		i++;
	value = i < RF_ARGUMENTS ? &mapped->arguments.value[i] : &mapped->message_id;
	if (i == RF_ARGUMENT_OCCURRED_AT)
		text = moment(text, strcmp(type, "number") == 0);
	/* A refund in parts: several amounts are one. */
	if (*value != NULL)
		text = rf_number_text(DirectFunctionCall2(numeric_add, number(*value), number(text)));
	*value = text;
}

/* Digits of the sender's minor unit; -1: no currency that is known. */
static int
minor_digits(const Chosen *chosen, const char *currency)
{
	JsonbValue *own = NULL;

	if (chosen->minor_digits != NULL)
		own = getKeyJsonValueFromContainer(&chosen->minor_digits->root, currency,
										   strlen(currency), NULL);
	if (own == NULL)
		return rf_currency_digits(currency);
	return DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(own->val.numeric)));
}

/* An amount in the currency's main unit. */
static char *
main_units(const Chosen *chosen, const char *minor, const char *currency)
{
	int	  digits;
	Datum unit;

	if (currency == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an amount in minor units needs a currency"),
				 errdetail("The amount is %s; where the mapping looks for its currency is none.", minor)));
	digits = minor_digits(chosen, currency);
	if (digits < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown currency \"%s\"", currency),
				 errdetail("The amount of %s is in its minor unit.", minor),
				 errhint("Money is given in currencies of ISO 4217, such as EUR.")));
	/* A quotient would have sixteen digits, a product with 0.01 has two. */
	unit = number(psprintf("1e-%d", digits));
	return rf_number_text(DirectFunctionCall2(numeric_mul, number(minor), unit));
}

/* Amounts as our calls take them. All that is left is never what a refund means by silence. */
static void
mapped_price(RfMapped *mapped, const Chosen *chosen)
{
	char **amount = &mapped->arguments.value[RF_ARGUMENT_AMOUNT];
	char **refunded = &mapped->arguments.value[RF_ARGUMENT_REFUNDED];
	char **currency = &mapped->arguments.value[RF_ARGUMENT_CURRENCY];

	if (*currency != NULL)
		*currency = asc_toupper(*currency, strlen(*currency));
	if (chosen->priced && *amount == NULL && *refunded == NULL &&
		mapped->action != RF_ACTION_QUALIFY)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("where the mapping looks for the amount is none")));
	if (*amount != NULL && chosen->minor_units)
		*amount = main_units(chosen, *amount, *currency);
	if (*refunded != NULL && chosen->minor_units)
		*refunded = main_units(chosen, *refunded, *currency);
}

/* One row for each thing that was found, or one without any. */
static void
mapped_fill(RfMapped *mapped, uint64 nrows)
{
	Chosen chosen = chosen_read(mapped);

	for (uint64 i = 0; i < nrows; i++)
	{
		char *name = rf_text(i, FOUND_NAME);

		if (name != NULL)
			mapped_add(mapped, name, rf_text(i, FOUND_TYPE), rf_text(i, FOUND_TEXT));
	}
	if (chosen.qualifies)
		mapped->arguments.value[RF_ARGUMENT_QUALIFY] = pstrdup("true");
	mapped_price(mapped, &chosen);
}

static bool
mapping_read(const char *mapping, Jsonb *payload, Datum headers, RfMapped *mapped)
{
	Datum  values[] = {CStringGetTextDatum(mapping), JsonbPGetDatum(payload), headers};
	uint64 nrows = rf_execute(&read_payload, values, NULL);

	memset(mapped, 0, sizeof *mapped);
	if (nrows > 0)
		mapped_fill(mapped, nrows);
	else if (!mapping_exists(mapping))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no mapping \"%s\"", mapping),
				 errhint("Mappings are rows of rf_inbound_mapping.")));
	return nrows > 0;
}

/* Headers are ASCII; one that is not is nothing a path could look for. */
static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text < ' ' || *text > '~')
			return false;
	}
	return true;
}

/* What paths see as $headers: an object of strings. */
static Datum
headers_object(const RfRequest *request)
{
	RfColumn names;
	RfColumn values;

	rf_column_init(&names, TEXTOID);
	rf_column_init(&values, TEXTOID);
	/* Of several of one name jsonb keeps the last; the first is meant. */
	for (int i = request->nheaders - 1; i >= 0; i--)
	{
		const RfRequestHeader *header = &request->headers[i];

		if (!is_printable(header->name) || !is_printable(header->value))
			continue;
		rf_column_add_text(&names, header->name);
		rf_column_add_text(&values, header->value);
	}
	return DirectFunctionCall2(jsonb_object_two_arg, rf_column_array(&names),
							   rf_column_array(&values));
}

bool
rf_mapping_read(const char *mapping, Jsonb *payload, const RfRequest *request, RfMapped *mapped)
{
	return mapping_read(mapping, payload, headers_object(request), mapped);
}

/* Names of headers have no case. */
RF_STATEMENT(fold_headers,
			 "SELECT COALESCE(jsonb_object_agg(lower(key), value), '{}')"
			 " FROM jsonb_each_text($1)",
			 JSONBOID);

static Datum
folded_headers(Datum headers)
{
	bool isnull;

	rf_execute(&fold_headers, &headers, NULL);
	return JsonbPGetDatum(DatumGetJsonbPCopy(rf_value(0, 1, &isnull)));
}

Datum
rf_map_inbound(PG_FUNCTION_ARGS)
{
	RfEngine engine;
	RfMapped mapped;
	Datum	 values[3] = {0};
	bool	 nulls[3] = {true, true, true};

	rf_engine_enter(&engine, fcinfo);
	if (mapping_read(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_JSONB_P(1),
					 folded_headers(PG_GETARG_DATUM(2)), &mapped))
	{
		values[0] = CStringGetTextDatum(rf_action_name(mapped.action));
		values[1] = rf_arguments_object(&mapped.arguments);
		nulls[0] = nulls[1] = false;
		nulls[2] = mapped.message_id == NULL;
		if (!nulls[2])
			values[2] = CStringGetTextDatum(mapped.message_id);
	}
	rf_engine_leave(&engine);
	return rf_answer(fcinfo, values, nulls);
}
