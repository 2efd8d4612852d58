/*
 * route.h
 *	  What a request is about, by its method and target. Pure: text in, values out.
 *
 *	  POST /webhook/{token}/{action}   a call; GET for those that only read
 *	  POST /webhook/{token}            a call whose token's mapping decides
 *	  GET  /r/{code}                   a link that somebody follows
 *	  GET  /health, /metrics
 *
 * One slash at the end is tolerated. HEAD is as GET, OPTIONS tells what may be done.
 */
#ifndef RF_ROUTE_H
#define RF_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum RfRouteKind
{
	RF_ROUTE_NONE,	  /* 404 */
	RF_ROUTE_CALL,	  /* /webhook/{token}/{action}, /webhook/{token} */
	RF_ROUTE_LINK,	  /* /r/{code} */
	RF_ROUTE_HEALTH,  /* /health */
	RF_ROUTE_METRICS, /* /metrics */
} RfRouteKind;

/* Bits, as what is allowed is a set of them. */
typedef enum RfMethod
{
	RF_METHOD_OTHER = 0,
	RF_METHOD_GET = 1,
	RF_METHOD_HEAD = 2,
	RF_METHOD_POST = 4,
	RF_METHOD_OPTIONS = 8,
} RfMethod;

typedef struct RfRoute
{
	RfRouteKind kind;
	bool		everything; /* "*", which OPTIONS may ask about; kind is NONE */
	const char *token;		/* of a call; decoded, as all of them are */
	const char *action;		/* of a call; "": none */
	const char *code;		/* of a link */
	const char *query;		/* still encoded; NULL: none */
} RfRoute;

/*
 * Read a request's target, which is cut up and decoded where it stands: the
 * route points into it. False if no request may bear such a target: a blank or a
 * control character in it, or it begins like no target does.
 */
extern bool rf_route_read(char *target, RfRoute *route);

/* Methods are told apart by case, as HTTP wants it. */
extern RfMethod rf_route_method(const char *method);

/* May that be done there? */
extern bool rf_route_allows(const RfRoute *route, RfMethod method);

/* What may be done there, as the header Allow says it. */
extern const char *rf_route_allow(const RfRoute *route);

#endif /* RF_ROUTE_H */
