/*
 * header.h
 *	  A header of a call.
 */
#ifndef RF_HEADER_H
#define RF_HEADER_H

typedef struct RfRequestHeader
{
	const char *name; /* in lower case */
	const char *value;
} RfRequestHeader;

#endif /* RF_HEADER_H */
