/*
 * protocol.h
 *	  Which version of HTTP is spoken with this libcurl.
 */
#ifndef RF_PROTOCOL_H
#define RF_PROTOCOL_H

#include "delivery/http.h"

/* Does HTTP/2 work with the library that is loaded? */
extern bool rf_protocol_has_http2(void);

/* Is the URL one of https? */
extern bool rf_protocol_has_tls(const char *url);

/* What to ask libcurl for: one of its CURL_HTTP_VERSION_... */
extern long rf_protocol_version(RfHttpVersion wanted, const char *url);

/* Is HTTP/2 spoken there without asking whether it is understood? */
extern bool rf_protocol_is_assumed(RfHttpVersion wanted, const char *url);

#endif /* RF_PROTOCOL_H */
