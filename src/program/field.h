/*
 * field.h
 *	  A field of rows that come from elsewhere, and how a value of any type
 *	  becomes one of the field's.
 */
#ifndef RF_FIELD_H
#define RF_FIELD_H

#include "fmgr.h"

typedef struct RfField
{
	const char *name;
	Oid			type; /* text, numeric, inet, jsonb or timestamptz */
} RfField;

/* From text, as the type's input function reads it; palloc'd. */
extern Datum rf_field_parse(const RfField *field, const char *text);

/* Can values of a column of that type go into the field? */
extern bool rf_field_takes(const RfField *field, Oid type);

/* Does rf_field_convert() never fail over a value of that type? */
extern bool rf_field_is_safe(const RfField *field, Oid type);

/* From a value of a type that the field takes; palloc'd. */
extern Datum rf_field_convert(const RfField *field, Oid type, Datum value);

/* A value as text: without the blanks that fill up a char(n); palloc'd. */
extern char *rf_field_text(Oid type, Datum value);

/* Is it an empty text? False for types that are not text. */
extern bool rf_field_is_empty(Oid type, Datum value);

/* Is it a type of strings, domains over them included? */
extern bool rf_field_is_text(Oid type);

#endif /* RF_FIELD_H */
