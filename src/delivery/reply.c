/*
 * reply.c
 *	  See reply.h.
 */
#include <string.h>
#include <strings.h>

#include "delivery/reply.h"

#define VALUE_KEPT 256 /* bytes of one header's value */

/*
 * In lower case. Nothing that sets a cookie or grants access, and nothing that
 * comes with every answer, which would be a burden to every attempt.
 */
static const char *const kept_names[] = {
	"cf-ray", "content-type", "location", "request-id", "retry-after", "traceparent",
	"webhook-delivery", "x-amzn-requestid", "x-correlation-id", "x-request-id"};

#define NKEPT (sizeof(kept_names) / sizeof(kept_names[0]))

typedef struct ReplyText
{
	const char *at;
	size_t		length;
} ReplyText;

static bool
reply_is(ReplyText text, const char *word)
{
	return text.length == strlen(word) && strncasecmp(text.at, word, text.length) == 0;
}

static bool
reply_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static ReplyText
reply_trim(ReplyText text)
{
	while (text.length > 0 && reply_is_blank(text.at[0]))
	{
		text.at++;
		text.length--;
	}
	while (text.length > 0 && reply_is_blank(text.at[text.length - 1]))
		text.length--;
	return text;
}

void
rf_reply_clean(char *text)
{
	for (; *text != '\0'; text++)
	{
		if ((unsigned char) *text < ' ' || (unsigned char) *text >= 0x7f)
			*text = '?';
	}
}

void
rf_reply_begin(RfReply *reply)
{
	/* Not the buffers, which would be most of the work. */
	reply->header_bytes = 0;
	reply->body_bytes = 0;
	reply->headers_too_long = false;
	reply->body_cut = false;
	reply->wish = RF_WISH_NONE;
	reply->retry_after[0] = '\0';
	reply->headers_length = 0;
	reply->headers[0] = '\0';
	reply->body_length = 0;
}

/* An interim answer (1xx) came before: what it said does not count. */
static void
reply_forget_headers(RfReply *reply)
{
	reply->wish = RF_WISH_NONE;
	reply->retry_after[0] = '\0';
	reply->headers_length = 0;
	reply->headers[0] = '\0';
}

static void
reply_note_wish(RfReply *reply, ReplyText value)
{
	if (reply_is(value, "disable"))
		reply->wish = RF_WISH_DISABLE;
	else if (reply_is(value, "abort-message"))
		reply->wish = RF_WISH_ABORT;
}

static void
reply_note_retry_after(RfReply *reply, ReplyText value)
{
	if (value.length >= sizeof(reply->retry_after))
		return;
	memcpy(reply->retry_after, value.at, value.length);
	reply->retry_after[value.length] = '\0';
}

/* A line that does not fit is left out; the others are whole. */
static void
reply_keep(RfReply *reply, const char *name, ReplyText value)
{
	size_t kept = value.length < VALUE_KEPT ? value.length : VALUE_KEPT;
	size_t name_length = strlen(name);
	size_t length = name_length + 2 + kept + 1;
	char  *at = reply->headers + reply->headers_length;

	if (reply->headers_length + length >= sizeof(reply->headers))
		return;
	memcpy(at, name, name_length);
	memcpy(at + name_length, ": ", 2);
	for (size_t i = 0; i < kept; i++)
	{
		unsigned char c = (unsigned char) value.at[i];

		at[name_length + 2 + i] = c < ' ' || c >= 0x7f ? '?' : (char) c;
	}
	at[length - 1] = '\n';
	at[length] = '\0';
	reply->headers_length += (int) length;
}

static void
reply_read_header(RfReply *reply, ReplyText name, ReplyText value)
{
	for (size_t i = 0; i < NKEPT; i++)
	{
		if (!reply_is(name, kept_names[i]))
			continue;
		reply_keep(reply, kept_names[i], value);
		if (strcmp(kept_names[i], "retry-after") == 0)
			reply_note_retry_after(reply, value);
		else if (strcmp(kept_names[i], "webhook-delivery") == 0)
			reply_note_wish(reply, value);
		return;
	}
}

bool
rf_reply_take_header(RfReply *reply, const char *line, size_t length)
{
	const char *colon;

	reply->header_bytes += length;
	if (reply->header_bytes > RF_REPLY_HEADERS_MAX)
	{
		reply->headers_too_long = true;
		return false;
	}
	colon = memchr(line, ':', length);
	if (length >= 5 && strncmp(line, "HTTP/", 5) == 0)
		reply_forget_headers(reply);
	/* A line that begins with a blank goes on with the one before it. */
	else if (colon != NULL && !reply_is_blank(line[0]))
		reply_read_header(reply, (ReplyText){line, colon - line},
						  reply_trim((ReplyText){colon + 1, length - (colon + 1 - line)}));
	return true;
}

bool
rf_reply_take_body(RfReply *reply, const char *bytes, size_t length)
{
	size_t room = RF_REPLY_BODY_KEPT - reply->body_length;
	size_t kept = length < room ? length : room;

	memcpy(reply->body + reply->body_length, bytes, kept);
	reply->body_length += (int) kept;
	reply->body_bytes += length;
	reply->body_cut = reply->body_bytes > RF_REPLY_BODY_MAX;
	return !reply->body_cut;
}
