/*
 * percent.h
 *	  Percent-encoded bytes (RFC 3986, section 2.1).
 */
#ifndef RF_PERCENT_H
#define RF_PERCENT_H

static inline int
rf_percent_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* The byte that the two digits after the "%" at "at" stand for; -1: there are none. */
static inline int
rf_percent_byte(const char *at, const char *end)
{
	int high;
	int low;

	if (end - at < 3)
		return -1;
	high = rf_percent_digit(at[1]);
	low = rf_percent_digit(at[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

#endif /* RF_PERCENT_H */
