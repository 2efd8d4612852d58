/* links: base/signature.c base/ed25519.c */
/* libraries: -lpgcommon -lpgport -lcrypto */
/* libraries: -no-pie -Wl,--unresolved-symbols=ignore-in-object-files */
/*
 * key.c
 *	  A signing secret, as somebody wrote it. Of the server only the code for
 *	  base64 is linked; nothing else is called.
 */
#include "postgres.h"

#include "base/signature.h"
#include "fuzz.h"

/* The decoder is the server's and not instrumented: what lies behind is looked at. */
typedef struct Guarded
{
	RfKey	key;
	uint8_t guard[64];
} Guarded;

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char	*secret = fuzz_string(bytes, length);
	Guarded *guarded = malloc(sizeof(Guarded));

	memset(guarded->guard, 0x5a, sizeof(guarded->guard));
	if (rf_signature_decode_key(secret, &guarded->key))
		holds(guarded->key.length > 0 && guarded->key.length <= RF_KEY_MAX);
	for (size_t i = 0; i < sizeof(guarded->guard); i++)
		holds(guarded->guard[i] == 0x5a);
	free(guarded);
	free(secret);
	return 0;
}
