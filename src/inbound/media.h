/*
 * media.h
 *	  What a body is, as its Content-Type says.
 */
#ifndef RF_MEDIA_H
#define RF_MEDIA_H

typedef enum RfMedia
{
	RF_MEDIA_NONE, /* no type was given */
	RF_MEDIA_FORM, /* application/x-www-form-urlencoded */
	RF_MEDIA_JSON, /* application/json, or any type that ends in "+json" */
	RF_MEDIA_OTHER,
	RF_MEDIA_OTHER_CHARSET /* a form or JSON, but not in UTF-8 */
} RfMedia;

/* NULL or empty: none. */
extern RfMedia rf_media(const char *content_type);

#endif /* RF_MEDIA_H */
