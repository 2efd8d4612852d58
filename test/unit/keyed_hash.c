/* links: base/keyed_hash.c */
/* libraries: -lcrypto */
/*
 * keyed_hash.c
 *	  HMAC-SHA256 as RFC 4231 has it, in one part and in many.
 */
#include <string.h>

#include "base/keyed_hash.h"
#include "tap.h"

typedef struct Case
{
	const char *key;
	const char *message;
	const char *digest;
} Case;

static const Case cases[] = {
	{"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", "Hi There",
	 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{"Jefe", "what do ya want for nothing?",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
};

static const char *
hex(const unsigned char digest[RF_KEYED_HASH_LENGTH])
{
	static char text[2 * RF_KEYED_HASH_LENGTH + 1];

	for (int i = 0; i < RF_KEYED_HASH_LENGTH; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	return text;
}

static const char *
hashed(RfKeyedHash *hash, const char *message, size_t part)
{
	unsigned char digest[RF_KEYED_HASH_LENGTH];
	bool		  done = rf_keyed_hash_begin(hash);

	for (size_t left = strlen(message); left > 0; left -= part, message += part)
	{
		part = part < left ? part : left;
		done = done && rf_keyed_hash_add(hash, message, part);
	}
	return done && rf_keyed_hash_end(hash, digest) ? hex(digest) : "failed";
}

int
main(void)
{
	RfKeyedHash	 *hash = rf_keyed_hash_create();
	unsigned char key[RF_KEYED_HASH_KEY + 1] = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case *c = &cases[i];

		ok(rf_keyed_hash_set_key(hash, (const unsigned char *) c->key, strlen(c->key)), "a key");
		ok(strcmp(hashed(hash, c->message, 1000), c->digest) == 0, "\"%s\"", c->message);
		ok(strcmp(hashed(hash, c->message, 3), c->digest) == 0, "the same again, in parts");
	}
	ok(rf_keyed_hash_set_key(hash, key, RF_KEYED_HASH_KEY), "the longest key");
	ok(!rf_keyed_hash_set_key(hash, key, RF_KEYED_HASH_KEY + 1), "a longer one is refused");
	return tap_done();
}
