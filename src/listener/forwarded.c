/*
 * forwarded.c
 *	  See forwarded.h.
 */
#include <string.h>

#include "listener/forwarded.h"

/* The longest that is read: an address in brackets with a port. */
#define ENTRY_MAX 64

static bool
forwarded_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* One of the list, without blanks around it. False if it is too long to be one. */
static bool
forwarded_entry(const char *start, const char *end, char *entry)
{
	while (start < end && forwarded_blank(*start))
		start++;
	while (end > start && forwarded_blank(end[-1]))
		end--;
	if (end - start >= ENTRY_MAX)
		return false;
	memcpy(entry, start, end - start);
	entry[end - start] = '\0';
	return true;
}

/* Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711. */
static char *
forwarded_without_port(char *entry)
{
	char *end;

	if (*entry == '[')
	{
		end = strchr(entry, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return entry;
		*end = '\0';
		return entry + 1;
	}
	end = strchr(entry, ':');
	if (end != NULL && strchr(end + 1, ':') == NULL)
		*end = '\0';
	return entry;
}

bool
rf_forwarded_read(const char *value, const RfNetworks *trusted,
				  struct sockaddr_storage *client)
{
	const char *end = value + strlen(value);

	for (;;)
	{
		struct sockaddr_storage address;
		const char			   *start = end;
		char					entry[ENTRY_MAX];

		while (start > value && start[-1] != ',')
			start--;
		/* Neither an address nor absent: whoever told us knew no better. */
		if (!forwarded_entry(start, end, entry) ||
			!rf_address_parse(forwarded_without_port(entry), &address))
			return true;
		*client = address;
		if (!rf_address_in((const struct sockaddr *) &address, trusted))
			return true;
		if (start == value)
			return false;
		end = start - 1;
	}
}
