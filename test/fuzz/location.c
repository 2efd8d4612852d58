/* links: inbound/location.c */
/*
 * location.c
 *	  A landing page as it is sent in the header Location.
 */
#include "fuzz.h"
#include "inbound/location.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *url = fuzz_string(bytes, length);
	char  location[RF_LOCATION_MAX + 1];
	char  again[RF_LOCATION_MAX + 1];

	if (rf_location_write(url, location))
	{
		holds(strlen(location) <= RF_LOCATION_MAX);
		holds(strncasecmp(location, "http://", 7) == 0 || strncasecmp(location, "https://", 8) == 0);
		for (const char *c = location; *c != '\0'; c++)
			holds(*c > 0x20 && *c < 0x7f);
		/* What may be sent is sent as it is. */
		holds(rf_location_write(location, again) && strcmp(location, again) == 0);
	}
	free(url);
	return 0;
}
