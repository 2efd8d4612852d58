/* links: delivery/reply.c */
/*
 * reply.c
 *	  What is kept of an answer, whatever it sends.
 */
#include <string.h>

#include "delivery/reply.h"
#include "tap.h"

static RfReply reply;

/* Begin an answer with these lines, each ended as on the wire. */
static void
take(const char *const *lines)
{
	rf_reply_begin(&reply);
	for (; *lines != NULL; lines++)
	{
		char line[600];
		int	 length = snprintf(line, sizeof(line), "%s\r\n", *lines);

		(void) rf_reply_take_header(&reply, line, (size_t) length);
	}
}

#define lines(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
test_kept(void)
{
	take(lines("HTTP/1.1 200 OK", "Content-Type: text/plain ", "Set-Cookie: a=b", "X-Other: c",
			   "CF-RAY:\t8f2"));
	ok(strcmp(reply.headers, "content-type: text/plain\ncf-ray: 8f2\n") == 0,
	   "what is useful is kept, trimmed, without cookies");
	take(lines("HTTP/1.1 200 OK", "x-request-id: r\xe9q\x01\x7f", "request-id:"));
	ok(strcmp(reply.headers, "x-request-id: r?q??\nrequest-id: \n") == 0, "as printable ASCII");
	take(lines("HTTP/1.1 100 Continue", "Request-Id: interim", "Retry-After: 5", "HTTP/1.1 200 OK",
			   "Location: here"));
	ok(strcmp(reply.headers, "location: here\n") == 0 && reply.retry_after[0] == '\0',
	   "of the last answer alone");
	take(lines("HTTP/1.1 200 OK", "Location: one", " retry-after: folded", ": nameless", "nothing"));
	ok(strcmp(reply.headers, "location: one\n") == 0 && reply.retry_after[0] == '\0',
	   "lines that are no headers are passed over");
}

static void
test_read(void)
{
	take(lines("HTTP/1.1 503 No", "RETRY-AFTER:  120\t"));
	ok(strcmp(reply.retry_after, "120") == 0, "Retry-After");
	take(lines("HTTP/1.1 503 No",
			   "Retry-After: 0000000000000000000000000000000000000000000000000000000000000000000001"));
	ok(reply.retry_after[0] == '\0', "a Retry-After that is too long is none");
	take(lines("HTTP/1.1 503 No", "Webhook-Delivery: disable"));
	ok(reply.wish == RF_WISH_DISABLE, "disable");
	take(lines("HTTP/1.1 503 No", "webhook-delivery:ABORT-MESSAGE "));
	ok(reply.wish == RF_WISH_ABORT, "abort-message");
	take(lines("HTTP/1.1 503 No", "webhook-delivery: disabled", "webhook-deliver: disable"));
	ok(reply.wish == RF_WISH_NONE, "anything else is no wish");
}

static void
test_bounds(void)
{
	static char line[1024];
	size_t		taken = 0;

	memset(line, 'x', sizeof(line));
	memcpy(line, "location: ", 10);
	rf_reply_begin(&reply);
	ok(rf_reply_take_header(&reply, line, sizeof(line)) && reply.headers_length < 300,
	   "a long value is cut");
	while (rf_reply_take_header(&reply, line, sizeof(line)))
		taken++;
	ok(taken < 16 && reply.headers_too_long, "headers are taken up to a bound");
	ok(reply.headers_length < RF_REPLY_HEADERS_KEPT &&
		   strlen(reply.headers) == (size_t) reply.headers_length,
	   "and fewer kept");

	rf_reply_begin(&reply);
	ok(rf_reply_take_body(&reply, line, sizeof(line)) && reply.body_length == 1024 &&
		   memcmp(reply.body, line, 1024) == 0,
	   "a body is kept");
	for (taken = 1; rf_reply_take_body(&reply, line, sizeof(line)); taken++)
		;
	ok(taken == 64 && reply.body_cut && reply.body_length == RF_REPLY_BODY_KEPT,
	   "its first 4 KiB, and 64 KiB are read");
}

int
main(void)
{
	test_kept();
	test_read();
	test_bounds();
	return tap_done();
}
