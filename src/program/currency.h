/*
 * currency.h
 *	  Currencies and their minor units (ISO 4217).
 *
 * A currency that was withdrawn stays in the list: rows of older years must be
 * restored.
 */
#ifndef RF_CURRENCY_H
#define RF_CURRENCY_H

/* Digits after the point: USD 2, JPY 0, KWD 3; -1: no currency of ISO 4217. */
extern int rf_currency_digits(const char *code);

/*
 * Round a numeric to the currency's minor unit, half away from zero. Raises
 * 22023 for an unknown currency (or NULL).
 */
extern Datum rf_currency_round(Datum amount, const char *code);

#endif /* RF_CURRENCY_H */
