/*
 * clock.c
 *	  See clock.h.
 */
#include "postgres.h"

#include "base/clock.h"

int rf_clock_offset = 0;
