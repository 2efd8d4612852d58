/* links: inbound/media.c */
/*
 * media.c
 *	  The Content-Type of a call.
 */
#define _GNU_SOURCE /* strcasestr */

#include "fuzz.h"
#include "inbound/media.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char   *type = fuzz_string(bytes, length);
	RfMedia media = rf_media(type);

	if (media == RF_MEDIA_JSON)
		holds(strcasestr(type, "json") != NULL);
	if (media == RF_MEDIA_FORM)
		holds(strcasestr(type, "application/x-www-form-urlencoded") != NULL);
	if (media == RF_MEDIA_OTHER_CHARSET)
		holds(strcasestr(type, "charset") != NULL);
	free(type);
	return 0;
}
