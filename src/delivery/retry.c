/*
 * retry.c
 *	  See retry.h.
 */
#include <string.h>
#include <strings.h>

#include "delivery/retry.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY	   (24 * HOUR)

const RfSchedule rf_retry_default_schedule = {
	.n = 10,
	.delay = {0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR,
			  20 * HOUR, 24 * HOUR},
};

RfOutcome
rf_retry_outcome(RfFault fault, int status)
{
	if (fault == RF_FAULT_OWN)
		return RF_OUTCOME_NO_ATTEMPT;
	if (fault != RF_FAULT_NONE)
		return RF_OUTCOME_FAILURE;
	if (status >= 200 && status < 300)
		return RF_OUTCOME_SUCCESS;
	return status == 410 ? RF_OUTCOME_GONE : RF_OUTCOME_FAILURE;
}

bool
rf_retry_is_overload(RfFault fault, int status)
{
	if (fault != RF_FAULT_NONE)
		return fault == RF_FAULT_SILENCE;
	return status == 429 || (status >= 502 && status <= 504);
}

static int64_t
retry_jitter(int64_t step, uint32_t random)
{
	int64_t spread = step / 5;

	if (step > SECOND && spread < SECOND)
		spread = SECOND;
	/* random / 2^32 lies in [0, 1): the result in [-spread, spread). */
	return (int64_t) ((double) random / 4294967296.0 * 2.0 * (double) spread) - spread;
}

int64_t
rf_retry_delay(const RfSchedule *schedule, int attempts, uint32_t random, int64_t retry_after)
{
	int64_t delay;

	if (attempts >= schedule->n)
		return -1;
	delay = schedule->delay[attempts] + retry_jitter(schedule->delay[attempts], random);
	if (delay < 0)
		delay = 0;
	if (retry_after > DAY)
		retry_after = DAY;
	return delay < retry_after ? retry_after : delay;
}

/* ---- Retry-After -------------------------------------------------------- */

typedef struct Date
{
	int year;
	int month; /* 1 to 12 */
	int day;
	int hour;
	int minute;
	int second;
} Date;

/* Exactly "digits" digits; NULL if they are not there, else what follows. */
static const char *
retry_number(const char *at, int digits, int *value)
{
	int i;

	*value = 0;
	for (i = 0; at != NULL && i < digits; i++)
	{
		if (at[i] < '0' || at[i] > '9')
			return NULL;
		*value = *value * 10 + (at[i] - '0');
	}
	return at == NULL ? NULL : at + digits;
}

static const char *
retry_word(const char *at, const char *word)
{
	size_t length = strlen(word);

	return at != NULL && strncmp(at, word, length) == 0 ? at + length : NULL;
}

static const char *
retry_month(const char *at, int *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int				  i;

	for (i = 0; at != NULL && i < 12; i++)
	{
		if (strncmp(at, names + 3 * i, 3) == 0)
		{
			*month = i + 1;
			return at + 3;
		}
	}
	return NULL;
}

static const char *
retry_time(const char *at, Date *date)
{
	at = retry_number(at, 2, &date->hour);
	at = retry_number(retry_word(at, ":"), 2, &date->minute);
	return retry_number(retry_word(at, ":"), 2, &date->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static const char *
retry_fixdate(const char *at, Date *date)
{
	at = retry_number(at, 2, &date->day);
	at = retry_month(retry_word(at, " "), &date->month);
	at = retry_number(retry_word(at, " "), 4, &date->year);
	at = retry_time(retry_word(at, " "), date);
	return retry_word(at, " GMT");
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static const char *
retry_rfc850(const char *at, Date *date)
{
	at = retry_number(at, 2, &date->day);
	at = retry_month(retry_word(at, "-"), &date->month);
	at = retry_number(retry_word(at, "-"), 2, &date->year);
	at = retry_time(retry_word(at, " "), date);
	return retry_word(at, " GMT");
}

/* Sun Nov  6 08:49:37 1994 */
static const char *
retry_asctime(const char *at, Date *date)
{
	const char *day = retry_month(at, &date->month);

	if (day == NULL)
		return NULL;
	at = retry_word(day, "  ");
	at = at != NULL ? retry_number(at, 1, &date->day)
					: retry_number(retry_word(day, " "), 2, &date->day);
	at = retry_time(retry_word(at, " "), date);
	return retry_number(retry_word(at, " "), 4, &date->year);
}

/* Days since 1970-01-01, with years that begin in March. */
static int64_t
retry_days(const Date *date)
{
	int64_t year = date->month <= 2 ? date->year - 1 : date->year;
	int		month = date->month <= 2 ? date->month + 9 : date->month - 3;

	return 365 * year + year / 4 - year / 100 + year / 400 +
		(153 * month + 2) / 5 + date->day - 1 - 719468;
}

static bool
retry_date_is_sane(const Date *date)
{
	return date->year >= 1601 && date->day >= 1 && date->day <= 31 &&
		date->hour < 24 && date->minute < 60 && date->second <= 60;
}

/* Two digits mean the latest year with them that is at most 50 years ahead. */
static int
retry_century(int year, int64_t now)
{
	int this_year = 1970 + (int) (now / (365 * DAY + 6 * HOUR));

	year += this_year / 100 * 100;
	if (year > this_year + 50)
		return year - 100;
	return year <= this_year - 50 ? year + 100 : year;
}

static bool
retry_date(const char *value, int64_t now, Date *date)
{
	const char *comma = strchr(value, ',');
	const char *end;

	if (comma == NULL)
		end = strlen(value) < 4 || value[3] != ' ' ? NULL : retry_asctime(value + 4, date);
	else if (comma[1] != ' ')
		return false;
	else
	{
		end = retry_fixdate(comma + 2, date);
		if (end == NULL)
		{
			end = retry_rfc850(comma + 2, date);
			date->year = retry_century(date->year, now);
		}
	}
	return end != NULL && *end == '\0' && retry_date_is_sane(date);
}

static int64_t
retry_clamp(int64_t delay)
{
	if (delay < 0)
		return 0;
	return delay > DAY ? DAY : delay;
}

int64_t
rf_retry_after(const char *value, int64_t now)
{
	Date		date = {0};
	int64_t		seconds = 0;
	const char *at;

	for (at = value; *at >= '0' && *at <= '9'; at++)
	{
		if (seconds <= DAY / SECOND)
			seconds = seconds * 10 + (*at - '0');
	}
	if (at > value && *at == '\0')
		return retry_clamp(seconds * SECOND);
	if (!retry_date(value, now, &date))
		return -1;
	seconds = retry_days(&date) * 86400 + date.hour * 3600 + date.minute * 60 + date.second;
	return retry_clamp(seconds * SECOND - now);
}
