/*
 * fuzz.h
 *	  What a fuzz target says.
 */
#ifndef RF_FUZZ_H
#define RF_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* libFuzzer calls it with each input; it returns 0. */
extern int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What holds for any input. Where it does not, this one is kept. */
#define holds(condition) \
	do \
	{ \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* A string in memory of exactly its size, so that reading beyond it is seen. */
static inline char *
fuzz_string(const uint8_t *bytes, size_t length)
{
	char *string = malloc(length + 1);

	memcpy(string, bytes, length);
	string[length] = '\0';
	return string;
}

/* Take a number from the front of the input; 0 where it is too short. */
static inline uint64_t
fuzz_number(const uint8_t **bytes, size_t *length)
{
	uint64_t number = 0;

	if (*length < sizeof(number))
		return 0;
	memcpy(&number, *bytes, sizeof(number));
	*bytes += sizeof(number);
	*length -= sizeof(number);
	return number;
}

#endif /* RF_FUZZ_H */
