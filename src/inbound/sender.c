/*
 * sender.c
 *	  See sender.h.
 *
 * What was sent is never decoded: the signature is made of our key and written as
 * the sender would, and the texts are compared. Only those of key pairs must be
 * decoded, to bytes of one length.
 */
#include "inbound/sender.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/ed25519.h"
#include "inbound/sender_reading.h"

/* A digest of 64 bytes in hex, and a zero. */
#define WRITTEN_SIZE (2 * EVP_MAX_MD_SIZE + 1)

/* Base64 of a signature by a key pair, and what decoding that may write. */
#define PAIR_BASE64 88
#define PAIR_BYTES	66

/* ---- schemes -------------------------------------------------------------- */

/* What Standard Webhooks was before it was a standard. */
static const RfSenderScheme scheme_svix = {
	.header = "svix-signature",
	.separator = ' ',
	.prefix = "v1,",
	.pair_prefix = "v1a,",
	.time_header = "svix-timestamp",
	.id_header = "svix-id",
	.content = "{id}.{timestamp}.{body}",
	.encoding = RF_SENDER_BASE64};

static const struct
{
	const char	  *name;
	RfSenderScheme scheme;
} sender_schemes[] = {
	{"standard",
	 {.header = "webhook-signature",
	  .separator = ' ',
	  .prefix = "v1,",
	  .pair_prefix = "v1a,",
	  .time_header = "webhook-timestamp",
	  .id_header = "webhook-id",
	  .content = "{id}.{timestamp}.{body}",
	  .encoding = RF_SENDER_BASE64,
	  .otherwise = &scheme_svix}},
	{"stripe",
	 {.header = "stripe-signature",
	  .separator = ',',
	  .prefix = "v1=",
	  .time_prefix = "t=",
	  .content = "{timestamp}.{body}",
	  .encoding = RF_SENDER_HEX}},
	{"shopify",
	 {.header = "x-shopify-hmac-sha256",
	  .prefix = "",
	  .id_header = "x-shopify-webhook-id",
	  .content = "{body}",
	  .encoding = RF_SENDER_BASE64}},
	{"github",
	 {.header = "x-hub-signature-256",
	  .prefix = "sha256=",
	  .id_header = "x-github-delivery",
	  .content = "{body}",
	  .encoding = RF_SENDER_HEX}},
	{"paddle",
	 {.header = "paddle-signature",
	  .separator = ';',
	  .prefix = "h1=",
	  .time_prefix = "ts=",
	  .content = "{timestamp}:{body}",
	  .encoding = RF_SENDER_HEX}}};

const RfSenderScheme *
rf_sender_scheme(const char *name)
{
	for (size_t i = 0; i < sizeof(sender_schemes) / sizeof(sender_schemes[0]); i++)
	{
		if (strcmp(sender_schemes[i].name, name) == 0)
			return &sender_schemes[i].scheme;
	}
	return NULL;
}

/* ---- what is signed ------------------------------------------------------- */

/* The next piece of the content, and what follows it. */
static RfSenderSpan
sender_piece(const RfSenderReading *reading, const char **content)
{
	RfSenderSpan rest = {*content, strlen(*content)};
	RfSenderSpan body = {reading->message->body, reading->message->length};
	RfSenderSpan piece;
	size_t		 plain;

	if (rf_sender_begins(&rest, RF_SENDER_ID))
		piece = reading->id;
	else if (rf_sender_begins(&rest, RF_SENDER_TIMESTAMP))
		piece = reading->timestamp;
	else if (rf_sender_begins(&rest, RF_SENDER_BODY))
		piece = body;
	else
	{
		plain = 1 + strcspn(*content + 1, "{");
		piece = (RfSenderSpan){*content, plain};
		rest.start += plain;
	}
	*content = rest.start;
	return piece;
}

/* All pieces, one after the other, allocated; NULL for want of memory. */
static unsigned char *
sender_content(const RfSenderReading *reading, size_t *length)
{
	unsigned char *bytes;
	const char	  *content;

	*length = 0;
	for (content = reading->scheme->content; *content != '\0';)
		*length += sender_piece(reading, &content).length;
	bytes = malloc(*length + 1);
	if (bytes == NULL)
		return NULL;
	*length = 0;
	for (content = reading->scheme->content; *content != '\0';)
	{
		RfSenderSpan piece = sender_piece(reading, &content);

		if (piece.length > 0)
			memcpy(bytes + *length, piece.start, piece.length);
		*length += piece.length;
	}
	return bytes;
}

