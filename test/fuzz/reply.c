/* links: delivery/reply.c delivery/retry.c */
/*
 * reply.c
 *	  An answer, which an endpoint wrote: lines up to an empty one, then a body.
 *	  libcurl hands over the lines one by one, with their ends and without a
 *	  zero, and the body in pieces.
 */
#include "delivery/reply.h"
#include "delivery/retry.h"
#include "fuzz.h"

typedef bool (*Take)(RfReply *reply, const char *bytes, size_t length);

/* In memory of exactly its size. */
static bool
reply_take(Take take, RfReply *reply, const uint8_t *bytes, size_t length)
{
	char *copy = malloc(length > 0 ? length : 1);
	bool  more;

	memcpy(copy, bytes, length);
	more = take(reply, copy, length);
	free(copy);
	return more;
}

/* The length of the line, its end included. */
static size_t
reply_line(const uint8_t *bytes, size_t length)
{
	const uint8_t *end = memchr(bytes, '\n', length);

	return end == NULL ? length : (size_t) (end - bytes) + 1;
}

static bool
reply_is_kept_well(const RfReply *reply)
{
	for (int i = 0; i < reply->headers_length; i++)
	{
		char c = reply->headers[i];

		if (c != '\n' && (c < ' ' || c > '~'))
			return false;
	}
	return reply->headers_length >= 0 && reply->headers_length < RF_REPLY_HEADERS_KEPT &&
		reply->headers[reply->headers_length] == '\0' &&
		(reply->headers_length == 0 || reply->headers[reply->headers_length - 1] == '\n') &&
		memchr(reply->retry_after, '\0', sizeof(reply->retry_after)) != NULL &&
		reply->body_length >= 0 && reply->body_length <= RF_REPLY_BODY_KEPT;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	/* What an exchange before this one left must not matter. */
	RfReply *reply = memset(malloc(sizeof(RfReply)), 0x5a, sizeof(RfReply));
	bool	 more = true;
	size_t	 n = 0;

	rf_reply_begin(reply);
	for (; more && length > 0 && n != 2; bytes += n, length -= n)
	{
		n = reply_line(bytes, length);
		more = reply_take(rf_reply_take_header, reply, bytes, n);
		holds(more || reply->headers_too_long);
	}
	for (; more && length > 0; bytes += n, length -= n)
	{
		n = length < 1000 ? length : 1000;
		more = reply_take(rf_reply_take_body, reply, bytes, n);
		holds(more || reply->body_cut);
	}
	holds(reply_is_kept_well(reply));
	holds(rf_retry_after(reply->retry_after, 0) >= -1);
	free(reply);
	return 0;
}
