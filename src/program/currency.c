/*
 * currency.c
 *	  See currency.h. Source: ISO 4217:2015, list one (current currencies) as
 *	  amended to 2026; funds codes, metals and testing codes are left out.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "program/currency.h"

/* Codes with other than two digits stand in lists of their own. */
static const char no_digits[] =
	"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
static const char three_digits[] =
	"BHD IQD JOD KWD LYD OMR TND ";
static const char two_digits[] =
	"AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD "
	"BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN "
	"ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR "
	"IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK "
	"MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK "
	"PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
	"STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST "
	"XCD XCG YER ZAR ZMW ZWG ";

static bool
currency_in(const char *list, const char *code)
{
	for (; *list != '\0'; list += 4)
	{
		if (strncmp(list, code, 3) == 0)
			return true;
	}
	return false;
}

int
rf_currency_digits(const char *code)
{
	if (code == NULL || strlen(code) != 3)
		return -1;
	if (currency_in(two_digits, code))
		return 2;
	if (currency_in(no_digits, code))
		return 0;
	return currency_in(three_digits, code) ? 3 : -1;
}

Datum
rf_currency_round(Datum amount, const char *code)
{
	int digits = rf_currency_digits(code);

	if (digits < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown currency \"%s\"", code ? code : "null"),
				 errhint("Money is given in currencies of ISO 4217, such as EUR; for anything else use the metric \"custom\".")));
	return DirectFunctionCall2(numeric_round, amount, Int32GetDatum(digits));
}
