/* links: delivery/retry.c */
/*
 * retry_after.c
 *	  The value of a Retry-After header, which an endpoint wrote.
 */
#include "delivery/retry.h"
#include "fuzz.h"

#define DAY (INT64_C(86400) * 1000000)

/* From 1970 to 2999 */
#define NOW_END (INT64_C(32503680000) * 1000000)

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	/* A number in front would hide the text from the dictionary. */
	int64_t now = length > 0 ? NOW_END / 256 * bytes[length - 1] : 0;
	char   *value = fuzz_string(bytes, length);
	int64_t delay = rf_retry_after(value, now);

	holds(delay >= -1 && delay <= DAY);
	holds(rf_retry_delay(&rf_retry_default_schedule, 1, UINT32_MAX, delay) <= DAY);
	free(value);
	return 0;
}
