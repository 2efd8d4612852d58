/*
 * protocol.c
 *	  See protocol.h.
 *
 * libcurl older than 8 fails some requests when several share a connection of
 * HTTP/2 (7.88.1, which Debian 12 has: one in ten over TLS), so it gets
 * HTTP/1.1 whatever is wanted.
 *
 * With TLS the two sides agree on a version when they connect. Without it
 * there is no such moment, and HTTP/2 is only spoken if that was asked for.
 */
#include <curl/curl.h>
#include <strings.h>

#include "delivery/protocol.h"

#define WORKING_LIBCURL 0x080000

bool
rf_protocol_has_http2(void)
{
	static int has = -1;

	if (has < 0)
	{
		curl_version_info_data *library = curl_version_info(CURLVERSION_NOW);

		has = library->version_num >= WORKING_LIBCURL &&
			(library->features & CURL_VERSION_HTTP2) != 0;
	}
	return has == 1;
}

bool
rf_protocol_has_tls(const char *url)
{
	return strncasecmp(url, "https:", 6) == 0;
}

bool
rf_protocol_is_assumed(RfHttpVersion wanted, const char *url)
{
	return wanted == RF_HTTP_2 && rf_protocol_has_http2() && !rf_protocol_has_tls(url);
}

long
rf_protocol_version(RfHttpVersion wanted, const char *url)
{
	if (wanted == RF_HTTP_1_1 || !rf_protocol_has_http2())
		return CURL_HTTP_VERSION_1_1;
	if (rf_protocol_has_tls(url))
		return CURL_HTTP_VERSION_2TLS;
	return wanted == RF_HTTP_2 ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_1_1;
}
