/*
 * http.c
 *	  See http.h.
 *
 * libcurl tells which sockets it waits for and when it wants to be called
 * (socket and timer callback); an epoll descriptor of ours holds the sockets,
 * and the worker's set of wait events holds that descriptor.
 *
 * libcurl resolves names in threads. They inherit the signal mask, and the
 * server's signal handlers must run in the main thread only, so all signals
 * are blocked while libcurl may start one.
 */
#include "postgres.h"

#include <curl/curl.h>
#include <signal.h>
#include <sys/epoll.h>

#include "portability/instr_time.h"
#include "storage/fd.h"

#include "delivery/exchange.h"
#include "delivery/protocol.h"
#include "delivery/reach.h"

#define LOOKUPS_MAX		  16 /* of new hosts at the same time */
#define CONNECTIONS_SPARE 32 /* idle ones beyond those in use */
#define EVENTS_MAX		  64
#define STREAMS_MAX		  32	/* that share a connection of HTTP/2 */
#define NARROW_MS		  1000	/* in which want of descriptors counts once */
#define WIDEN_MS		  30000 /* without it, until more is tried */

static CURLM	  *http_multi = NULL;
static int		   http_epoll = -1;
static int		   http_max_in_flight = 0;
static int		   http_count = 0; /* in flight, the result not taken yet */
static RfExchange *http_free = NULL;
static RfExchange *http_shown = NULL;  /* its result was given out last */
static int64	   http_deadline = -1; /* ms; -1: none */
static int		   http_fds_reserved = 0;
static int		   http_room = 0;	  /* in flight, as far as there are descriptors */
static int64	   http_narrowed = 0; /* ms; 0: there were always enough */
static int64	   http_driven = 0;	  /* ms */

static int64
http_now_ms(void)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MILLISEC(now);
}

static void
http_block_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

static void
http_restore_signals(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* The server's budget of descriptors learns of our sockets after libcurl returned. */
static void
http_settle_descriptors(void)
{
	for (; http_fds_reserved < rf_exchange_sockets; http_fds_reserved++)
		ReserveExternalFD();
	for (; http_fds_reserved > rf_exchange_sockets; http_fds_reserved--)
		ReleaseExternalFD();
}

/* ---- callbacks of the multi handle -------------------------------------- */

static void
http_note_unwatched(CURL *easy, int error)
{
	RfExchange *exchange = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &exchange);
	if (exchange != NULL)
		exchange->socket_errno = error;
}

static int
http_watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct epoll_event event = {0};

	(void) arg;
	if (what == CURL_POLL_REMOVE)
	{
		epoll_ctl(http_epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	event.data.fd = fd;
	if (known == NULL)
		curl_multi_assign(http_multi, fd, &http_epoll);
	if (epoll_ctl(http_epoll, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0 &&
		epoll_ctl(http_epoll, known == NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
	{
		http_note_unwatched(easy, errno);
		return -1;
	}
	return 0;
}

static int
http_set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	(void) multi;
	(void) arg;
	http_deadline = timeout_ms < 0 ? -1 : http_now_ms() + timeout_ms;
	return 0;
}

/* ---- life --------------------------------------------------------------- */

static void
http_check_library(void)
{
	curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);

	if ((version->features & CURL_VERSION_ASYNCHDNS) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("libcurl %s cannot resolve host names without blocking", version->version),
				 errhint("Install a libcurl with an asynchronous resolver.")));
	if ((version->features & CURL_VERSION_SSL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("libcurl %s has no TLS", version->version),
				 errhint("Install a libcurl that was built with TLS.")));
}

/* Idle connections are kept for those endpoints that are sent to most. */
static bool
http_set_room(int room)
{
	int connections = Min(room + CONNECTIONS_SPARE, rf_reach_sockets_max());

	http_room = room;
	return curl_multi_setopt(http_multi, CURLMOPT_MAXCONNECTS, (long) connections) == CURLM_OK;
}

static int
http_room_max(void)
{
	return Min(http_max_in_flight, rf_reach_sockets_max());
}

static bool
http_create_multi(void)
{
	long sharing = rf_protocol_has_http2() ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING;

	http_multi = curl_multi_init();
	return http_multi != NULL &&
		curl_multi_setopt(http_multi, CURLMOPT_SOCKETFUNCTION, http_watch_socket) == CURLM_OK &&
		curl_multi_setopt(http_multi, CURLMOPT_TIMERFUNCTION, http_set_timer) == CURLM_OK &&
		curl_multi_setopt(http_multi, CURLMOPT_PIPELINING, sharing) == CURLM_OK &&
		curl_multi_setopt(http_multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
						  (long) STREAMS_MAX) == CURLM_OK &&
		http_set_room(http_room_max());
}

void
rf_http_start(int max_in_flight)
{
	http_max_in_flight = max_in_flight;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not initialize libcurl")));
	http_check_library();
	http_epoll = epoll_create1(EPOLL_CLOEXEC);
	if (http_epoll < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("epoll_create1 failed: %m")));
	ReserveExternalFD();
	rf_reach_refresh(http_now_ms());
	if (!http_create_multi())
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not create a handle of libcurl")));
}

