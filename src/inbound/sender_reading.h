/*
 * sender_reading.h
 *	  A signed message, taken apart as its scheme says. Pure; see sender.h.
 */
#ifndef RF_SENDER_READING_H
#define RF_SENDER_READING_H

#include "inbound/sender.h"

typedef struct RfSenderSpan
{
	const char *start; /* NULL: there is none */
	size_t		length;
} RfSenderSpan;

typedef struct RfSenderSignature
{
	RfSenderSpan text; /* without its prefix */
	bool		 by_pair;
} RfSenderSignature;

/* A message, taken apart. */
typedef struct RfSenderReading
{
	const RfSenderScheme  *scheme;
	const RfSenderMessage *message;
	RfSenderVerdict		  *verdict;
	RfSenderSignature	   signatures[RF_SENDER_SIGNATURES_MAX];
	int					   nsignatures;
	RfSenderSpan		   timestamp;
	RfSenderSpan		   id;
} RfSenderReading;

/*
 * Read what the message says of its signature. False if it is not well made, or not
 * of this time; the verdict says why.
 */
extern bool rf_sender_read(RfSenderReading *reading);

/* Say why, once; returns false. */
__attribute__((format(printf, 2, 3))) extern bool rf_sender_refuse(RfSenderReading *reading,
																   const char	   *format, ...);

/* Take the prefix off; false if there is another one, or NULL is asked for. */
extern bool rf_sender_begins(RfSenderSpan *span, const char *prefix);

#endif /* RF_SENDER_READING_H */
