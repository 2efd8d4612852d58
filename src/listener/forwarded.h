/*
 * forwarded.h
 *	  Who a request comes from if proxies pass it on. Pure: text in, address out.
 *
 * Each proxy adds at the end of X-Forwarded-For whom it got the request from, so
 * the header is read from its end, and only as far as those are trusted who say
 * it: what stands before the first address that is not trusted is anybody's claim.
 */
#ifndef RF_FORWARDED_H
#define RF_FORWARDED_H

#include <stdbool.h>

#include "delivery/address.h"

/*
 * Read one header, the last one first if there are several. *client, which a
 * trusted one told us to be, becomes who it comes from as far as this header
 * tells. True if that is decided; false if all in it are trusted, so that the
 * header before it may tell more.
 */
extern bool rf_forwarded_read(const char *value, const RfNetworks *trusted,
							  struct sockaddr_storage *client);

#endif /* RF_FORWARDED_H */
