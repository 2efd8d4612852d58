/*
 * listen_entry.c
 *	  See listen_entry.h.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/percent.h"
#include "server/listen_entry.h"

/* Part of the text that is being read. */
typedef struct Span
{
	const char *start;
	const char *end;
} Span;

static bool
span_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static Span
span_trim(Span span)
{
	while (span.start < span.end && span_is_space(span.start[0]))
		span.start++;
	while (span.start < span.end && span_is_space(span.end[-1]))
		span.end--;
	return span;
}

static const char *
span_find(Span span, char c)
{
	return memchr(span.start, c, span.end - span.start);
}

static const char *
span_find_last(Span span, char c)
{
	const char *found = span.end;

	while (found > span.start)
		if (*--found == c)
			return found;
	return NULL;
}

/* The next byte, decoded; 0: the text is wrong there. */
static char
entry_take_byte(Span *span)
{
	int byte;

	if (*span->start != '%')
		return *span->start++;
	byte = rf_percent_byte(span->start, span->end);
	if (byte < 0)
		return 0;
	span->start += 3;
	return (char) byte;
}

/* Returns NULL or what is wrong. */
static const char *
entry_decode(Span span, char *text, size_t size, const char *too_long)
{
	size_t n = 0;

	while (span.start < span.end)
	{
		char byte = entry_take_byte(&span);

		if (byte == 0)
			return "a percent sign is not followed by two digits of a byte, as in %25";
		if (n == size - 1)
			return too_long;
		text[n++] = byte;
	}
	text[n] = '\0';
	return NULL;
}

static const char *
entry_read_database(Span span, RfListenEntry *entry)
{
	if (span.start == span.end)
		return "no database is named after the last slash";
	return entry_decode(span, entry->database, sizeof(entry->database),
						"the name of the database is longer than 63 bytes");
}

/* 0: no port. */
static int
entry_port(Span span)
{
	int port = 0;

	if (span.start == span.end || span.end - span.start > 5)
		return 0;
	for (; span.start < span.end; span.start++)
	{
		if (*span.start < '0' || *span.start > '9')
			return 0;
		port = port * 10 + (*span.start - '0');
	}
	return port <= 65535 ? port : 0;
}

static const char *
entry_read_host(Span span, RfListenEntry *entry)
{
	bool bracketed = span.start < span.end && *span.start == '[';

	if (bracketed)
	{
		if (span.end[-1] != ']')
			return "an address in brackets has no end";
		span.start++;
		span.end--;
	}
	if (span.start == span.end)
		return "no host is named before the port; all addresses are *";
	if (span.end - span.start >= (ptrdiff_t) sizeof(entry->host))
		return "the host is longer than 255 bytes";
	if (!bracketed && span_find(span, ':') != NULL)
		return "an IPv6 address is written in brackets, as in [::1]:8480";
	for (const char *c = span.start; c < span.end; c++)
		if (span_is_space(*c) || *c == '[' || *c == ']')
			return "there is a space or a bracket in the host";
	memcpy(entry->host, span.start, span.end - span.start);
	entry->host[span.end - span.start] = '\0';
	return NULL;
}

static const char *
entry_read_internet(Span span, RfListenEntry *entry)
{
	const char *slash = span_find(span, '/');
	const char *colon;
	const char *wrong;

	if (slash == NULL)
		return "no database is named, as in host:port/database";
	colon = span_find_last((Span){span.start, slash}, ':');
	if (colon == NULL || (colon > span.start && slash[-1] == ']'))
		return "no port is named, as in host:port/database";
	wrong = entry_read_host((Span){span.start, colon}, entry);
	if (wrong != NULL)
		return wrong;
	entry->port = entry_port((Span){colon + 1, slash});
	if (entry->port == 0)
		return "the port is not a number from 1 to 65535";
	return entry_read_database((Span){slash + 1, span.end}, entry);
}

static const char *
entry_read_local(Span span, RfListenEntry *entry)
{
	struct sockaddr_un address;
	const char		  *slash = span_find_last(span, '/');
	const char		  *wrong;

	if (*span.start != '/' || slash == span.start)
		return "a unix socket is written unix:/path/of/socket/database";
	wrong = entry_decode((Span){span.start, slash}, entry->host, sizeof(address.sun_path),
						 "the path of the socket is longer than the system allows");
	if (wrong != NULL)
		return wrong;
	entry->local = true;
	return entry_read_database((Span){slash + 1, span.end}, entry);
}

static const char *
entry_read(Span span, RfListenEntry *entry)
{
	static const char local[] = "unix:";

	memset(entry, 0, sizeof(*entry));
	if (span.start == span.end)
		return "it is empty";
	if ((size_t) (span.end - span.start) < sizeof(local) - 1 ||
		memcmp(span.start, local, sizeof(local) - 1) != 0)
		return entry_read_internet(span, entry);
	span.start += sizeof(local) - 1;
	return span.start < span.end ? entry_read_local(span, entry) : "it is empty";
}

/* Whatever the database: callers would meet now one and now the other. */
static bool
entry_is_known(const RfListenEntries *entries, const RfListenEntry *entry)
{
	for (int i = 0; i < entries->n; i++)
	{
		const RfListenEntry *other = &entries->entry[i];

		if (other->local != entry->local || other->port != entry->port)
			continue;
		if ((entry->local ? strcmp : strcasecmp)(other->host, entry->host) == 0)
			return true;
	}
	return false;
}

static const char *
entries_add(Span span, RfListenEntries *entries)
{
	RfListenEntry entry;
	const char	 *wrong = entry_read(span_trim(span), &entry);

	if (wrong != NULL)
		return wrong;
	if (entry_is_known(entries, &entry))
		return "an entry before it has the same place";
	if (entries->n == RF_LISTEN_ENTRIES_MAX)
		return "there are more than 64 entries";
	entries->entry[entries->n++] = entry;
	return NULL;
}

const char *
rf_listen_parse(const char *text, RfListenEntries *entries)
{
	Span		all = span_trim((Span){text, text + strlen(text)});
	const char *wrong = NULL;

	entries->n = 0;
	if (all.start == all.end)
		return NULL;
	for (;;)
	{
		const char *comma = span_find(all, ',');

		wrong = entries_add((Span){all.start, comma != NULL ? comma : all.end}, entries);
		if (wrong != NULL || comma == NULL)
			return wrong;
		all.start = comma + 1;
	}
}

void
rf_listen_place(const RfListenEntry *entry, char place[RF_LISTEN_PLACE])
{
	bool bracketed = strchr(entry->host, ':') != NULL;

	if (entry->local)
		snprintf(place, RF_LISTEN_PLACE, "unix:%s", entry->host);
	else
		snprintf(place, RF_LISTEN_PLACE, "%s%s%s:%d", bracketed ? "[" : "", entry->host,
				 bracketed ? "]" : "", entry->port);
}
