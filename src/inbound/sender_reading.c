/*
 * sender_reading.c
 *	  See sender_reading.h.
 */
#include "inbound/sender_reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Digits of a time: none of ours overflows. */
#define TIME_DIGITS_MAX 18

bool
rf_sender_refuse(RfSenderReading *reading, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reading->verdict->reason, sizeof(reading->verdict->reason), format, arguments);
	va_end(arguments);
	return false;
}

static RfSenderSpan
sender_trim(RfSenderSpan span)
{
	while (span.length > 0 && (span.start[0] == ' ' || span.start[0] == '\t'))
	{
		span.start++;
		span.length--;
	}
	while (span.length > 0 &&
		   (span.start[span.length - 1] == ' ' || span.start[span.length - 1] == '\t'))
		span.length--;
	return span;
}

/*
 * False if there are several: whoever looked at the message before us may have
 * taken another one.
 */
static bool
sender_header(RfSenderReading *reading, const char *name, RfSenderSpan *value)
{
	*value = (RfSenderSpan){NULL, 0};
	for (int i = 0; i < reading->message->nheaders; i++)
	{
		const RfRequestHeader *header = &reading->message->headers[i];

		if (strcmp(header->name, name) != 0)
			continue;
		if (value->start != NULL)
			return rf_sender_refuse(reading, "header \"%.64s\" is given twice", name);
		*value = sender_trim((RfSenderSpan){header->value, strlen(header->value)});
	}
	return true;
}

static bool
sender_needed_header(RfSenderReading *reading, const char *name, RfSenderSpan *value)
{
	if (!sender_header(reading, name, value))
		return false;
	if (value->start == NULL || value->length == 0)
		return rf_sender_refuse(reading, "header \"%.64s\" is missing", name);
	return true;
}

bool
rf_sender_begins(RfSenderSpan *item, const char *prefix)
{
	size_t length = prefix == NULL ? 0 : strlen(prefix);

	if (prefix == NULL || item->length < length || memcmp(item->start, prefix, length) != 0)
		return false;
	item->start += length;
	item->length -= length;
	return true;
}

/* What it is of another kind is passed by: senders add new ones beside the old. */
static bool
sender_read_item(RfSenderReading *reading, RfSenderSpan item)
{
	const RfSenderScheme *scheme = reading->scheme;
	bool				  by_pair = false;

	if (rf_sender_begins(&item, scheme->time_prefix))
	{
		if (reading->timestamp.start != NULL)
			return rf_sender_refuse(reading, "header \"%.64s\" names two times", scheme->header);
		reading->timestamp = item;
		return true;
	}
	if (rf_sender_begins(&item, scheme->pair_prefix))
		by_pair = true;
	else if (!rf_sender_begins(&item, scheme->prefix))
		return true;
	if (reading->nsignatures == RF_SENDER_SIGNATURES_MAX)
		return rf_sender_refuse(reading, "header \"%.64s\" has more than %d signatures",
								scheme->header, RF_SENDER_SIGNATURES_MAX);
	reading->signatures[reading->nsignatures++] = (RfSenderSignature){item, by_pair};
	return true;
}

static bool
sender_read_items(RfSenderReading *reading, RfSenderSpan value)
{
	const char *end = value.start + value.length;
	const char *item = value.start;

	while (item < end)
	{
		const char *next = reading->scheme->separator == '\0'
			? NULL
			: memchr(item, reading->scheme->separator, end - item);

		if (next == NULL)
			next = end;
		if (!sender_read_item(reading, sender_trim((RfSenderSpan){item, next - item})))
			return false;
		item = next + 1;
	}
	return true;
}

/* Names of messages are kept and compared: printable, and not too long. */
static bool
sender_read_id(RfSenderReading *reading)
{
	const char *name = reading->scheme->id_header;
	bool		needed = strstr(reading->scheme->content, RF_SENDER_ID) != NULL;

	if (name == NULL)
		return true;
	if (needed ? !sender_needed_header(reading, name, &reading->id)
			   : !sender_header(reading, name, &reading->id))
		return false;
	if (reading->id.length > RF_SENDER_ID_MAX)
		return rf_sender_refuse(reading, "header \"%.64s\" is longer than %d bytes", name,
								RF_SENDER_ID_MAX);
	for (size_t i = 0; i < reading->id.length; i++)
	{
		if (reading->id.start[i] <= ' ' || reading->id.start[i] > '~')
			return rf_sender_refuse(reading, "header \"%.64s\" is not plain text", name);
	}
	return true;
}

static bool
sender_read_time(RfSenderReading *reading)
{
	const RfSenderScheme *scheme = reading->scheme;

	if (scheme->time_header != NULL)
		return sender_needed_header(reading, scheme->time_header, &reading->timestamp);
	if (scheme->time_prefix != NULL && reading->timestamp.start == NULL)
		return rf_sender_refuse(reading, "header \"%.64s\" has no time, \"%.16s\"", scheme->header,
								scheme->time_prefix);
	return true;
}

/* The scheme whose header is there. */
static bool
sender_choose(RfSenderReading *reading)
{
	const RfSenderScheme *otherwise = reading->scheme->otherwise;
	RfSenderSpan		  value;

	if (otherwise == NULL)
		return true;
	if (!sender_header(reading, reading->scheme->header, &value))
		return false;
	if (value.start != NULL)
		return true;
	if (!sender_header(reading, otherwise->header, &value))
		return false;
	if (value.start != NULL)
		reading->scheme = otherwise;
	return true;
}

/* ---- time ----------------------------------------------------------------- */

static bool
sender_is_timely(RfSenderReading *reading)
{
	RfSenderSpan time = reading->timestamp;
	int64_t		 seconds = 0;

	if (time.start == NULL)
		return true;
	if (time.length == 0 || time.length > TIME_DIGITS_MAX)
		return rf_sender_refuse(reading, "the time of the signature is not in seconds since 1970");
	for (size_t i = 0; i < time.length; i++)
	{
		if (time.start[i] < '0' || time.start[i] > '9')
			return rf_sender_refuse(reading, "the time of the signature is not in seconds since 1970");
		seconds = seconds * 10 + (time.start[i] - '0');
	}
	if (seconds < reading->message->now - RF_SENDER_TOLERANCE ||
		seconds > reading->message->now + RF_SENDER_TOLERANCE)
		return rf_sender_refuse(reading, "the time of the signature is more than %d minutes from ours",
								RF_SENDER_TOLERANCE / 60);
	return true;
}

/* ---- all of it ------------------------------------------------------------ */

bool
rf_sender_read(RfSenderReading *reading)
{
	RfSenderSpan value;

	if (!sender_choose(reading) ||
		!sender_needed_header(reading, reading->scheme->header, &value) ||
		!sender_read_items(reading, value))
		return false;
	if (reading->nsignatures == 0)
		return rf_sender_refuse(reading, "header \"%.64s\" has no signature that can be checked",
								reading->scheme->header);
	return sender_read_id(reading) && sender_read_time(reading) && sender_is_timely(reading);
}
