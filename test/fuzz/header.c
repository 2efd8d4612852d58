/* links: delivery/address.c */
/* libraries: -lcurl */
/*
 * header.c
 *	  The header lines of an answer, which an endpoint wrote. libcurl hands them
 *	  over one by one, with their ends and without a zero.
 */
#include "delivery/exchange.c" /* its callbacks are static */

#include "fuzz.h"

/* Lines in memory of exactly their size. */
static bool
header_take(RfExchange *exchange, const uint8_t *line, size_t length)
{
	char  *copy = malloc(length > 0 ? length : 1);
	size_t taken;

	memcpy(copy, line, length);
	taken = exchange_take_header(copy, 1, length, exchange);
	free(copy);
	holds(taken == length || (taken == 0 && exchange->header_too_long));
	return taken == length;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	RfExchange *exchange = calloc(1, sizeof(RfExchange));

	while (length > 0)
	{
		const uint8_t *end = memchr(bytes, '\n', length);
		size_t		   n = end == NULL ? length : (size_t) (end - bytes) + 1;

		if (!header_take(exchange, bytes, n))
			break;
		bytes += n;
		length -= n;
	}
	holds(memchr(exchange->retry_after, '\0', sizeof(exchange->retry_after)) != NULL);
	free(exchange);
	return 0;
}
