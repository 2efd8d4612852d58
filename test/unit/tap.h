/*
 * tap.h
 *	  What a unit program says to prove.
 */
#ifndef RF_TAP_H
#define RF_TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_tests = 0;
static int tap_failures = 0;

/* One test; the name is a format. */
#define ok(passed, ...) \
	do \
	{ \
		bool tap_passed = (passed); \
		tap_failures += !tap_passed; \
		printf("%sok %d - ", tap_passed ? "" : "not ", ++tap_tests); \
		printf(__VA_ARGS__); \
		printf("\n"); \
	} while (0)

/* The program's exit status. */
static int
tap_done(void)
{
	printf("1..%d\n", tap_tests);
	return tap_failures > 0;
}

#endif /* RF_TAP_H */
