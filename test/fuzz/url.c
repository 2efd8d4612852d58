/* links: delivery/target.c delivery/address.c */
/* libraries: -lcurl */
/*
 * url.c
 *	  The URL of a webhook, which people write who may mean ill: what passes must
 *	  be dialled where it seems to lead.
 */
#include <curl/curl.h>

#include "delivery/target.h"
#include "fuzz.h"

static const RfNetworks none;

static char *
url_part(CURLU *parts, CURLUPart part)
{
	char *value = NULL;

	return curl_url_get(parts, part, &value, 0) == CURLUE_OK ? value : NULL;
}

/* The host that libcurl will look up, without the brackets of IPv6. */
static bool
url_host_may_be_dialled(const char *host)
{
	struct sockaddr_storage address;
	char				   *bare = strdup(host + (*host == '['));
	bool					may;

	bare[strcspn(bare, "]")] = '\0';
	may = !rf_address_parse(bare, &address) ||
		rf_address_forbidden((struct sockaddr *) &address, &none, &none) == NULL;
	free(bare);
	return may;
}

static void
url_passed(const char *url)
{
	CURLU *parts = curl_url();
	char  *host;
	char  *scheme;

	holds(strlen(url) <= RF_TARGET_MAX_LENGTH);
	holds(curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK);
	scheme = url_part(parts, CURLUPART_SCHEME);
	host = url_part(parts, CURLUPART_HOST);
	holds(scheme != NULL && strncmp(scheme, "http", 4) == 0);
	holds(host != NULL && host[0] != '\0');
	holds(url_host_may_be_dialled(host));
	holds(url_part(parts, CURLUPART_USER) == NULL);
	holds(url_part(parts, CURLUPART_PASSWORD) == NULL);
	holds(url_part(parts, CURLUPART_FRAGMENT) == NULL);
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(parts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char	*url = fuzz_string(bytes, length);
	RfTarget strict = rf_target_check(url, false, &none);
	RfTarget lenient = rf_target_check(url, true, &none);

	holds((strict.verdict == RF_TARGET_FINE) == (strict.reason == NULL));
	if (strict.verdict == RF_TARGET_FINE)
		holds(lenient.verdict == RF_TARGET_FINE && strncasecmp(url, "https", 5) == 0);
	if (lenient.verdict == RF_TARGET_FINE)
		url_passed(url);
	free(url);
	return 0;
}
