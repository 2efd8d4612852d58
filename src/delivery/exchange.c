/*
 * exchange.c
 *	  See exchange.h.
 *
 * The callbacks run inside libcurl: they neither allocate nor raise errors,
 * which would jump through its frames.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "delivery/exchange.h"

#define CONNECT_TIMEOUT_MS	5000L
#define HEADER_BYTES_MAX	(16 * 1024)
#define BODY_BYTES_MAX		(64 * 1024)
#define CONNECTION_MAX_AGE	60L	 /* s without use */
#define CONNECTION_MAX_LIFE 300L /* s; then its name is looked up again */

RfNetworks rf_exchange_allowed;
RfNetworks rf_exchange_local;
int		   rf_exchange_sockets = 0;
int		   rf_exchange_lookups = 0;

static void
exchange_end_lookup(RfExchange *exchange)
{
	if (exchange->resolving)
		rf_exchange_lookups--;
	exchange->resolving = false;
}

/* ---- callbacks ---------------------------------------------------------- */

/* The name is resolved, and this is the address that will be dialled. */
static curl_socket_t
exchange_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	RfExchange *exchange = arg;
	int			fd;

	(void) purpose;
	exchange_end_lookup(exchange);
	exchange->forbidden = rf_address_forbidden(&address->addr, &rf_exchange_allowed,
											   &rf_exchange_local);
	if (exchange->forbidden != NULL)
		return CURL_SOCKET_BAD;
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0)
	{
		exchange->socket_errno = errno;
		return CURL_SOCKET_BAD;
	}
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

/* Before each request, on connections that are used again too. */
static int
exchange_before_request(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	RfExchange			   *exchange = arg;
	struct sockaddr_storage address;

	(void) local;
	(void) peer_port;
	(void) local_port;
	exchange_end_lookup(exchange);
	snprintf(exchange->peer, sizeof(exchange->peer), "%.*s", (int) strcspn(peer, "%"), peer);
	if (!rf_address_parse(exchange->peer, &address))
		exchange->forbidden = "not an internet address";
	else
		exchange->forbidden = rf_address_forbidden((struct sockaddr *) &address,
												   &rf_exchange_allowed, &rf_exchange_local);
	return exchange->forbidden == NULL ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static void
exchange_note_retry_after(RfExchange *exchange, const char *line, size_t length)
{
	static const char name[] = "retry-after:";
	size_t			  start = sizeof(name) - 1;

	if (length < start || strncasecmp(line, name, start) != 0)
		return;
	while (start < length && (line[start] == ' ' || line[start] == '\t'))
		start++;
	while (length > start && strchr(" \t\r\n", line[length - 1]) != NULL)
		length--;
	if (length - start >= sizeof(exchange->retry_after))
		return;
	memcpy(exchange->retry_after, line + start, length - start);
	exchange->retry_after[length - start] = '\0';
}

static size_t
exchange_take_header(char *line, size_t size, size_t n, void *arg)
{
	RfExchange *exchange = arg;
	size_t		length = size * n;

	exchange->header_bytes += length;
	if (exchange->header_bytes > HEADER_BYTES_MAX)
	{
		exchange->header_too_long = true;
		return 0;
	}
	exchange_note_retry_after(exchange, line, length);
	return length;
}

static size_t
exchange_take_body(char *bytes, size_t size, size_t n, void *arg)
{
	RfExchange *exchange = arg;
	size_t		length = size * n;
	size_t		room = RF_HTTP_RESPONSE_KEPT - exchange->response_length;
	size_t		kept = length < room ? length : room;

	memcpy(exchange->response + exchange->response_length, bytes, kept);
	exchange->response_length += kept;
	exchange->body_bytes += length;
	exchange->body_cut = exchange->body_bytes > BODY_BYTES_MAX;
	return exchange->body_cut ? 0 : length;
}

/* ---- options ------------------------------------------------------------ */

static bool
exchange_set_callbacks(RfExchange *exchange)
{
	CURL *easy = exchange->easy;

	return curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error) == CURLE_OK &&
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

/* http and https, nothing that the environment adds, nothing it is redirected to. */
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
	/* libcurl 7.88.1 (Debian 12) fails some requests over HTTP/2. */
	return curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
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

bool
rf_exchange_prepare(RfExchange *exchange, const RfHttpRequest *request)
{
	exchange->tag = request->tag;
	exchange->forbidden = NULL;
	exchange->socket_errno = 0;
	exchange->header_too_long = false;
	exchange->body_cut = false;
	exchange->header_bytes = 0;
	exchange->body_bytes = 0;
	exchange->response_length = 0;
	exchange->retry_after[0] = '\0';
	exchange->peer[0] = '\0';
	exchange->error[0] = '\0';
	if (!exchange_set_headers(exchange, request) || !exchange_set_body(exchange->easy, request) ||
		curl_easy_setopt(exchange->easy, CURLOPT_URL, request->url) != CURLE_OK ||
		curl_easy_setopt(exchange->easy, CURLOPT_TIMEOUT_MS,
						 (long) request->timeout_ms) != CURLE_OK)
		return false;
	exchange->resolving = !request->known_host;
	if (exchange->resolving)
		rf_exchange_lookups++;
	return true;
}

/* ---- results ------------------------------------------------------------ */

static int64_t
exchange_time(CURL *easy, CURLINFO info)
{
	curl_off_t time = 0;

	curl_easy_getinfo(easy, info, &time);
	return time;
}

/* A look-up without descriptors fails like one of a wrong name. */
static bool
exchange_out_of_descriptors(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0 && (errno == EMFILE || errno == ENFILE);
}

/* Was somebody there? Then what went wrong after that is theirs. */
static bool
exchange_was_connected(RfExchange *exchange)
{
	return exchange->peer[0] != '\0' ||
		exchange_time(exchange->easy, CURLINFO_CONNECT_TIME_T) > 0;
}

static bool
exchange_is_exhausted(RfExchange *exchange, CURLcode code)
{
	if (exchange->socket_errno == EMFILE || exchange->socket_errno == ENFILE)
		return true;
	return code == CURLE_COULDNT_RESOLVE_HOST && exchange_out_of_descriptors();
}

static bool
exchange_lacks_memory(int error)
{
	return error == ENOMEM || error == ENOBUFS;
}

/*
 * Only what no endpoint can bring about. libcurl says "out of memory" of lines
 * that are longer than it takes, and an address of a family that is switched
 * off fails to connect with EADDRNOTAVAIL.
 */
static bool
exchange_fault_is_own(RfExchange *exchange, CURLcode code)
{
	long os_errno = 0;

	if (exchange_was_connected(exchange))
		return false;
	if (exchange_is_exhausted(exchange, code) || exchange_lacks_memory(exchange->socket_errno))
		return true;
	if (code == CURLE_OUT_OF_MEMORY || code == CURLE_FAILED_INIT ||
		code == CURLE_SSL_CACERT_BADFILE)
		return true;
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return !rf_address_has_network(&rf_exchange_local);
	if (code != CURLE_COULDNT_CONNECT)
		return false;
	curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &os_errno);
	if (os_errno == ENETUNREACH || os_errno == ENETDOWN)
		return !rf_address_has_network(&rf_exchange_local);
	return exchange_lacks_memory((int) os_errno);
}

