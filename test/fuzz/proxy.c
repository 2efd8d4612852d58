/* links: delivery/proxy.c */
/* libraries: -lcurl */
/*
 * proxy.c
 *	  The URL of a proxy, which an administrator wrote.
 */
#include <curl/curl.h>

#include "delivery/proxy.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *url = fuzz_string(bytes, length);

	if (rf_proxy_check(url) == NULL && url[0] != '\0')
	{
		CURLU *parts = curl_url();
		char  *host = NULL;

		holds(curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK);
		holds(curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK && host[0] != '\0');
		curl_free(host);
		curl_url_cleanup(parts);
	}
	free(url);
	return 0;
}
