/*
 * signature.h
 *	  Signatures of Standard Webhooks, version 1: base64 of the HMAC-SHA256 of
 *	  "id.timestamp.body" with the decoded secret.
 */
#ifndef RF_SIGNATURE_H
#define RF_SIGNATURE_H

#include "fmgr.h"

/* Longest decoded secret, in bytes. */
#define RF_KEY_MAX 256

/* "v1," with the signature and a terminating zero. */
#define RF_SIGNATURE_SIZE (3 + 44 + 1)

typedef struct RfKey
{
	int	  length;
	uint8 bytes[RF_KEY_MAX];
} RfKey;

/* What is signed. */
typedef struct RfSigned
{
	const char *id;
	int64		timestamp; /* seconds since 1970 */
	const void *body;
	size_t		length;
} RfSigned;

/*
 * Decode a secret, with or without "whsec_". False if it is empty, too long or
 * no base64.
 */
extern bool rf_signature_decode_key(const char *secret, RfKey *key);

/*
 * Write the signature, "v1,...". Needs no transaction: the courier signs while
 * none is open. Raises an error only if the library of ciphers fails.
 */
extern void rf_signature_make(const RfKey *key, const RfSigned *message,
							  char signature[RF_SIGNATURE_SIZE]);

#endif /* RF_SIGNATURE_H */
