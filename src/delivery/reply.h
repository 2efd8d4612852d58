/*
 * reply.h
 *	  What is kept of an answer: headers that say how to go on, or that help to
 *	  find the request in the receiver's logs, and the first bytes of the body.
 *	  Pure; every byte that comes in is foreign.
 *
 * Buffers are fixed, so that nothing here allocates, whatever is sent.
 */
#ifndef RF_REPLY_H
#define RF_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#define RF_REPLY_BODY_KEPT	  4096		  /* bytes */
#define RF_REPLY_BODY_MAX	  (64 * 1024) /* what is read of one */
#define RF_REPLY_HEADERS_KEPT 1024
#define RF_REPLY_HEADERS_MAX  (16 * 1024) /* of all of them together */

/* What the header "webhook-delivery" asks for. */
typedef enum RfHttpWish
{
	RF_WISH_NONE,
	RF_WISH_DISABLE, /* send nothing more */
	RF_WISH_ABORT	 /* do not send this one again */
} RfHttpWish;

typedef struct RfReply
{
	size_t	   header_bytes;
	size_t	   body_bytes;
	bool	   headers_too_long; /* more than we read: the answer is refused */
	bool	   body_cut;		 /* more than we read: enough is enough */
	RfHttpWish wish;
	char	   retry_after[64]; /* empty: none */
	int		   headers_length;
	char	   headers[RF_REPLY_HEADERS_KEPT]; /* "name: value" lines of printable ASCII */
	int		   body_length;
	char	   body[RF_REPLY_BODY_KEPT];
} RfReply;

extern void rf_reply_begin(RfReply *reply);

/* A line of the headers, or the status line. False: no more of them. */
extern bool rf_reply_take_header(RfReply *reply, const char *line, size_t length);

/* A piece of the body. False: no more of it. */
extern bool rf_reply_take_body(RfReply *reply, const char *bytes, size_t length);

/* Write "?" for what is not printable ASCII, which fits every encoding. */
extern void rf_reply_clean(char *text);

#endif /* RF_REPLY_H */
