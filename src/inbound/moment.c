/*
 * moment.c
 *	  See moment.h.
 */
#include "inbound/moment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* From here on a number counts milliseconds: as seconds it is in the year 5138. */
#define FIRST_MILLISECONDS 1e11

#define PER_SECOND 1000000

static bool
rewrite_number(const char *text, char written[RF_MOMENT_SIZE])
{
	double	  number = strtod(text, NULL);
	int		  unit = number < FIRST_MILLISECONDS ? PER_SECOND : PER_SECOND / 1000;
	double	  microseconds = number * unit;
	long long rounded;
	time_t	  seconds;
	struct tm utc;
	size_t	  used;

	if (!(number >= 0 && microseconds < FIRST_MILLISECONDS * PER_SECOND))
		return false;
	rounded = llround(microseconds);
	seconds = (time_t) (rounded / PER_SECOND);
	if (gmtime_r(&seconds, &utc) == NULL)
		return false;
	used = strftime(written, RF_MOMENT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(written + used, RF_MOMENT_SIZE - used, ".%06dZ", (int) (rounded % PER_SECOND));
	return true;
}

/* 2027-01-05, or with a time, and nothing that could be a zone. */
static bool
is_without_zone(const char *text)
{
	static const char form[] = "dddd-dd-dd";
	size_t			  i;

	for (i = 0; i < strlen(form); i++)
	{
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	return strspn(text + i, "T 0123456789:.") == strlen(text + i);
}

bool
rf_moment_rewrite(const char *text, bool is_number, char written[RF_MOMENT_SIZE])
{
	if (is_number)
		return rewrite_number(text, written);
	if (strlen(text) >= RF_MOMENT_SIZE - strlen(" UTC") || !is_without_zone(text))
		return false;
	snprintf(written, RF_MOMENT_SIZE, "%s UTC", text);
	return true;
}
