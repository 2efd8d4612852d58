/*
 * attached_purchases.h
 *	  What a row of a table attached by rf_attach_purchases brings.
 */
#ifndef RF_ATTACHED_PURCHASES_H
#define RF_ATTACHED_PURCHASES_H

#include "program/field.h"

enum
{
	RF_PURCHASE_CODE,
	RF_PURCHASE_EMAIL,
	RF_PURCHASE_AMOUNT,
	RF_PURCHASE_CURRENCY,
	RF_PURCHASE_EXTERNAL_ID,
	RF_PURCHASE_OCCURRED_AT,
	RF_PURCHASE_FIELDS
};

extern const RfField rf_purchase_fields[RF_PURCHASE_FIELDS];

#endif /* RF_ATTACHED_PURCHASES_H */
