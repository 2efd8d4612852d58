/*
 * sender.h
 *	  Is a call from whom its signature says? Pure: no server, no clock of its
 *	  own; every byte of a message is foreign.
 *
 * Senders differ in where they put the signature, how they write it, and what is
 * signed besides the body; all of that is a scheme's to say, and one way to check
 * them serves all. What a message may make us do is bounded: so many signatures,
 * each compared with what so many keys give.
 */
#ifndef RF_SENDER_H
#define RF_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inbound/header.h"

/* How far a sender's clock may be from ours, in seconds. */
#define RF_SENDER_TOLERANCE 300

/* Signatures of one message that are looked at; with more it is refused. */
#define RF_SENDER_SIGNATURES_MAX 16

/* Longest id of a message. */
#define RF_SENDER_ID_MAX 255

typedef enum RfSenderEncoding
{
	RF_SENDER_HEX,
	RF_SENDER_BASE64
} RfSenderEncoding;

typedef enum RfSenderDigest
{
	RF_SENDER_SHA256,
	RF_SENDER_SHA512,
	RF_SENDER_SHA1
} RfSenderDigest;

/* Names of headers are in lower case; NULL: the scheme has no such thing. */
typedef struct RfSenderScheme
{
	const char		*header;	  /* holds the signature, or several items */
	char			 separator;	  /* between those; 0: it is one */
	const char		*prefix;	  /* of a signature; "" for none */
	const char		*pair_prefix; /* of one made with a key pair */
	const char		*time_prefix; /* of the item that says when it was signed */
	const char		*time_header; /* which says that, where no item does */
	const char		*id_header;	  /* what the sender calls the message */
	const char		*content;	  /* what is signed; see below */
	RfSenderEncoding encoding;
	RfSenderDigest	 digest;

	/* Of a message that does not have the header: other names of the same. */
	const struct RfSenderScheme *otherwise;
} RfSenderScheme;

/*
 * In a scheme's content {id}, {timestamp} and {body} stand for what the message
 * has of these, {id} only once and so on: "v0:{timestamp}:{body}". An id that is
 * not part of it may be missing.
 */
#define RF_SENDER_ID		"{id}"
#define RF_SENDER_TIMESTAMP "{timestamp}"
#define RF_SENDER_BODY		"{body}"

/* "standard", "stripe", "shopify", "github", "paddle"; NULL for another name. */
extern const RfSenderScheme *rf_sender_scheme(const char *name);

typedef struct RfSenderKey
{
	bool				 is_public; /* ed25519, of a key pair */
	const unsigned char *bytes;
	size_t				 length;
} RfSenderKey;

typedef struct RfSenderMessage
{
	const RfRequestHeader *headers;
	int					   nheaders;
	const void			  *body;
	size_t				   length;
	int64_t				   now; /* seconds since 1970 */
} RfSenderMessage;

typedef struct RfSenderVerdict
{
	char reason[160];					   /* for the caller, if it is refused */
	char message_id[RF_SENDER_ID_MAX + 1]; /* "": none */
} RfSenderVerdict;

/* Is one of the signatures right by one of the keys, and of this time? */
extern bool rf_sender_verify(const RfSenderScheme *scheme, const RfSenderKey *keys, int nkeys,
							 const RfSenderMessage *message, RfSenderVerdict *verdict);

#endif /* RF_SENDER_H */
