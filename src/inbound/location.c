/*
 * location.c
 *	  See location.h.
 */
#include "inbound/location.h"

#include <string.h>
#include <strings.h>

/* Printable ASCII of which RFC 3986 knows no use. */
static const char never_in_a_url[] = "\"<>\\^`{|}";

static bool
is_blank(unsigned char c)
{
	return c <= ' ';
}

/* Browsers take these out wherever they stand. */
static bool
is_dropped(unsigned char c)
{
	return c == '\t' || c == '\n' || c == '\r';
}

static bool
is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && strchr(never_in_a_url, c) == NULL;
}

/* Length of "http://" or "https://" at the beginning; 0: neither. */
static size_t
scheme_length(const char *location)
{
	if (strncasecmp(location, "http://", 7) == 0)
		return 7;
	return strncasecmp(location, "https://", 8) == 0 ? 8 : 0;
}

static bool
has_host(const char *location)
{
	size_t scheme = scheme_length(location);

	return scheme > 0 && location[scheme] != '\0' && strchr("/?#:@", location[scheme]) == NULL;
}

bool
rf_location_write(const char *url, char location[RF_LOCATION_MAX + 1])
{
	static const char hex[] = "0123456789ABCDEF";
	const char		 *end = url + strlen(url);
	char			 *to = location;

	while (url < end && is_blank((unsigned char) *url))
		url++;
	while (end > url && is_blank((unsigned char) end[-1]))
		end--;
	for (; url < end; url++)
	{
		unsigned char c = (unsigned char) *url;

		if (is_dropped(c))
			continue;
		if (to + (is_plain(c) ? 1 : 3) > location + RF_LOCATION_MAX)
			return false;
		if (is_plain(c))
			*to++ = (char) c;
		else
		{
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	*to = '\0';
	return has_host(location);
}
