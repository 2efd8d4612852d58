/*
 * target.c
 *	  See target.h.
 *
 * libcurl's parser decides what a URL means, because libcurl will dial it. It
 * also mends what it is given (0x7f.1 becomes 127.0.0.1, %31 becomes 1), so the
 * host is looked at as it was written, too.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "delivery/target.h"

static const char *const networks_hint =
	"A superuser can allow networks with the setting \"referral.allowed_networks\".";

static RfTarget
target_fine(void)
{
	return (RfTarget){RF_TARGET_FINE, NULL, NULL};
}

static RfTarget
target_malformed(const char *reason, const char *hint)
{
	return (RfTarget){RF_TARGET_MALFORMED, reason, hint};
}

static RfTarget
target_forbidden(const char *reason, const char *hint)
{
	return (RfTarget){RF_TARGET_FORBIDDEN, reason, hint};
}

static RfTarget
target_check_bytes(const char *url)
{
	size_t length = strlen(url);
	size_t i;

	if (length > RF_TARGET_MAX_LENGTH)
		return target_malformed("it is longer than 2048 bytes", NULL);
	for (i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) url[i];

		if (c <= ' ' || c >= 0x7f || c == '\\')
			return target_malformed("it contains a space, a backslash, a control character or a character outside ASCII",
									"Write such characters percent-encoded, and international host names as \"xn--...\".");
	}
	if (strchr(url, '#') != NULL)
		return target_malformed("it has a fragment", "Leave out \"#\" and what follows.");
	return target_fine();
}

/* What follows "scheme://"; NULL if the URL does not begin so. */
static const char *
target_authority(const char *url)
{
	const char *colon = url + strcspn(url, ":/?");

	return strncmp(colon, "://", 3) == 0 ? colon + 3 : NULL;
}

/* The host as written, without brackets; false if there is none or it is too long. */
static bool
target_written_host(const char *start, char *host, size_t size)
{
	size_t length;

	if (*start == '[')
	{
		start++;
		length = strcspn(start, "]");
	}
	else
		length = strcspn(start, ":/?#");
	if (length == 0 || length >= size)
		return false;
	memcpy(host, start, length);
	host[length] = '\0';
	return true;
}

bool
rf_target_host(const char *url, char *host, size_t size)
{
	const char *authority = target_authority(url);

	return authority != NULL && target_written_host(authority, host, size);
}

/* Would some resolver read it as a number: is its last label one? */
static bool
target_ends_in_number(const char *host)
{
	size_t		length = strlen(host);
	const char *label;

	if (length > 0 && host[length - 1] == '.')
		length--;
	for (label = host + length; label > host && label[-1] != '.'; label--)
		;
	length -= label - host;
	if (length == 0)
		return false;
	if (length >= 2 && strncasecmp(label, "0x", 2) == 0)
		return strspn(label + 2, "0123456789abcdefABCDEF") >= length - 2;
	return strspn(label, "0123456789") >= length;
}

static bool
target_is_localhost(const char *host)
{
	size_t length = strlen(host);

	if (length > 0 && host[length - 1] == '.')
		length--;
	if (length < 9 || strncasecmp(host + length - 9, "localhost", 9) != 0)
		return false;
	return length == 9 || host[length - 10] == '.';
}

static RfTarget
target_check_host(const char *host, const RfNetworks *allowed)
{
	static const RfNetworks none = {0};
	struct sockaddr_storage address;
	const char			   *reason;

	if (strchr(host, '%') != NULL)
		return target_forbidden("its host contains \"%\"",
								"Zone ids and percent-encoding are not allowed in hosts.");
	if (!rf_address_parse(target_is_localhost(host) ? "127.0.0.1" : host, &address))
	{
		if (target_ends_in_number(host))
			return target_forbidden("its host is a number in an unusual form",
									"Write IPv4 addresses as four decimal numbers.");
		return target_fine();
	}
	reason = rf_address_forbidden((struct sockaddr *) &address, allowed, &none);
	if (reason != NULL)
		return target_forbidden(reason, networks_hint);
	return target_fine();
}

static bool
target_has_part(CURLU *parts, CURLUPart part)
{
	char *value = NULL;
	bool  there = curl_url_get(parts, part, &value, 0) == CURLUE_OK && value[0] != '\0';

	curl_free(value);
	return there;
}

static RfTarget
target_check_scheme(CURLU *parts, bool allow_http)
{
	char	*scheme = NULL;
	RfTarget target = target_forbidden("its scheme is not https",
									   "A superuser can allow http with the setting \"referral.allow_http\".");

	if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return target_malformed("it has no scheme", "Begin it with \"https://\".");
	if (strcmp(scheme, "https") == 0 || (allow_http && strcmp(scheme, "http") == 0))
		target = target_fine();
	else if (allow_http || strcmp(scheme, "http") != 0)
		target.hint = "Begin it with \"https://\".";
	curl_free(scheme);
	return target;
}

static RfTarget
target_check_port(CURLU *parts)
{
	char	*port = NULL;
	RfTarget target = target_fine();

	if (curl_url_get(parts, CURLUPART_PORT, &port, 0) == CURLUE_OK && atoi(port) == 0)
		target = target_malformed("its port is 0", NULL);
	curl_free(port);
	return target;
}

static RfTarget
target_check_parts(CURLU *parts, const char *url, bool allow_http, const RfNetworks *allowed)
{
	const char *authority = target_authority(url);
	char		host[256];
	RfTarget	target;
	CURLUcode	code = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);

	if (code == CURLUE_NO_HOST)
		return target_malformed("it has no host", NULL);
	if (code != CURLUE_OK || authority == NULL)
		return target_malformed("it cannot be parsed",
								"A URL looks like \"https://example.com/path\".");
	target = target_check_scheme(parts, allow_http);
	if (target.verdict != RF_TARGET_FINE)
		return target;
	if (target_has_part(parts, CURLUPART_USER) || target_has_part(parts, CURLUPART_PASSWORD) ||
		target_has_part(parts, CURLUPART_OPTIONS) || authority[strcspn(authority, "@/?")] == '@')
		return target_forbidden("it contains user information",
								"Credentials belong in a header: see \"rf_set_headers\".");
	if (target_has_part(parts, CURLUPART_ZONEID))
		return target_forbidden("its host contains a zone id", NULL);
	if (!target_written_host(authority, host, sizeof(host)))
		return target_malformed("it has no host", NULL);
	target = target_check_port(parts);
	if (target.verdict != RF_TARGET_FINE)
		return target;
	return target_check_host(host, allowed);
}

RfTarget
rf_target_check(const char *url, bool allow_http, const RfNetworks *allowed)
{
	RfTarget target = target_check_bytes(url);
	CURLU	*parts;

	if (target.verdict != RF_TARGET_FINE)
		return target;
	parts = curl_url();
	if (parts == NULL)
		return target_malformed("there is no memory to parse it", NULL);
	target = target_check_parts(parts, url, allow_http, allowed);
	curl_url_cleanup(parts);
	return target;
}
