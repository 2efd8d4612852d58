/*
 * certificate.h
 *	  Whether certificates and keys in PEM can be used, as OpenSSL sees it.
 *	  Pure: texts in, a reason out, no server.
 *
 * The reason is a static text, NULL if nothing is wrong; it shows nothing of
 * what was given.
 */
#ifndef RF_CERTIFICATE_H
#define RF_CERTIFICATE_H

/* One certificate or several, and nothing else. */
extern const char *rf_certificate_check(const char *pem);

/* The private key of the first of these certificates, without a pass phrase. */
extern const char *rf_certificate_check_key(const char *certificates, const char *key);

#endif /* RF_CERTIFICATE_H */
