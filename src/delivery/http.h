/*
 * http.h
 *	  HTTP exchanges, many at a time, none of which waits: libcurl's multi
 *	  interface on an epoll descriptor of our own.
 *
 * For a worker process only; it knows neither SQL nor transactions and needs
 * none. Nothing but rf_http_start() raises errors.
 */
#ifndef RF_HTTP_H
#define RF_HTTP_H

#include "delivery/reply.h"
#include "delivery/retry.h"

#define RF_HTTP_HEADERS_MAX 48 /* headers of a request */

typedef enum RfHttpMethod
{
	RF_HTTP_POST,
	RF_HTTP_PUT,
	RF_HTTP_GET /* without body */
} RfHttpMethod;

typedef enum RfHttpVersion
{
	RF_HTTP_BEST, /* the best that works */
	RF_HTTP_1_1,
	RF_HTTP_2
} RfHttpVersion;

/* All it points to must stay until its result was taken. */
typedef struct RfHttpRequest
{
	void			  *tag; /* comes back with the result */
	RfHttpMethod	   method;
	const char		  *url;
	const char *const *headers; /* "name: value", or "name;" for an empty one */
	int				   nheaders;
	const void		  *body;
	size_t			   length;
	int				   timeout_ms; /* for the whole exchange */
	bool			   known_host; /* answered lately: its name needs no look-up */
	RfHttpVersion	   version;
	const char		  *ca;			/* PEM; NULL: the system's */
	const char		  *certificate; /* PEM, of the client; NULL: none */
	const char		  *key;			/* PEM, of that certificate */
} RfHttpRequest;

typedef struct RfHttpResult
{
	void	   *tag;
	RfFault		fault;
	bool		exhausted;	 /* with RF_FAULT_OWN: nobody can be reached */
	bool		doubtful;	 /* with RF_FAULT_OWN: theirs after all, if it goes on */
	bool		falls_back;	 /* HTTP/2 does not work there: to be repeated with 1.1 */
	int			status;		 /* 0: none came */
	const char *error;		 /* what the fault was; NULL without one */
	const char *error_class; /* static, such as "connect" or "http"; NULL: a 2xx */
	RfHttpWish	wish;
	const char *response_headers; /* "name: value" lines of those worth keeping; NULL: none */
	int64_t		dns_us;			  /* microseconds, counted from the start */
	int64_t		connect_us;
	int64_t		tls_us;
	int64_t		first_byte_us;
	int64_t		total_us;
	const char *peer;		  /* address dialled; NULL: none was */
	const char *http_version; /* NULL: none was spoken */
	const char *retry_after;  /* NULL: no such header */
	const char *response;	  /* first bytes of the answer's body */
	int			response_length;
	bool		dialled; /* on a connection of its own making */
} RfHttpResult;

/*
 * Once per process. Raises an error if libcurl cannot resolve names without
 * blocking, or has no memory.
 */
extern void rf_http_start(int max_in_flight);

/* Becomes readable when there is something to drive. */
extern int rf_http_fd(void);

/* Milliseconds until rf_http_drive() must be called even so; -1: never. */
extern long rf_http_timeout_ms(void);

/* Can a request be submitted now? Look-ups of new hosts are limited further. */
extern bool rf_http_has_room(bool known_host);

/* Begin an exchange. False if there was no room or no memory. */
extern bool rf_http_submit(const RfHttpRequest *request);

/* Do what can be done without waiting. */
extern void rf_http_drive(void);

/* A result, valid until the next call; NULL if there is none. */
extern const RfHttpResult *rf_http_next_result(void);

extern int rf_http_in_flight(void);

#endif /* RF_HTTP_H */
