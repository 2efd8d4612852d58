/* links: delivery/reply.c */
/*
 * header.c
 *	  The header lines of an answer, which an endpoint wrote. libcurl hands them
 *	  over one by one, with their ends and without a zero.
 */
#include "delivery/reply.h"

#include "fuzz.h"

/* Lines in memory of exactly their size. */
static bool
header_take(RfReply *reply, const uint8_t *line, size_t length)
{
	char *copy = malloc(length > 0 ? length : 1);
	bool  taken;

	memcpy(copy, line, length);
	taken = rf_reply_take_header(reply, copy, length);
	free(copy);
	holds(taken || reply->headers_too_long);
	return taken;
}

/* Whole lines of what any encoding has. */
static void
header_check(const RfReply *reply)
{
	size_t length = strlen(reply->headers);

	holds(length == (size_t) reply->headers_length && length < sizeof(reply->headers));
	holds(length == 0 || reply->headers[length - 1] == '\n');
	for (size_t i = 0; i < length; i++)
		holds(reply->headers[i] == '\n' || (reply->headers[i] >= ' ' && reply->headers[i] < 0x7f));
	holds(memchr(reply->retry_after, '\0', sizeof(reply->retry_after)) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	RfReply *reply = malloc(sizeof(RfReply));

	rf_reply_begin(reply);
	while (length > 0)
	{
		const uint8_t *end = memchr(bytes, '\n', length);
		size_t		   n = end == NULL ? length : (size_t) (end - bytes) + 1;

		if (!header_take(reply, bytes, n))
			break;
		header_check(reply);
		bytes += n;
		length -= n;
	}
	free(reply);
	return 0;
}