static RfFault
exchange_fault(RfExchange *exchange, CURLcode code, long status)
{
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && exchange->body_cut))
		return RF_FAULT_NONE;
	if (exchange->forbidden != NULL)
		return RF_FAULT_FORBIDDEN;
	if (exchange_fault_is_own(exchange, code))
		return RF_FAULT_OWN;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return RF_FAULT_SILENCE;
	if (status > 0 || code == CURLE_OUT_OF_MEMORY || code == CURLE_GOT_NOTHING ||
		code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
		code == CURLE_UNSUPPORTED_PROTOCOL)
		return RF_FAULT_BROKEN;
	return RF_FAULT_SILENCE;
}

/* libcurl may quote others' bytes: what is ASCII fits every encoding. */
static void
exchange_clean_error(RfExchange *exchange)
{
	for (char *at = exchange->error; *at != '\0'; at++)
	{
		if ((unsigned char) *at < ' ' || (unsigned char) *at >= 0x7f)
			*at = '?';
	}
}

/* The text is written over libcurl's where we know better. */
static const char *
exchange_error(RfExchange *exchange, RfFault fault, CURLcode code)
{
	if (fault == RF_FAULT_NONE)
		return NULL;
	if (fault == RF_FAULT_FORBIDDEN)
		snprintf(exchange->error, sizeof(exchange->error), "forbidden target: %s",
				 exchange->forbidden);
	else if (exchange->header_too_long)
		snprintf(exchange->error, sizeof(exchange->error),
				 "headers of the answer are longer than %d bytes", HEADER_BYTES_MAX);
	else if (code == CURLE_OUT_OF_MEMORY && fault == RF_FAULT_BROKEN)
		snprintf(exchange->error, sizeof(exchange->error),
				 "a line of the answer's headers is too long");
	else if (exchange->socket_errno != 0)
		snprintf(exchange->error, sizeof(exchange->error), "could not create a socket: errno %d",
				 exchange->socket_errno);
	exchange_clean_error(exchange);
	return exchange->error[0] != '\0' ? exchange->error : curl_easy_strerror(code);
}

static const char *
exchange_http_version(CURL *easy)
{
	long version = 0;

	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	switch (version)
	{
		case CURL_HTTP_VERSION_1_0:
			return "1.0";
		case CURL_HTTP_VERSION_1_1:
			return "1.1";
		case CURL_HTTP_VERSION_2_0:
			return "2";
		default:
			return NULL;
	}
}

static bool
exchange_has_dialled(CURL *easy)
{
	long connections = 0;

	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
	return connections > 0;
}

void
rf_exchange_finish(RfExchange *exchange, CURLcode code)
{
	CURL		 *easy = exchange->easy;
	RfHttpResult *result = &exchange->result;
	long		  status = 0;

	exchange_end_lookup(exchange);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	result->tag = exchange->tag;
	result->fault = exchange_fault(exchange, code, status);
	result->exhausted = result->fault == RF_FAULT_OWN && exchange_is_exhausted(exchange, code);
	result->status = (int) status;
	result->error = exchange_error(exchange, result->fault, code);
	result->dns_us = exchange_time(easy, CURLINFO_NAMELOOKUP_TIME_T);
	result->connect_us = exchange_time(easy, CURLINFO_CONNECT_TIME_T);
	result->tls_us = exchange_time(easy, CURLINFO_APPCONNECT_TIME_T);
	result->first_byte_us = exchange_time(easy, CURLINFO_STARTTRANSFER_TIME_T);
	result->total_us = exchange_time(easy, CURLINFO_TOTAL_TIME_T);
	result->peer = exchange->peer[0] != '\0' ? exchange->peer : NULL;
	result->http_version = status > 0 ? exchange_http_version(easy) : NULL;
	result->retry_after = exchange->retry_after[0] != '\0' ? exchange->retry_after : NULL;
	result->response = exchange->response;
	result->response_length = exchange->response_length;
	result->dialled = exchange_has_dialled(easy);
}
