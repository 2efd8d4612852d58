/*
 * keyed_hash.c
 *	  See keyed_hash.h. The names are those of RFC 2104.
 */
#include "base/keyed_hash.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* SHA-256 takes blocks of as many bytes. */
#define BLOCK RF_KEYED_HASH_KEY

struct RfKeyedHash
{
	EVP_MD_CTX *inner; /* after K xor ipad */
	EVP_MD_CTX *outer; /* after K xor opad */
	EVP_MD_CTX *message;
};

RfKeyedHash *
rf_keyed_hash_create(void)
{
	RfKeyedHash *hash = malloc(sizeof(RfKeyedHash));

	if (hash == NULL)
		return NULL;
	hash->inner = EVP_MD_CTX_new();
	hash->outer = EVP_MD_CTX_new();
	hash->message = EVP_MD_CTX_new();
	if (hash->inner != NULL && hash->outer != NULL && hash->message != NULL)
		return hash;
	EVP_MD_CTX_free(hash->inner);
	EVP_MD_CTX_free(hash->outer);
	EVP_MD_CTX_free(hash->message);
	free(hash);
	return NULL;
}

static bool
begin_with(EVP_MD_CTX *context, const unsigned char *key, size_t length, unsigned char pad)
{
	unsigned char block[BLOCK];

	memset(block, pad, BLOCK);
	for (size_t i = 0; i < length; i++)
		block[i] ^= key[i];
	return EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		EVP_DigestUpdate(context, block, BLOCK) == 1;
}

bool
rf_keyed_hash_set_key(RfKeyedHash *hash, const unsigned char *key, size_t length)
{
	return length <= BLOCK &&
		begin_with(hash->inner, key, length, 0x36) &&
		begin_with(hash->outer, key, length, 0x5c);
}

bool
rf_keyed_hash_begin(RfKeyedHash *hash)
{
	return EVP_MD_CTX_copy_ex(hash->message, hash->inner) == 1;
}

bool
rf_keyed_hash_add(RfKeyedHash *hash, const void *bytes, size_t length)
{
	return EVP_DigestUpdate(hash->message, bytes, length) == 1;
}

bool
rf_keyed_hash_end(RfKeyedHash *hash, unsigned char digest[RF_KEYED_HASH_LENGTH])
{
	return EVP_DigestFinal_ex(hash->message, digest, NULL) == 1 &&
		EVP_MD_CTX_copy_ex(hash->message, hash->outer) == 1 &&
		EVP_DigestUpdate(hash->message, digest, RF_KEYED_HASH_LENGTH) == 1 &&
		EVP_DigestFinal_ex(hash->message, digest, NULL) == 1;
}
