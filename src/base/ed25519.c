/*
 * ed25519.c
 *	  See ed25519.h.
 */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/ed25519.h"

/* What OpenSSL noted of a failure must not be found by whoever asks it next. */
static bool
ed25519_end(bool result, EVP_PKEY *key, EVP_MD_CTX *context)
{
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	if (!result)
		ERR_clear_error();
	return result;
}

bool
rf_ed25519_public(const unsigned char seed[RF_ED25519_SEED],
				  unsigned char		  public_key[RF_ED25519_PUBLIC])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, RF_ED25519_SEED);
	size_t	  length = RF_ED25519_PUBLIC;

	return ed25519_end(key != NULL &&
						   EVP_PKEY_get_raw_public_key(key, public_key, &length) == 1 &&
						   length == RF_ED25519_PUBLIC,
					   key, NULL);
}

bool
rf_ed25519_sign(const unsigned char seed[RF_ED25519_SEED], const void *message, size_t length,
				unsigned char signature[RF_ED25519_SIGNATURE])
{
	EVP_PKEY   *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, RF_ED25519_SEED);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t		size = RF_ED25519_SIGNATURE;

	return ed25519_end(key != NULL && context != NULL &&
						   EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
						   EVP_DigestSign(context, signature, &size, message, length) == 1 &&
						   size == RF_ED25519_SIGNATURE,
					   key, context);
}

bool
rf_ed25519_verify(const unsigned char public_key[RF_ED25519_PUBLIC],
				  const void *message, size_t length,
				  const unsigned char signature[RF_ED25519_SIGNATURE])
{
	EVP_PKEY   *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key,
												  RF_ED25519_PUBLIC);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	return ed25519_end(key != NULL && context != NULL &&
						   EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
						   EVP_DigestVerify(context, signature, RF_ED25519_SIGNATURE,
											message, length) == 1,
					   key, context);
}
