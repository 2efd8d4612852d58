#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/engine.h"
#include "program/attached_purchases.h"

PG_FUNCTION_INFO_V1(rf_attached_purchases);

const RfField rf_purchase_fields[RF_PURCHASE_FIELDS] = {
	[RF_PURCHASE_CODE] = {"code", TEXTOID},
	[RF_PURCHASE_EMAIL] = {"email", TEXTOID},
	[RF_PURCHASE_AMOUNT] = {"amount", NUMERICOID},
	[RF_PURCHASE_CURRENCY] = {"currency", TEXTOID},
	[RF_PURCHASE_EXTERNAL_ID] = {"external_id", TEXTOID},
	[RF_PURCHASE_OCCURRED_AT] = {"occurred_at", TIMESTAMPTZOID},
};

Datum
rf_attached_purchases(PG_FUNCTION_ARGS)
{
	return PointerGetDatum(NULL);
}
