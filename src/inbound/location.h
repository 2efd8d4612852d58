/*
 * location.h
 *	  Where to a visitor may be sent. Pure: bytes in, bytes out.
 *
 * A landing page is what somebody wrote into a row, and a header of HTTP is no place
 * for all of that. As browsers do with what is typed, spaces around a URL go, and so
 * do line ends and tabs within; what no URL may contain is percent-encoded, which
 * leaves nothing but printable ASCII.
 */
#ifndef RF_LOCATION_H
#define RF_LOCATION_H

#include <stdbool.h>
#include <stddef.h>

/* A longer one is not sent: not every server and proxy on the way would take it. */
#define RF_LOCATION_MAX 8000

/*
 * Write the URL as a header's value, of at most RF_LOCATION_MAX bytes and the zero
 * after them. False if it is longer, or no http or https URL with a host. Non-ASCII
 * text is taken to be UTF-8.
 */
extern bool rf_location_write(const char *url, char location[RF_LOCATION_MAX + 1]);

#endif /* RF_LOCATION_H */
