/*
 * exchange.c
 *	  See exchange.h.
 *
 * The callbacks run inside libcurl: they neither allocate nor raise errors,
 * which would jump through its frames.
 *
 * When a connection that was kept open turns out to be dead, libcurl sends the
 * request again by itself, up to five times on as many kept connections, and
 * the receiver may have seen each of them. So what follows the first time goes
 * to a fresh connection, where libcurl does not repeat; where connections are
 * shared (HTTP/2) a fresh one for each request would be a flood, so there the
 * third time is refused.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery/exchange.h"
#include "delivery/protocol.h"
#include "delivery/reach.h"
#include "delivery/target.h"

#define CONNECT_TIMEOUT_MS	5000L
#define CONNECTION_MAX_AGE	60L	  /* s without use */
#define CONNECTION_MAX_LIFE 300L  /* s; then its name is looked up again */
#define UNHEARD_MAX_MS		15000 /* then a connection on which nothing arrives is dead */

int rf_exchange_sockets = 0;
int rf_exchange_lookups = 0;

void
rf_exchange_end_lookup(RfExchange *exchange)
{
	if (exchange->resolving)
		rf_exchange_lookups--;
	exchange->resolving = false;
}

/* ---- callbacks ---------------------------------------------------------- */

/* Its host's name is neither known from before nor an address. */
static int
exchange_ask_address(void *resolver, void *reserved, void *arg)
{
	RfExchange *exchange = arg;

	(void) resolver;
	(void) reserved;
	exchange->asked = true;
	return 0;
}

/* With a proxy, it is the proxy's: who makes the settings says where that is. */
static const char *
exchange_forbidden(const RfExchange *exchange, const struct sockaddr *address)
{
	return exchange->proxied ? exchange->forbidden_host : rf_reach_forbidden(address);
}

/* The name is resolved, and this is the address that will be dialled. */
static curl_socket_t
exchange_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	RfExchange *exchange = arg;
	int			unheard = UNHEARD_MAX_MS;
	int			fd;

	(void) purpose;
	rf_exchange_end_lookup(exchange);
	exchange->dialled = true;
	if (address->addrlen <= sizeof(exchange->address))
		memcpy(&exchange->address, &address->addr, address->addrlen);
	exchange->forbidden = exchange_forbidden(exchange, &address->addr);
	if (exchange->forbidden != NULL)
		return CURL_SOCKET_BAD;
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0)
	{
		exchange->socket_errno = errno;
		return CURL_SOCKET_BAD;
	}
	/* A connection that is shared outlives the requests that time out on it. */
	(void) setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unheard, sizeof(unheard));
	exchange->socket_errno = 0;
	rf_exchange_sockets++;
	return fd;
}

static int
exchange_close_socket(void *arg, curl_socket_t fd)
{
	(void) arg;
	rf_exchange_sockets--;
	return close(fd);
}

static const char *
exchange_forbidden_peer(const RfExchange *exchange, int port)
{
	struct sockaddr_storage address;

	if (exchange->proxied)
		return exchange->forbidden_host;
	if (!rf_address_parse(exchange->peer, &address))
		return "not an internet address";
	if (address.ss_family == AF_INET)
		((struct sockaddr_in *) &address)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *) &address)->sin6_port = htons(port);
	return rf_reach_forbidden((struct sockaddr *) &address);
}

/* Before each request, on connections that are used again too. */
static int
exchange_before_request(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	RfExchange *exchange = arg;

	(void) local;
	(void) local_port;
	rf_exchange_end_lookup(exchange);
	snprintf(exchange->peer, sizeof(exchange->peer), "%.*s", (int) strcspn(peer, "%"), peer);
	exchange->forbidden = exchange_forbidden_peer(exchange, peer_port);
	exchange->sent++;
	if (exchange->sent == 1 && !exchange->multiplexed)
		(void) curl_easy_setopt(exchange->easy, CURLOPT_FRESH_CONNECT, 1L);
	return exchange->forbidden == NULL && exchange->sent <= RF_EXCHANGE_SENT_MAX
		? CURL_PREREQFUNC_OK
		: CURL_PREREQFUNC_ABORT;
}

static size_t
exchange_take_header(char *line, size_t size, size_t n, void *arg)
{
	RfExchange *exchange = arg;

	return rf_reply_take_header(&exchange->reply, line, size * n) ? size * n : 0;
}

static size_t
exchange_take_body(char *bytes, size_t size, size_t n, void *arg)
{
	RfExchange *exchange = arg;

	return rf_reply_take_body(&exchange->reply, bytes, size * n) ? size * n : 0;
}

/* ---- options that stay -------------------------------------------------- */

static bool
exchange_set_callbacks(RfExchange *exchange)
{
	CURL *easy = exchange->easy;

	return curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, exchange_ask_address) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, exchange) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, exchange_open_socket) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, exchange_close_socket) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, exchange_before_request) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, exchange_take_header) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, exchange_take_body) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK;
}

/*
 * http and https, nothing that the environment adds, nothing it is redirected
 * to. Our headers, secrets among them, are not for the proxy.
 */
static bool
exchange_set_reach(CURL *easy)
{
	return
#if LIBCURL_VERSION_NUM >= 0x075500
		curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
#else
		curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
						 (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS)) == CURLE_OK &&
#endif
		curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
}

static bool
exchange_set_manners(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Else ending a transfer waits for its look-up, however long that takes. */
	if (curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK)
		return false;
#endif
	return curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_MAX_AGE) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, CONNECTION_MAX_LIFE) == CURLE_OK;
}

