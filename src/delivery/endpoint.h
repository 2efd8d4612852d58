/*
 * endpoint.h
 *	  What the worker knows of each webhook: how to send to it, what waits for
 *	  it, and how it has been answering.
 *
 * Memory only: reading the configuration and what waits is done by
 * configuration.c and outbox.c, sending by courier.c.
 */
#ifndef RF_ENDPOINT_H
#define RF_ENDPOINT_H

#include "datatype/timestamp.h"
#include "utils/palloc.h"

#include "base/signature.h"
#include "base/throttle.h"
#include "delivery/agenda.h"
#include "delivery/breaker.h"
#include "delivery/concurrency.h"
#include "delivery/http.h"
#include "delivery/queue.h"

/* What stands for the message id in a header of the user's own. */
#define RF_ENDPOINT_MESSAGE_ID "{{event.id}}"

/* Longest message id, with its zero byte. */
#define RF_MESSAGE_ID_SIZE 64

/* Live secrets that sign a request. */
#define RF_ENDPOINT_KEYS_MAX 10

/* A secret, and when it signs: from <= t < until. */
typedef struct RfLiveKey
{
	TimestampTz from;
	TimestampTz until; /* DT_NOEND: no end */
	RfKey		key;
} RfLiveKey;

/* How to send. Replaced as a whole when the webhook changes. */
typedef struct RfEndpointConfig
{
	MemoryContext context; /* holds all of it */
	int			  uses;	   /* by requests; the endpoint's own not counted */
	bool		  replaced;
	const char	 *url;
	const char	 *forbidden; /* why the URL must not be dialled; NULL: it may */
	RfHttpMethod  method;
	int			  timeout_ms;
	int			  max_in_flight;
	double		  rate_limit; /* requests per second; 0: no limit */
	bool		  fifo;		  /* one at a time, in the order of events */
	bool		  fulfills;	  /* a 2xx to reward.issued fulfills the reward */
	RfHttpVersion http_version;
	const char	 *ca;		   /* PEM; NULL: the system's */
	const char	 *certificate; /* PEM, of the client; NULL: none */
	const char	 *key;		   /* PEM, of that certificate */
	RfSchedule	  schedule;
	int			  nkeys;
	RfLiveKey	 *keys; /* newest first */
	int			  nheaders;
	const char	**headers;		   /* the same on every request, but for message ids */
	size_t		  id_header_bytes; /* what those with a message id take; 0: none */
} RfEndpointConfig;

typedef enum RfEndpointState
{
	RF_ENDPOINT_UNKNOWN, /* met in the outbox, not looked up yet */
	RF_ENDPOINT_ENABLED,
	RF_ENDPOINT_WAITING, /* paused or disabled: nothing is sent */
	RF_ENDPOINT_GONE,	 /* deleted: nothing is kept */
	RF_ENDPOINT_MOVING	 /* its share goes to another process: nothing is begun */
} RfEndpointState;

struct RfParcel;

typedef struct RfEndpoint
{
	int64			  id; /* of the webhook; the hash key */
	RfEndpointState	  state;
	RfEndpointConfig *config;  /* NULL unless enabled or waiting */
	uint64			  reading; /* of the configuration, the last that found it */
	bool			  cleared; /* gone, and so are its rows once the turn commits */

	RfAgendaEntry agenda;

	/* What waits. */
	RfQueue		queue;
	int64		overflow_from; /* those from this number on are only in the outbox; 0: none */
	int64		uncounted_to;  /* of those, the ones up to this were not counted yet */
	TimestampTz next_due;	   /* nothing in rf_retry is due before, by the system's clock */
	bool		parked;		   /* rf_retry may hold rows without a time */
	int			retrying;	   /* rows of rf_retry that are in memory */
	int			parking;	   /* deliveries on their way to rf_retry */
	int			unrecorded;	   /* failures that are not recorded yet */
	int64		known_to;	   /* with fifo: of rf_retry, events up to this one are in memory */

	/* What is under way. Times are the steady clock's. */
	struct RfParcel *first_loaded; /* ready to go, oldest first */
	struct RfParcel *last_loaded;
	int				 nloaded;
	int				 in_flight;
	TimestampTz		 paused_until; /* the endpoint asked so */
	TimestampTz		 sends_from;   /* not before: a fault of ours */
	TimestampTz		 plain_until;  /* HTTP/1.1 alone: HTTP/2 does not work there */
	bool			 tried;		   /* an exchange ended, now or before a restart */
	bool			 answers;	   /* the last exchange brought an answer */
	TimestampTz		 heard_at;	   /* last answer, or begin of waiting for one */
	TimestampTz		 succeeded_at; /* last 2xx; 0: none */
	struct RfParcel *probe;		   /* what the breaker let through; NULL: nothing */
	RfBreaker		 breaker;
	RfThrottle		 throttle;
	RfConcurrency	 concurrency;

	/* News for rf_webhook_state, by the system's clock; see webhook_state.c. */
	bool		urgent;	 /* do not wait for the next round of saving */
	bool		anew;	 /* enabled again, or another URL: what was known is void */
	bool		busy;	 /* somebody held its row in the turn that saves: later */
	const char *disable; /* why it shall be disabled; NULL: it shall not */
	TimestampTz last_success_at;
	TimestampTz last_failure_at;
	TimestampTz failing_since;
	char		last_error[256];

	/* What is told to those who watch (see statistics.h). */
	struct RfSent *sent;	   /* where; NULL: nothing was told yet */
	int64		   overflowed; /* deliveries that are only in the outbox */
	int64		   waiting;	   /* these and the following were published last */
	int64		   oldest_event;
} RfEndpoint;

/* Once per process. */
extern void rf_endpoint_start(void);

/* NULL if it is not known. */
extern RfEndpoint *rf_endpoint_find(int64 id);

/* Found, or made with state RF_ENDPOINT_UNKNOWN. */
extern RfEndpoint *rf_endpoint_get(int64 id);

/* All of them: 0 <= i < rf_endpoint_count(). Removing one moves the last to its place. */
extern int		   rf_endpoint_count(void);
extern RfEndpoint *rf_endpoint_at(int i);
extern void		   rf_endpoint_remove(RfEndpoint *endpoint);

/* An empty configuration, with a memory context of its own. */
extern RfEndpointConfig *rf_endpoint_config_create(void);

/* Let go of one: the endpoint when it is replaced, a request when it ended. */
extern void rf_endpoint_config_replace(RfEndpoint *endpoint, RfEndpointConfig *config);
extern void rf_endpoint_config_release(RfEndpointConfig *config);

/* How many more it may hold in memory. */
extern int		  rf_endpoint_queue_room(const RfEndpoint *endpoint);
extern void		  rf_endpoint_queue(RfEndpoint *endpoint, const RfDelivery *delivery);
extern RfDelivery rf_endpoint_unqueue(RfEndpoint *endpoint);
extern void		  rf_endpoint_requeue(RfEndpoint *endpoint, const RfDelivery *delivery);

/* Does it get one at a time, in the order of events? Its queue is in that order, too. */
extern bool rf_endpoint_is_fifo(const RfEndpoint *endpoint);

#endif /* RF_ENDPOINT_H */
