/* links: inbound/moment.c */
/*
 * moment.c
 *	  A time in somebody else's payload; after "#" one that is a JSON number.
 */
#include "fuzz.h"
#include "inbound/moment.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = fuzz_string(bytes, length);
	bool  is_number = text[0] == '#';
	char  written[RF_MOMENT_SIZE];

	memset(written, 'x', sizeof(written));
	if (rf_moment_rewrite(text + is_number, is_number, written))
	{
		holds(memchr(written, '\0', sizeof(written)) != NULL);
		holds(strspn(written, "0123456789-T:. UTCZ") == strlen(written));
		holds(strlen(written) >= strlen("2027-01-05") && written[strlen(written) - 1] != ' ');
	}
	free(text);
	return 0;
}