int
rf_http_fd(void)
{
	return http_epoll;
}

int
rf_http_in_flight(void)
{
	return http_count;
}

long
rf_http_timeout_ms(void)
{
	int64 left;

	if (http_deadline < 0)
		return -1;
	left = http_deadline - http_now_ms();
	return left > 0 ? (long) left : 0;
}

bool
rf_http_has_room(bool known_host)
{
	return http_count < http_room &&
		(known_host || rf_exchange_lookups < Min(LOOKUPS_MAX, Max(1, http_room / 4)));
}

/*
 * Out of descriptors: what the limit says is less than we thought, or others
 * have taken them. Half of what is under way must do, for a while.
 */
static void
http_narrow(int64 now)
{
	if (http_narrowed != 0 && now - http_narrowed < NARROW_MS)
		return;
	http_narrowed = now;
	rf_reach_doubt();
	(void) http_set_room(Max(1, Min(http_count, http_room) / 2));
}

static void
http_widen(int64 now)
{
	int most = http_room_max();

	if (http_room > most)
		(void) http_set_room(most);
	else if (http_room < most && now - http_narrowed >= WIDEN_MS)
	{
		http_narrowed = now;
		(void) http_set_room(Min(most, http_room * 2));
	}
}

/* ---- exchanges ---------------------------------------------------------- */

static void
http_put_back(RfExchange *exchange)
{
	exchange->next = http_free;
	http_free = exchange;
}

static RfExchange *
http_take_exchange(void)
{
	RfExchange *exchange = http_free;

	if (exchange == NULL)
		return rf_exchange_create();
	http_free = exchange->next;
	return exchange;
}

bool
rf_http_submit(const RfHttpRequest *request)
{
	RfExchange *exchange;
	sigset_t	before;
	CURLMcode	code;

	if (!rf_http_has_room(request->known_host))
		return false;
	exchange = http_take_exchange();
	if (exchange == NULL)
		return false;
	if (!rf_exchange_prepare(exchange, request))
	{
		http_put_back(exchange);
		return false;
	}
	http_block_signals(&before);
	code = curl_multi_add_handle(http_multi, exchange->easy);
	http_restore_signals(&before);
	if (code != CURLM_OK)
	{
		rf_exchange_end_lookup(exchange);
		http_put_back(exchange);
		return false;
	}
	http_count++;
	return true;
}

static void
http_serve_sockets(void)
{
	struct epoll_event events[EVENTS_MAX];
	int				   running;
	int				   n;

	do
	{
		n = epoll_wait(http_epoll, events, EVENTS_MAX, 0);
		for (int i = 0; i < n; i++)
		{
			int what = 0;

			if (events[i].events & EPOLLIN)
				what |= CURL_CSELECT_IN;
			if (events[i].events & EPOLLOUT)
				what |= CURL_CSELECT_OUT;
			if (events[i].events & (EPOLLERR | EPOLLHUP))
				what |= CURL_CSELECT_ERR;
			curl_multi_socket_action(http_multi, events[i].data.fd, what, &running);
		}
	} while (n == EVENTS_MAX);
}

void
rf_http_drive(void)
{
	sigset_t before;
	int		 running;

	http_driven = http_now_ms();
	rf_reach_refresh(http_driven);
	http_widen(http_driven);
	http_block_signals(&before);
	http_serve_sockets();
	if (rf_http_timeout_ms() == 0)
	{
		http_deadline = -1;
		curl_multi_socket_action(http_multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	http_restore_signals(&before);
	http_settle_descriptors();
}

const RfHttpResult *
rf_http_next_result(void)
{
	CURLMsg *message;
	int		 left;

	if (http_shown != NULL)
		http_put_back(http_shown);
	http_shown = NULL;
	while ((message = curl_multi_info_read(http_multi, &left)) != NULL)
	{
		CURLcode	code = message->data.result;
		CURL	   *easy = message->easy_handle;
		RfExchange *exchange = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &exchange);
		/* The message is gone when the handle is. */
		curl_multi_remove_handle(http_multi, easy);
		rf_exchange_finish(exchange, code, http_driven);
		if (exchange->starved)
			http_narrow(http_driven);
		http_count--;
		http_shown = exchange;
		return &exchange->result;
	}
	return NULL;
}
