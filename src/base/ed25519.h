/*
 * ed25519.h
 *	  Signatures with a key pair, by OpenSSL. Pure: bytes in, bytes out, no
 *	  server, nothing kept.
 *
 * A private key is its seed of 32 bytes; the public key follows from it. All
 * functions return false if OpenSSL fails, for want of memory or of the
 * algorithm; rf_ed25519_verify() also if the signature is not right.
 */
#ifndef RF_ED25519_H
#define RF_ED25519_H

#include <stdbool.h>
#include <stddef.h>

#define RF_ED25519_SEED		 32
#define RF_ED25519_PUBLIC	 32
#define RF_ED25519_SIGNATURE 64

extern bool rf_ed25519_public(const unsigned char seed[RF_ED25519_SEED],
							  unsigned char		  public_key[RF_ED25519_PUBLIC]);
extern bool rf_ed25519_sign(const unsigned char seed[RF_ED25519_SEED],
							const void *message, size_t length,
							unsigned char signature[RF_ED25519_SIGNATURE]);
extern bool rf_ed25519_verify(const unsigned char public_key[RF_ED25519_PUBLIC],
							  const void *message, size_t length,
							  const unsigned char signature[RF_ED25519_SIGNATURE]);

#endif /* RF_ED25519_H */