/* ---- comparing ------------------------------------------------------------ */

static void
sender_write_hex(char *text, const unsigned char *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++)
	{
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * length] = '\0';
}

/* The signature that the key gives, as it would be sent. False if OpenSSL failed. */
static bool
sender_sign(const RfSenderScheme *scheme, const RfSenderKey *key, const unsigned char *content,
			size_t length, char text[WRITTEN_SIZE])
{
	const EVP_MD *digest = scheme->digest == RF_SENDER_SHA512 ? EVP_sha512()
		: scheme->digest == RF_SENDER_SHA1					  ? EVP_sha1()
															  : EVP_sha256();
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int  nbytes;

	if (HMAC(digest, key->bytes, (int) key->length, content, length, bytes, &nbytes) == NULL)
		return false;
	if (scheme->encoding == RF_SENDER_HEX)
		sender_write_hex(text, bytes, nbytes);
	else
		EVP_EncodeBlock((unsigned char *) text, bytes, (int) nbytes);
	return true;
}

/* In the same time wherever they differ. Hex may be in capitals. */
static bool
sender_equals(const char *expected, RfSenderSpan given, RfSenderEncoding encoding)
{
	unsigned char difference = 0;

	if (given.length != strlen(expected))
		return false;
	for (size_t i = 0; i < given.length; i++)
	{
		char c = given.start[i];

		if (encoding == RF_SENDER_HEX && c >= 'A' && c <= 'F')
			c = c - 'A' + 'a';
		difference |= (unsigned char) c ^ (unsigned char) expected[i];
	}
	return difference == 0;
}

static bool
sender_verify_shared(const RfSenderReading *reading, const RfSenderKey *key,
					 const unsigned char *content, size_t length)
{
	char text[WRITTEN_SIZE];
	bool found = false;

	if (!sender_sign(reading->scheme, key, content, length, text))
		return false;
	for (int i = 0; i < reading->nsignatures; i++)
	{
		const RfSenderSignature *signature = &reading->signatures[i];

		if (!signature->by_pair &&
			sender_equals(text, signature->text, reading->scheme->encoding))
			found = true;
	}
	return found;
}

static bool
sender_verify_pair(const RfSenderReading *reading, const RfSenderKey *key,
				   const unsigned char *content, size_t length)
{
	if (key->length != RF_ED25519_PUBLIC)
		return false;
	for (int i = 0; i < reading->nsignatures; i++)
	{
		const RfSenderSignature *signature = &reading->signatures[i];
		unsigned char			 bytes[PAIR_BYTES];

		if (signature->by_pair && signature->text.length == PAIR_BASE64 &&
			EVP_DecodeBlock(bytes, (const unsigned char *) signature->text.start,
							PAIR_BASE64) == PAIR_BYTES &&
			rf_ed25519_verify(key->bytes, content, length, bytes))
			return true;
	}
	return false;
}

bool
rf_sender_verify(const RfSenderScheme *scheme, const RfSenderKey *keys, int nkeys,
				 const RfSenderMessage *message, RfSenderVerdict *verdict)
{
	RfSenderReading reading = {.scheme = scheme, .message = message, .verdict = verdict};
	unsigned char  *content;
	size_t			length;
	bool			found = false;

	verdict->reason[0] = verdict->message_id[0] = '\0';
	if (!rf_sender_read(&reading))
		return false;
	content = sender_content(&reading, &length);
	if (content == NULL)
		return rf_sender_refuse(&reading, "the signature could not be checked: out of memory");
	for (int i = 0; i < nkeys && !found; i++)
		found = keys[i].is_public ? sender_verify_pair(&reading, &keys[i], content, length)
								  : sender_verify_shared(&reading, &keys[i], content, length);
	free(content);
	if (!found)
		return rf_sender_refuse(&reading, "the signature is not right");
	if (reading.id.length > 0)
		memcpy(verdict->message_id, reading.id.start, reading.id.length);
	verdict->message_id[reading.id.length] = '\0';
	return true;
}
