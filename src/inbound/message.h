/*
 * message.h
 *	  Messages that were answered: whoever sends one again gets the first answer.
 */
#ifndef RF_MESSAGE_H
#define RF_MESSAGE_H

#include "postgres.h"

/* Longest key that a caller may give, in bytes. */
#define RF_MESSAGE_KEY_MAX 255

typedef struct RfMessage
{
	int64		token_id;
	const char *id;		/* what the caller or the sender calls it */
	Datum		digest; /* bytea, of what it says; 0: not looked at */
} RfMessage;

/*
 * Begin to answer: NULL if it is the first of its name, else the answer to that,
 * palloc'd. Waits for a first that is being answered. Raises RF008 if the first said
 * something else. Inside an engine scope.
 */
extern char *rf_message_begin(const RfMessage *message);

/* Keep the answer to a first. Inside an engine scope. */
extern void rf_message_end(const RfMessage *message, int status, const char *body);

/* May a caller name messages so: 1 to 255 printable bytes of ASCII. */
extern bool rf_message_key_is_valid(const char *key);

/*
 * The name under which a message is kept, palloc'd: the sender's, if it could be a
 * key, else its hash. position: in a batch, from 1; 0: alone.
 */
extern char *rf_message_name(const char *name, int position);

/* Of a call's action and what it says. */
extern Datum rf_message_digest(const char *action, const char *body, size_t length);

#endif /* RF_MESSAGE_H */
