/*
 * proxy.c
 *	  See proxy.h.
 *
 * Of SOCKS only 5h is taken: the proxy resolves the names, so what they resolve
 * to is the proxy's to judge. With the other kinds we would, without dialling
 * what we judged.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <string.h>

#include "delivery/proxy.h"

char *rf_proxy = NULL;

static bool
proxy_begins(const char *url, const char *prefix)
{
	return strncmp(url, prefix, strlen(prefix)) == 0;
}

static bool
proxy_has_only_printable(const char *url)
{
	for (; *url != '\0'; url++)
	{
		if ((unsigned char) *url <= ' ' || (unsigned char) *url >= 0x7f)
			return false;
	}
	return true;
}

static bool
proxy_has_path(CURLU *parts)
{
	char *path = NULL;
	char *query = NULL;
	char *fragment = NULL;
	bool  has;

	curl_url_get(parts, CURLUPART_PATH, &path, 0);
	curl_url_get(parts, CURLUPART_QUERY, &query, 0);
	curl_url_get(parts, CURLUPART_FRAGMENT, &fragment, 0);
	has = (path != NULL && strcmp(path, "/") != 0 && path[0] != '\0') ||
		query != NULL || fragment != NULL;
	curl_free(path);
	curl_free(query);
	curl_free(fragment);
	return has;
}

const char *
rf_proxy_check(const char *url)
{
	const char *wrong = NULL;
	CURLU	   *parts;

	if (url == NULL || url[0] == '\0')
		return NULL;
	if (!proxy_has_only_printable(url))
		return "it contains a space, a control character or a character outside ASCII";
	if (!proxy_begins(url, "http://") && !proxy_begins(url, "https://") &&
		!proxy_begins(url, "socks5h://"))
		return "it does not begin with http://, https:// or socks5h://";
	parts = curl_url();
	if (parts == NULL)
		return "there is no memory to parse it";
	if (curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		wrong = "it cannot be parsed";
	else if (proxy_has_path(parts))
		wrong = "it has a path";
	curl_url_cleanup(parts);
	return wrong;
}
