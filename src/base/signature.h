/*
 * signature.h
 *	  Signatures of Standard Webhooks, of "id.timestamp.body":
 *
 *	  v1	base64 of the HMAC-SHA256 with a secret that both sides have, "whsec_"
 *			and base64 of 1 to 256 bytes
 *	  v1a	base64 of the ed25519 signature. The sender has "whsk_" and base64 of
 *			the seed, as a rule followed by the public key; the receiver has
 *			"whpk_" and base64 of the public key
 */
#ifndef RF_SIGNATURE_H
#define RF_SIGNATURE_H

#include "fmgr.h"

#include "base/ed25519.h"

/* Longest decoded secret, in bytes. */
#define RF_KEY_MAX 256

/* Bytes of a private key: the seed and the public key that follows from it. */
#define RF_KEY_PAIR (RF_ED25519_SEED + RF_ED25519_PUBLIC)

/* A secret in text, and its terminating zero. */
#define RF_SECRET_SIZE 512

/* "v1a," with the longer of the signatures and a terminating zero. */
#define RF_SIGNATURE_SIZE (4 + 88 + 1)

typedef enum RfKeyKind
{
	RF_KEY_SHARED,	/* whsec_ */
	RF_KEY_PRIVATE, /* whsk_ */
	RF_KEY_PUBLIC	/* whpk_ */
} RfKeyKind;

typedef struct RfKey
{
	RfKeyKind kind;
	int		  length;
	uint8	  bytes[RF_KEY_MAX]; /* private: the pair */
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
 * Decode a secret; without a prefix it is a shared one. False if it is empty,
 * of a wrong length or no base64, or if the halves of a pair do not fit.
 */
extern bool rf_signature_decode_key(const char *secret, RfKey *key);

/* The text of a key that is shared or private. */
extern void rf_signature_encode_key(const RfKey *key, char secret[RF_SECRET_SIZE]);

/* What the receiver needs: the shared secret, or the public key of a private one. */
extern void rf_signature_encode_receiver_key(const RfKey *key, char secret[RF_SECRET_SIZE]);

/* A new key from that many random bytes: RF_SIGNATURE_RANDOM of them. */
#define RF_SIGNATURE_RANDOM 32
extern void rf_signature_key_from_random(RfKeyKind kind, const uint8 random[RF_SIGNATURE_RANDOM],
										 RfKey *key);

/*
 * Write the signature, "v1,..." or "v1a,...". The key is not a public one. Needs
 * no transaction: the courier signs while none is open. Raises an error only if
 * the library of ciphers fails.
 */
extern void rf_signature_make(const RfKey *key, const RfSigned *message,
							  char signature[RF_SIGNATURE_SIZE]);

#endif /* RF_SIGNATURE_H */
