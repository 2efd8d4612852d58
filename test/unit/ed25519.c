/* links: base/ed25519.c */
/* libraries: -lcrypto */
/*
 * ed25519.c
 *	  The vectors of RFC 8032, §7.1, and what must not verify.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ed25519.h"
#include "tap.h"

typedef struct Vector
{
	const char *name;
	const char *seed;
	const char *public_key;
	const char *message;
	const char *signature;
} Vector;

static const Vector vectors[] = {
	{"nothing",
	 "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	 "",
	 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
	 "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
	{"one byte",
	 "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	 "72",
	 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
	{"two bytes",
	 "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	 "af82",
	 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	 "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

/* Bytes of a text in hexadecimal; returns how many. */
static size_t
bytes_of(const char *hex, unsigned char *bytes)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++)
	{
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		bytes[i] = (unsigned char) strtoul(pair, NULL, 16);
	}
	return n;
}

static void
test_vector(const Vector *vector)
{
	unsigned char seed[RF_ED25519_SEED];
	unsigned char expected_public[RF_ED25519_PUBLIC];
	unsigned char public_key[RF_ED25519_PUBLIC];
	unsigned char message[16];
	unsigned char expected[RF_ED25519_SIGNATURE];
	unsigned char signature[RF_ED25519_SIGNATURE];
	size_t		  length = bytes_of(vector->message, message);

	bytes_of(vector->seed, seed);
	bytes_of(vector->public_key, expected_public);
	bytes_of(vector->signature, expected);
	ok(rf_ed25519_public(seed, public_key) &&
		   memcmp(public_key, expected_public, sizeof(public_key)) == 0,
	   "%s: the public key", vector->name);
	ok(rf_ed25519_sign(seed, message, length, signature) &&
		   memcmp(signature, expected, sizeof(signature)) == 0,
	   "%s: the signature", vector->name);
	ok(rf_ed25519_verify(public_key, message, length, signature), "%s: verifies", vector->name);
}

/* Every bit of key, message and signature counts. */
static void
test_changed_bits(void)
{
	unsigned char seed[RF_ED25519_SEED];
	unsigned char public_key[RF_ED25519_PUBLIC];
	unsigned char message[] = "msg_1.1614265330.{\"test\": 2432232314}";
	unsigned char signature[RF_ED25519_SIGNATURE];
	size_t		  length = sizeof(message) - 1;
	int			  verified = 0;

	bytes_of(vectors[0].seed, seed);
	ok(rf_ed25519_public(seed, public_key) &&
		   rf_ed25519_sign(seed, message, length, signature) &&
		   rf_ed25519_verify(public_key, message, length, signature),
	   "round trip");
	for (size_t i = 0; i < 8 * sizeof(signature); i++)
	{
		signature[i / 8] ^= 1 << i % 8;
		verified += rf_ed25519_verify(public_key, message, length, signature);
		signature[i / 8] ^= 1 << i % 8;
	}
	ok(verified == 0, "no changed signature verifies");
	for (size_t i = 0; i < 8 * length; i++)
	{
		message[i / 8] ^= 1 << i % 8;
		verified += rf_ed25519_verify(public_key, message, length, signature);
		message[i / 8] ^= 1 << i % 8;
	}
	ok(verified == 0, "nor does it fit a changed message");
	for (size_t i = 0; i < 8 * sizeof(public_key); i++)
	{
		public_key[i / 8] ^= 1 << i % 8;
		verified += rf_ed25519_verify(public_key, message, length, signature);
		public_key[i / 8] ^= 1 << i % 8;
	}
	ok(verified == 0, "nor another key");
	ok(!rf_ed25519_verify(public_key, message, length - 1, signature), "nor a shorter message");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		test_vector(&vectors[i]);
	test_changed_bits();
	return tap_done();
}
