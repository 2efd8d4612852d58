/*
 * body.h
 *	  What a request says, read without asking what it is about.
 *
 * Bodies are UTF-8 and become the database's encoding. What cannot be read is
 * raised as an error of class 22 or 54.
 */
#ifndef RF_BODY_H
#define RF_BODY_H

#include "utils/jsonb.h"

#include "inbound/arguments.h"
#include "inbound/request.h"

/* Most elements of a batch. */
#define RF_BATCH_CALLS_MAX 1000

/* Objects and arrays within each other, at most. */
#define RF_BODY_DEPTH_MAX 64

/* Exponents of numbers, at most: those of doubles. */
#define RF_BODY_EXPONENT_MAX 308

typedef struct RfBody
{
	Jsonb	   *json;	   /* an object or an array; NULL: it was a form */
	RfArguments arguments; /* of a form that bears our names */
} RfBody;

/*
 * Read the body, of a GET the query. A form is JSON, too, if as_json, for a mapping
 * to read. False: the response says why not (413, 415).
 */
extern bool rf_body_read(const RfRequest *request, bool as_json, RfBody *body,
						 RfResponse *response);

/* A batch, how many calls are in it, and one of them; which need not be an object. */
extern bool	  rf_body_is_batch(const RfBody *body);
extern int	  rf_body_ncalls(const RfBody *body);
extern Jsonb *rf_body_call(const RfBody *body, int i);

/* The arguments in an object that bears our names; other members do not matter. */
extern void rf_body_arguments(Jsonb *object, RfArguments *arguments);

#endif /* RF_BODY_H */
