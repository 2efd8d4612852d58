/* links: delivery/certificate.c */
/* libraries: -lcrypto */
/*
 * certificate.c
 *	  Certificates and a private key in PEM, as somebody pasted them. OpenSSL
 *	  asks at the terminal for pass phrases that it misses; it must never come
 *	  to that.
 */
#include <openssl/ui.h>

#include "delivery/certificate.h"
#include "fuzz.h"

static int
never_ask(UI *ui)
{
	(void) ui;
	holds(!"asked at the terminal");
	return 0;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	UI_METHOD *method = UI_create_method("never");

	(void) argc;
	(void) argv;
	UI_method_set_opener(method, never_ask);
	UI_set_default_method(method);
	return 0;
}

/* The two parts are separated by the first "|", of which PEM has none. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *certificates = fuzz_string(bytes, length);
	char *bar = strchr(certificates, '|');
	char *key = strdup(bar == NULL ? certificates : bar + 1);

	if (bar != NULL)
		*bar = '\0';
	if (rf_certificate_check(certificates) == NULL)
		rf_certificate_check_key(certificates, key);
	free(key);
	free(certificates);
	return 0;
}