RfExchange *
rf_exchange_create(void)
{
	RfExchange *exchange = calloc(1, sizeof(RfExchange));

	if (exchange == NULL)
		return NULL;
	exchange->easy = curl_easy_init();
	if (exchange->easy != NULL && exchange_set_callbacks(exchange) &&
		exchange_set_reach(exchange->easy) && exchange_set_manners(exchange->easy))
		return exchange;
	curl_easy_cleanup(exchange->easy);
	free(exchange);
	return NULL;
}

/* ---- options of one request --------------------------------------------- */

/* libcurl reads the list and leaves it ours: no copy of any header is made. */
static bool
exchange_set_headers(RfExchange *exchange, const RfHttpRequest *request)
{
	struct curl_slist *headers = exchange->headers;
	int				   n = request->nheaders;

	if (n > RF_HTTP_HEADERS_MAX)
		return false;
	for (int i = 0; i < n; i++)
	{
		headers[i].data = (char *) request->headers[i];
		headers[i].next = &headers[i + 1];
	}
	headers[n].data = (char *) "Expect:";
	headers[n].next = NULL;
	return curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
}

static bool
exchange_set_body(CURL *easy, const RfHttpRequest *request)
{
	if (request->method == RF_HTTP_GET)
		return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK &&
			curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL) == CURLE_OK;
	return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
						 request->method == RF_HTTP_PUT ? "PUT" : NULL) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
						 (curl_off_t) request->length) == CURLE_OK;
}

/* The handle keeps a copy, so it is told only when the setting has changed. */
static bool
exchange_set_proxy(RfExchange *exchange)
{
	int			number;
	const char *proxy = rf_reach_proxy(&number);
	char		host[256];

	exchange->proxied = proxy != NULL;
	exchange->forwarded = proxy != NULL && strncmp(proxy, "http", 4) == 0 &&
		!rf_protocol_has_tls(exchange->url);
	exchange->forbidden_host = proxy != NULL && rf_target_host(exchange->url, host, sizeof(host))
		? rf_reach_forbidden_host(host)
		: NULL;
	if (number == exchange->proxy_number)
		return true;
	if (curl_easy_setopt(exchange->easy, CURLOPT_PROXY, proxy != NULL ? proxy : "") != CURLE_OK)
		return false;
	exchange->proxy_number = number;
	return true;
}

/* Whoever finds a connection being made waits to see whether it can be shared. */
static bool
exchange_set_version(RfExchange *exchange, const RfHttpRequest *request)
{
	RfHttpVersion wanted = request->version;
	long		  version;

	/* A proxy reads what is not encrypted, and reads HTTP/1.1. */
	if (wanted == RF_HTTP_2 && exchange->proxied)
		wanted = RF_HTTP_BEST;
	version = rf_protocol_version(wanted, request->url);
	exchange->multiplexed = version != CURL_HTTP_VERSION_1_1;
	exchange->http2_assumed = rf_protocol_is_assumed(wanted, request->url);
	return curl_easy_setopt(exchange->easy, CURLOPT_HTTP_VERSION, version) == CURLE_OK &&
		curl_easy_setopt(exchange->easy, CURLOPT_PIPEWAIT,
						 exchange->multiplexed ? 1L : 0L) == CURLE_OK;
}

static void
exchange_forget(RfExchange *exchange)
{
	exchange->forbidden = NULL;
	exchange->socket_errno = 0;
	exchange->asked = false;
	exchange->dialled = false;
	exchange->sent = 0;
	exchange->peer[0] = '\0';
	exchange->error[0] = '\0';
	rf_reply_begin(&exchange->reply);
}

/* A copy: libcurl keeps it for longer than the request is kept here. NULL: none. */
static bool
exchange_set_pem(CURL *easy, CURLoption option, const char *pem)
{
	struct curl_blob blob = {.flags = CURL_BLOB_COPY};

	if (pem == NULL)
		return curl_easy_setopt(easy, option, NULL) == CURLE_OK;
	blob.data = (void *) pem;
	blob.len = strlen(pem);
	return curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}

/*
 * Authorities of the endpoint's own are trusted instead of the system's: the
 * directory of those would be searched as well. Connections are used again only
 * with the same authorities and certificate: libcurl compares them.
 */
static bool
exchange_set_tls(CURL *easy, const RfHttpRequest *request)
{
	const char *directory = curl_version_info(CURLVERSION_NOW)->capath;

	return exchange_set_pem(easy, CURLOPT_CAINFO_BLOB, request->ca) &&
		exchange_set_pem(easy, CURLOPT_SSLCERT_BLOB, request->certificate) &&
		exchange_set_pem(easy, CURLOPT_SSLKEY_BLOB, request->key) &&
		curl_easy_setopt(easy, CURLOPT_CAPATH, request->ca == NULL ? directory : NULL) == CURLE_OK;
}

bool
rf_exchange_prepare(RfExchange *exchange, const RfHttpRequest *request)
{
	CURL *easy = exchange->easy;

	exchange_forget(exchange);
	exchange->tag = request->tag;
	exchange->url = request->url;
	if (!exchange_set_headers(exchange, request) || !exchange_set_body(easy, request) ||
		!exchange_set_tls(easy, request) ||
		!exchange_set_proxy(exchange) || !exchange_set_version(exchange, request) ||
		curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK ||
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 0L) != CURLE_OK ||
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) request->timeout_ms) != CURLE_OK)
		return false;
	exchange->resolving = !request->known_host;
	if (exchange->resolving)
		rf_exchange_lookups++;
	return true;
}
