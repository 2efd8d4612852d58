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

static bool
rewrite_number(const char *text, char written[RF_MOMENT_SIZE])
{
	double	  number = strtod(text, NULL);
	double	  seconds = number < FIRST_MILLISECONDS ? number : number / 1000;
	time_t	  whole;
	struct tm utc;
	size_t	  used;

	if (!(seconds >= 0 && seconds < FIRST_MILLISECONDS))
		return false;
	whole = (time_t) seconds;
	if (gmtime_r(&whole, &utc) == NULL)
		return false;
	used = strftime(written, RF_MOMENT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(written + used, RF_MOMENT_SIZE - used, ".%06dZ",
			 (int) floor((seconds - (double) whole) * 1e6));
	return true;
}

/* 2027-01-05, or with a time, and nothing that could be a zone. */
static bool
is_without_zone(const char *text)
{
	size_t length = strlen(text);

	return length >= strlen("2027-01-05") &&
		strspn(text, "0123456789-") == strlen("2027-01-05") &&
		strspn(text + strlen("2027-01-05"), "T 0123456789:.") == length - strlen("2027-01-05");
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
