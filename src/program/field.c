/*
 * field.c
 *	  See field.h.
 *
 * Values go by text where PostgreSQL has no conversion that is plainly the same:
 * through the output function of their type and the input function of the
 * field's. No cast of the user is ever called.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "program/field.h"

Datum
rf_field_parse(const RfField *field, const char *text)
{
	Oid input;
	Oid param;

	if (field->type == TEXTOID)
		return CStringGetTextDatum(text);
	getTypeInputInfo(field->type, &input, &param);
	return OidInputFunctionCall(input, unconstify(char *, text), param, -1);
}

static char
type_category(Oid type)
{
	char category;
	bool preferred;

	get_type_category_preferred(type, &category, &preferred);
	return category;
}

bool
rf_field_is_text(Oid type)
{
	return type_category(getBaseType(type)) == TYPCATEGORY_STRING;
}

bool
rf_field_takes(const RfField *field, Oid type)
{
	Oid	 base = getBaseType(type);
	char category = type_category(base);

	if (base == field->type || category == TYPCATEGORY_STRING)
		return true;
	switch (field->type)
	{
		case TEXTOID:
			if (category == TYPCATEGORY_NUMERIC)
				return base != CASHOID;
			return base == UUIDOID || category == TYPCATEGORY_ENUM;
		case NUMERICOID:
			return base == INT2OID || base == INT4OID || base == INT8OID ||
				base == FLOAT4OID || base == FLOAT8OID;
		case INETOID:
			return base == CIDROID;
		case JSONBOID:
			return base == JSONOID;
		case TIMESTAMPTZOID:
			return base == TIMESTAMPOID || base == DATEOID;
		default:
			return false;
	}
}

bool
rf_field_is_safe(const RfField *field, Oid type)
{
	Oid base = getBaseType(type);

	return base == field->type || field->type == TEXTOID ||
		(field->type == NUMERICOID && type_category(base) == TYPCATEGORY_NUMERIC);
}

char *
rf_field_text(Oid type, Datum value)
{
	Oid	  output;
	bool  varlena;
	char *text;

	getTypeOutputInfo(type, &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	if (getBaseType(type) == BPCHAROID)
		text[bpchartruelen(text, strlen(text))] = '\0';
	return text;
}

bool
rf_field_is_empty(Oid type, Datum value)
{
	if (!rf_field_is_text(type))
		return false;
	if (get_typlen(type) != -1 || getBaseType(type) == BPCHAROID)
		return rf_field_text(type, value)[0] == '\0';
	return VARSIZE_ANY_EXHDR(DatumGetPointer(value)) == 0;
}

/* A timestamp without time zone is one of the session's, as in a cast. */
Datum
rf_field_convert(const RfField *field, Oid type, Datum value)
{
	Oid base = getBaseType(type);

	if (base == field->type && get_typlen(base) == -1)
		return PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	if (base == field->type)
		return value;
	if (field->type == TIMESTAMPTZOID && base == TIMESTAMPOID)
		return DirectFunctionCall1(timestamp_timestamptz, value);
	if (field->type == TIMESTAMPTZOID && base == DATEOID)
		return DirectFunctionCall1(date_timestamptz, value);
	return rf_field_parse(field, rf_field_text(type, value));
}
