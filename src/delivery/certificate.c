/*
 * certificate.c
 *	  See certificate.h.
 */
#include <stdbool.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "delivery/certificate.h"

static const char out_of_memory[] = "out of memory";

/* What OpenSSL noted of a failure must not be found by whoever asks it next. */
static const char *
certificate_reason(const char *reason)
{
	ERR_clear_error();
	return reason;
}

/* Headers say that a block is encrypted: whoever reads it would need a pass phrase. */
static const char *
certificate_check_block(const char *name, const char *header, const unsigned char *bytes,
						long length)
{
	X509 *certificate;

	if (strcmp(name, PEM_STRING_X509) != 0)
		return "it holds something else than certificates";
	if (header[0] != '\0')
		return "a certificate in it is encrypted";
	certificate = d2i_X509(NULL, &bytes, length);
	if (certificate == NULL)
		return "a certificate in it cannot be read";
	X509_free(certificate);
	return NULL;
}

/* The next block of it; false at the end. */
static bool
certificate_check_next(BIO *bio, const char **reason)
{
	char		  *name = NULL;
	char		  *header = NULL;
	unsigned char *bytes = NULL;
	long		   length = 0;

	if (PEM_read_bio(bio, &name, &header, &bytes, &length) != 1)
	{
		if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
			*reason = "it is not complete";
		return false;
	}
	*reason = certificate_check_block(name, header, bytes, length);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(bytes, length);
	return true;
}

const char *
rf_certificate_check(const char *pem)
{
	BIO		   *bio = BIO_new_mem_buf(pem, -1);
	const char *reason = NULL;
	int			n = 0;

	if (bio == NULL)
		return certificate_reason(out_of_memory);
	while (reason == NULL && certificate_check_next(bio, &reason))
		n++;
	BIO_free(bio);
	if (reason == NULL && n == 0)
		reason = "it holds no certificate";
	return certificate_reason(reason);
}

/* Without an answer OpenSSL would ask at the terminal. */
static int
certificate_refuse_phrase(char *buffer, int size, int writing, void *arg)
{
	bool *asked = arg;

	(void) buffer;
	(void) size;
	(void) writing;
	*asked = true;
	return -1;
}

static const char *
certificate_compare(BIO *certificates, BIO *private)
{
	bool		asked = false;
	EVP_PKEY   *key = PEM_read_bio_PrivateKey(private, NULL, certificate_refuse_phrase, &asked);
	X509	   *certificate = PEM_read_bio_X509(certificates, NULL, certificate_refuse_phrase,
												&asked);
	const char *reason = NULL;

	if (asked)
		reason = "it has a pass phrase";
	else if (key == NULL)
		reason = "it holds no private key that can be read";
	else if (certificate == NULL || X509_check_private_key(certificate, key) != 1)
		reason = "it is not that of the first certificate";
	X509_free(certificate);
	EVP_PKEY_free(key);
	return reason;
}

const char *
rf_certificate_check_key(const char *certificates, const char *key)
{
	BIO *bio = BIO_new_mem_buf(certificates, -1);
	BIO *private = BIO_new_mem_buf(key, -1);
	const char *reason = out_of_memory;

	if (bio != NULL && private != NULL)
		reason = certificate_compare(bio, private);
	BIO_free(bio);
	BIO_free(private);
	return certificate_reason(reason);
}
