/*
 * limit.c
 *	  How many signed webhooks a second one process gets out of libcurl: what
 *	  the drain is compared with.
 *
 *		limit URL COUNT CONCURRENCY BYTES poll|epoll
 *
 * Nothing is read from a database and nothing is recorded. As the worker does,
 * it signs each body (HMAC-SHA256 over id, time and body), gives each request
 * the same headers, keeps connections alive and speaks HTTP/1.1. Unlike the
 * worker it may reuse its easy handles. Two ways to wait, because which one is
 * faster depends on libcurl's version: curl_multi_poll(), or sockets in an
 * epoll set.
 *
 * Prints one line: deliveries a second, CPU microseconds for each, peak RSS in
 * KiB, failures.
 */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#define EVENTS_MAX 256

typedef struct Request
{
	CURL			  *easy;
	struct curl_slist *headers;
	char			  *body;
} Request;

static const char *url;
static long		   wanted;
static long		   started = 0;
static long		   ended = 0;
static long		   failed = 0;
static size_t	   body_bytes;

static CURLM *multi;
static int	  epoll_fd = -1;
static long	  timeout_ms = -1; /* what libcurl asked for */

static void
complain(const char *what)
{
	fprintf(stderr, "limit: %s\n", what);
	exit(1);
}

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static size_t
discard(char *data, size_t size, size_t n, void *user)
{
	(void) data;
	(void) user;
	return size * n;
}

/* ---- one request ---------------------------------------------------------- */

/* The signature of "id.timestamp.body", base64. */
static void
sign(const char *id, long timestamp, const char *body, char *signature)
{
	static const char secret[] = "thirty-two bytes, not so secret!";
	static char		 *content = NULL;
	unsigned char	  digest[EVP_MAX_MD_SIZE];
	unsigned int	  length;
	int				  prefix;

	if (content == NULL)
		content = malloc(body_bytes + 128);
	prefix = sprintf(content, "%s.%ld.", id, timestamp);
	memcpy(content + prefix, body, body_bytes);
	HMAC(EVP_sha256(), secret, (int) strlen(secret), (unsigned char *) content,
		 prefix + body_bytes, digest, &length);
	EVP_EncodeBlock((unsigned char *) signature, digest, (int) length);
}

static struct curl_slist *
header(struct curl_slist *list, const char *format, const char *value)
{
	char line[256];

	snprintf(line, sizeof(line), format, value);
	return curl_slist_append(list, line);
}

static struct curl_slist *
headers_for(long number, const char *body)
{
	struct curl_slist *list = NULL;
	long			   timestamp = time(NULL);
	char			   id[64];
	char			   seconds[32];
	char			   signature[64];

	snprintf(id, sizeof(id), "msg_%016lx%016lx", 0x0123456789abcdefL, number);
	snprintf(seconds, sizeof(seconds), "%ld", timestamp);
	sign(id, timestamp, body, signature);
	list = header(list, "webhook-id: %s", id);
	list = header(list, "webhook-timestamp: %s", seconds);
	list = header(list, "webhook-signature: v1,%s", signature);
	list = header(list, "content-type: %s", "application/json");
	list = header(list, "user-agent: %s", "referral/limit");
	list = header(list, "referral-event: %s", "referrer.joined");
	list = header(list, "referral-attempt: %s", "1");
	return header(list, "Expect:%s", "");
}

static void
request_prepare(Request *request)
{
	CURL *easy = curl_easy_init();

	request->easy = easy;
	request->headers = NULL;
	request->body = malloc(body_bytes + 1);
	if (easy == NULL || request->body == NULL)
		complain("out of memory");
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 15000L);
}

static void
request_start(Request *request)
{
	long number = started++;

	memset(request->body, 'x', body_bytes);
	memcpy(request->body, &number, sizeof(number));
	curl_slist_free_all(request->headers);
	request->headers = headers_for(number, request->body);
	curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
	curl_easy_setopt(request->easy, CURLOPT_POSTFIELDS, request->body);
	curl_easy_setopt(request->easy, CURLOPT_POSTFIELDSIZE, (long) body_bytes);
	curl_multi_add_handle(multi, request->easy);
}

static void
request_end(CURLMsg *message)
{
	Request *request;
	long	 status = 0;

	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
	curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
	if (message->data.result != CURLE_OK || status < 200 || status > 299)
		failed++;
	ended++;
	curl_multi_remove_handle(multi, request->easy);
	if (started < wanted)
		request_start(request);
}

static void
end_requests(void)
{
	CURLMsg *message;
	int		 left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL)
	{
		if (message->msg == CURLMSG_DONE)
			request_end(message);
	}
}

/* ---- two ways to wait ----------------------------------------------------- */

static void
drive_by_poll(void)
{
	int running;

	while (ended < wanted)
	{
		curl_multi_perform(multi, &running);
		end_requests();
		if (ended < wanted)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
}

static int
watch_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *known)
{
	struct epoll_event event = {.data.fd = socket};

	(void) easy;
	(void) user;
	if (what == CURL_POLL_REMOVE)
		return epoll_ctl(epoll_fd, EPOLL_CTL_DEL, socket, &event), 0;
	event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
	epoll_ctl(epoll_fd, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
	curl_multi_assign(multi, socket, &epoll_fd);
	return 0;
}

static int
watch_timer(CURLM *handle, long ms, void *user)
{
	(void) handle;
	(void) user;
	timeout_ms = ms;
	return 0;
}

static int
curl_events(unsigned int events)
{
	return (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
		(events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		(events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

static void
drive_by_epoll(void)
{
	struct epoll_event events[EVENTS_MAX];
	int				   running;

	while (ended < wanted)
	{
		int wait = timeout_ms < 0 || timeout_ms > 1000 ? 1000 : (int) timeout_ms;
		int n = epoll_wait(epoll_fd, events, EVENTS_MAX, wait);

		if (n <= 0 || wait == 0)
		{
			timeout_ms = -1;
			curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
		}
		for (int i = 0; i < n; i++)
			curl_multi_socket_action(multi, events[i].data.fd,
									 curl_events(events[i].events), &running);
		end_requests();
	}
}

/* ---- the run -------------------------------------------------------------- */

static void
open_multi(long concurrency, int by_epoll)
{
	curl_global_init(CURL_GLOBAL_ALL);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, concurrency);
	if (!by_epoll)
		return;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, watch_timer);
}

static void
report(double elapsed)
{
	struct rusage usage;
	double		  cpu;

	getrusage(RUSAGE_SELF, &usage);
	cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
		(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	printf("%.0f %.1f %ld %ld\n", wanted / elapsed, cpu / wanted * 1e6,
		   usage.ru_maxrss, failed);
}

int
main(int argc, char **argv)
{
	long	 concurrency;
	int		 by_epoll;
	double	 start;
	Request *requests;

	if (argc != 6)
		complain("usage: limit URL COUNT CONCURRENCY BYTES poll|epoll");
	url = argv[1];
	wanted = atol(argv[2]);
	concurrency = atol(argv[3]);
	body_bytes = atol(argv[4]);
	by_epoll = strcmp(argv[5], "epoll") == 0;

	open_multi(concurrency, by_epoll);
	requests = calloc(concurrency, sizeof(Request));
	start = seconds_now();
	for (long i = 0; i < concurrency && started < wanted; i++)
	{
		request_prepare(&requests[i]);
		request_start(&requests[i]);
	}
	if (by_epoll)
		drive_by_epoll();
	else
		drive_by_poll();
	report(seconds_now() - start);
	return failed > 0;
}
