/*
 * lookup.c
 *	  See lookup.h.
 *
 * libcurl does not say why a name could not be resolved. So a thread asks once
 * more: for the name itself, and for its last label, of which any name server
 * that works knows whether there is such a domain. An answer, if only that
 * there is no such name, proves that they answer. This holds with a single
 * webhook, too, of which no other can say whether its name is at fault.
 *
 * The thread touches nothing of the server's, and has all signals blocked, so
 * that their handlers run in the main thread only.
 */
#include "postgres.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>

#include "common/hashfn.h"
#include "port/atomics.h"
#include "portability/instr_time.h"

#include "delivery/lookup.h"

#define STACK_BYTES (256 * 1024)
#define HOSTS		1024

typedef enum LookupProbe
{
	LOOKUP_IDLE,
	LOOKUP_RUNNING,
	LOOKUP_ANSWERED,
	LOOKUP_SILENT
} LookupProbe;

/*
 * When a name could not be resolved first, since it could be; 0: it can. Names
 * that share a place are taken for each other, which costs an attempt at worst.
 */
static int64 lookup_failed_at[HOSTS];

static int64			lookup_answered_at = 0; /* 0: never */
static pg_atomic_uint32 lookup_probe;			/* a LookupProbe */
static bool				lookup_started = false;

/* The thread's while the probe runs. */
static char	 lookup_host[256];
static int64 lookup_probed_at;

static bool
lookup_is_answered(const char *host)
{
	struct addrinfo	 hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int				 code = getaddrinfo(host, NULL, &hints, &found);

	if (code == 0)
		freeaddrinfo(found);
	switch (code)
	{
		case EAI_AGAIN:
		case EAI_FAIL:
		case EAI_MEMORY:
		case EAI_SYSTEM:
			return false;
		default:
			return true;
	}
}

/* Its last label, as a name that no search list completes. */
static void
lookup_domain(const char *host, char *domain, size_t size)
{
	size_t		length = strlen(host);
	const char *label;

	if (length > 0 && host[length - 1] == '.')
		length--;
	for (label = host + length; label > host && label[-1] != '.'; label--)
		;
	snprintf(domain, size, "%.*s.", (int) (host + length - label), label);
}

static void *
lookup_ask(void *arg)
{
	char	   domain[sizeof(lookup_host) + 1];
	bool	   answered = lookup_is_answered(lookup_host);
	instr_time now;

	lookup_domain(lookup_host, domain, sizeof(domain));
	if (!answered)
		answered = lookup_is_answered(domain);
	INSTR_TIME_SET_CURRENT(now);
	lookup_probed_at = (int64) INSTR_TIME_GET_MILLISEC(now);
	pg_write_barrier();
	pg_atomic_write_u32(&lookup_probe, answered ? LOOKUP_ANSWERED : LOOKUP_SILENT);
	return NULL;
}

static bool
lookup_start_thread(void)
{
	pthread_attr_t attributes;
	pthread_t	   thread;
	sigset_t	   all;
	sigset_t	   before;
	bool		   started;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	(void) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	(void) pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, &attributes, lookup_ask, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return started;
}

static void
lookup_begin_probe(const char *host)
{
	strlcpy(lookup_host, host, sizeof(lookup_host));
	pg_atomic_write_u32(&lookup_probe, LOOKUP_RUNNING);
	if (!lookup_start_thread())
		pg_atomic_write_u32(&lookup_probe, LOOKUP_IDLE);
}

/* What a probe that has ended says. True if none runs. */
static bool
lookup_take_probe(void)
{
	uint32 probe;

	if (!lookup_started)
		pg_atomic_init_u32(&lookup_probe, LOOKUP_IDLE);
	lookup_started = true;
	probe = pg_atomic_read_u32(&lookup_probe);
	if (probe == LOOKUP_RUNNING)
		return false;
	pg_read_barrier();
	if (probe == LOOKUP_ANSWERED)
		lookup_answered_at = Max(lookup_answered_at, lookup_probed_at);
	pg_atomic_write_u32(&lookup_probe, LOOKUP_IDLE);
	return true;
}

static int64 *
lookup_place(const char *host)
{
	return &lookup_failed_at[hash_bytes((const unsigned char *) host, strlen(host)) % HOSTS];
}

void
rf_lookup_succeeded(const char *host, int64 now)
{
	lookup_answered_at = Max(lookup_answered_at, now);
	*lookup_place(host) = 0;
}

bool
rf_lookup_failed(const char *host, int64 now)
{
	int64 *failed_at = lookup_place(host);
	bool   idle = lookup_take_probe();

	if (*failed_at != 0 && lookup_answered_at >= *failed_at)
		return true;
	if (*failed_at == 0)
		*failed_at = now;
	if (idle)
		lookup_begin_probe(host);
	return false;
}
