/* links: delivery/certificate.c */
/* libraries: -lcrypto */
/*
 * certificate.c
 *	  Which certificates and private keys are refused, and why.
 */
#include <string.h>

#include "delivery/certificate.h"
#include "tap.h"

#define CERTIFICATE_BYTES \
	"MIIBLDCB36ADAgECAhR27iBKOAJ6HOwUQ5wEChvEzdiFOzAFBgMrZXAwDDEKMAgG\n" \
	"A1UEAwwBYTAeFw0yNjExMjQwMTQxMThaFw0zNjExMjEwMTQxMThaMAwxCjAIBgNV\n" \
	"BAMMAWEwKjAFBgMrZXADIQAzjyCqjsZU4mK6jXKpZ1vHyi9XgGajlePC+p04JgZZ\n" \
	"PaNTMFEwHQYDVR0OBBYEFMj1x7MbQhZbZtslrdaexSYfY+2zMB8GA1UdIwQYMBaA\n" \
	"FMj1x7MbQhZbZtslrdaexSYfY+2zMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA\n" \
	"eHRSsrTZi49pWLsoHYHKI6Y4GiF2uYUxVZMfuf7nUgE/BS7/AjK2/y0LtLVcx+P9\n" \
	"CS30YMsi61ePqOKeo/48Dw==\n"

#define KEY_BYTES \
	"MC4CAQAwBQYDK2VwBCIEIDbx/dXZ9EvVDXzke821V2jKa41YyPvYBhv6aWFTQ1Zc\n"

#define LOCKED_KEY_BYTES \
	"MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjJaiBxXvOLaQICCAAw\n" \
	"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEED0Y+bHyHIiuy8+1hinTJ4EQCEQ\n" \
	"qHscEq3hAndfzl7k7FjjmIflRC+8Usksr9b4ghw4Xdm0ICFGHp4+NV0XbLfGiLcv\n" \
	"6lY8dPjH3Lf7i0nZ9tM=\n"

#define BEGIN(what)		  "-----BEGIN " what "-----\n"
#define END(what)		  "-----END " what "-----\n"
#define CERTIFICATE		  BEGIN("CERTIFICATE") CERTIFICATE_BYTES END("CERTIFICATE")
#define KEY				  BEGIN("PRIVATE KEY") KEY_BYTES END("PRIVATE KEY")
#define LOCKED_KEY		  BEGIN("ENCRYPTED PRIVATE KEY") LOCKED_KEY_BYTES END("ENCRYPTED PRIVATE KEY")
#define ENCRYPTED_HEADERS "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
/* The bytes themselves are in the clear. */
#define LOCKED_CERTIFICATE \
	BEGIN("CERTIFICATE") \
	ENCRYPTED_HEADERS CERTIFICATE_BYTES END("CERTIFICATE")

static void
test_reason(const char *what, const char *got, const char *expected)
{
	ok(expected == NULL ? got == NULL : got != NULL && strcmp(got, expected) == 0, "%s: %s", what,
	   got == NULL ? "fine" : got);
}

int
main(void)
{
	test_reason("a certificate", rf_certificate_check(CERTIFICATE), NULL);
	test_reason("two", rf_certificate_check(CERTIFICATE CERTIFICATE), NULL);
	test_reason("nothing", rf_certificate_check(""), "it holds no certificate");
	test_reason("a key", rf_certificate_check(CERTIFICATE KEY),
				"it holds something else than certificates");
	test_reason("a part", rf_certificate_check(BEGIN("CERTIFICATE") CERTIFICATE_BYTES),
				"it is not complete");
	test_reason("other bytes", rf_certificate_check(BEGIN("CERTIFICATE") "AAAA\n" END("CERTIFICATE")),
				"a certificate in it cannot be read");
	test_reason("headers of encryption", rf_certificate_check(LOCKED_CERTIFICATE),
				"a certificate in it is encrypted");
	test_reason("its key", rf_certificate_check_key(CERTIFICATE, KEY), NULL);
	test_reason("a locked key", rf_certificate_check_key(CERTIFICATE, LOCKED_KEY),
				"it has a pass phrase");
	test_reason("no key", rf_certificate_check_key(CERTIFICATE, CERTIFICATE),
				"it holds no private key that can be read");
	return tap_done();
}
