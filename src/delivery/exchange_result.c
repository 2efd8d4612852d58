/*
 * exchange_result.c
 *	  What an exchange came to: the facts are gathered here, and blame.c judges.
 */
#include "postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "delivery/blame.h"
#include "delivery/exchange.h"
#include "delivery/lookup.h"
#include "delivery/reach.h"
#include "delivery/target.h"

#define MEMORY_PROBE_BYTES (256 * 1024) /* more than libcurl asks for at once */

static int64
result_time(CURL *easy, CURLINFO info)
{
	curl_off_t time = 0;

	curl_easy_getinfo(easy, info, &time);
	return time;
}

static int
result_long(CURL *easy, CURLINFO info)
{
	long value = 0;

	curl_easy_getinfo(easy, info, &value);
	return (int) value;
}

/* ---- facts -------------------------------------------------------------- */

static bool
result_lacks_descriptors(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0 && (errno == EMFILE || errno == ENFILE);
}

static bool
result_lacks_memory(void)
{
	void *volatile probe = malloc(MEMORY_PROBE_BYTES);

	free(probe);
	return probe == NULL;
}

/* Is the host a name of which name servers are asked? */
static bool
result_is_name(const RfExchange *exchange, char *host, size_t size)
{
	struct sockaddr_storage address;
	size_t					length;

	if (!exchange->asked || exchange->proxied || !rf_target_host(exchange->url, host, size) ||
		rf_address_parse(host, &address))
		return false;
	length = strlen(host);
	return length < 9 || pg_strcasecmp(host + length - 9, "localhost") != 0;
}

static bool
result_is_unresolved(const RfExchange *exchange, CURLcode code)
{
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return true;
	return code == CURLE_OPERATION_TIMEDOUT && exchange->asked && !exchange->dialled;
}

/* What this exchange tells of the name servers, and what they are known for. */
static bool
result_names_resolve(const RfExchange *exchange, bool unresolved, int64 now)
{
	char host[256];

	if (!result_is_name(exchange, host, sizeof(host)))
		return true;
	if (unresolved)
		return rf_lookup_failed(host, now);
	if (exchange->dialled)
		rf_lookup_succeeded(host, now);
	return true;
}

/* Through a proxy the time is known only when the tunnel stands: the proxy was there before. */
static bool
result_is_connected(const RfExchange *exchange)
{
	return exchange->peer[0] != '\0' ||
		result_time(exchange->easy, CURLINFO_CONNECT_TIME_T) > 0 ||
		(exchange->proxied && result_long(exchange->easy, CURLINFO_NUM_CONNECTS) > 0);
}

/* A proxy says in its own words that it was the receiver it did not reach. */
static bool
result_is_proxys_refusal(CURL *easy)
{
	switch (result_long(easy, CURLINFO_PROXY_ERROR))
	{
		case CURLPX_REPLY_CONNECTION_REFUSED:
		case CURLPX_REPLY_GENERAL_SERVER_FAILURE:
		case CURLPX_REPLY_HOST_UNREACHABLE:
		case CURLPX_REPLY_NETWORK_UNREACHABLE:
		case CURLPX_REPLY_NOT_ALLOWED:
		case CURLPX_REPLY_TTL_EXPIRED:
			return true;
		default:
			return false;
	}
}

static void
result_look_around(RfFacts *facts, const RfExchange *exchange)
{
	facts->socket_errno = exchange->socket_errno;
	facts->connect_errno = result_long(exchange->easy, CURLINFO_OS_ERRNO);
	facts->lacks_descriptors = result_lacks_descriptors();
	facts->lacks_memory = result_lacks_memory();
	facts->has_network = rf_reach_has_network();
	facts->routed =
		!exchange->dialled || rf_reach_has_route((const struct sockaddr *) &exchange->address);
}

static RfFacts
result_facts(const RfExchange *exchange, CURLcode code, int64 now)
{
	CURL   *easy = exchange->easy;
	RfFacts facts = {
		.code = code,
		.status = result_long(easy, CURLINFO_RESPONSE_CODE),
		.forbidden = exchange->forbidden,
		.connected = result_is_connected(exchange),
		.unresolved = result_is_unresolved(exchange, code),
		.body_cut = exchange->reply.body_cut,
		.headers_too_long = exchange->reply.headers_too_long,
		.repeated = exchange->sent > RF_EXCHANGE_SENT_MAX,
		.http2 = result_long(easy, CURLINFO_HTTP_VERSION) == CURL_HTTP_VERSION_2_0,
		.http2_assumed = exchange->http2_assumed,
		.proxied = exchange->proxied,
		.forwarded = exchange->forwarded,
		.has_network = true,
		.routed = true};

	facts.names_resolve = result_names_resolve(exchange, facts.unresolved, now);
	if (exchange->proxied)
	{
		facts.tunnel_status = result_long(easy, CURLINFO_HTTP_CONNECTCODE);
		facts.proxy_refused = result_is_proxys_refusal(easy);
	}
	if (code != CURLE_OK)
		result_look_around(&facts, exchange);
	return facts;
}

/* ---- words -------------------------------------------------------------- */

/* The text is written over libcurl's where we know better. */
static const char *
result_error(RfExchange *exchange, const RfFacts *facts, const RfBlame *blame)
{
	char  *error = exchange->error;
	size_t size = sizeof(exchange->error);

	if (blame->fault == RF_FAULT_NONE)
		return NULL;
	if (blame->fault == RF_FAULT_FORBIDDEN)
		snprintf(error, size, "forbidden target: %s", facts->forbidden);
	else if (facts->headers_too_long)
		snprintf(error, size, "headers of the answer are longer than %d bytes",
				 RF_REPLY_HEADERS_MAX);
	else if (facts->code == CURLE_OUT_OF_MEMORY && blame->fault == RF_FAULT_BROKEN)
		snprintf(error, size, "a line of the answer's headers is too long");
	else if (facts->repeated)
		snprintf(error, size, "connections were closed before an answer, twice");
	else if (facts->socket_errno != 0)
		snprintf(error, size, "could not create a socket: %s", strerror(facts->socket_errno));
	else if (blame->everybody && facts->lacks_descriptors)
		snprintf(error, size, "out of file descriptors");
	else if (facts->proxied && facts->status == 407)
		snprintf(error, size, "the proxy wants to know who asks (status 407)");
	rf_reply_clean(error);
	return error[0] != '\0' ? error : curl_easy_strerror(facts->code);
}

static const char *
result_http_version(CURL *easy)
{
	switch (result_long(easy, CURLINFO_HTTP_VERSION))
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

static void
result_take_times(RfHttpResult *result, CURL *easy)
{
	result->dns_us = result_time(easy, CURLINFO_NAMELOOKUP_TIME_T);
	result->connect_us = result_time(easy, CURLINFO_CONNECT_TIME_T);
	result->tls_us = result_time(easy, CURLINFO_APPCONNECT_TIME_T);
	result->first_byte_us = result_time(easy, CURLINFO_STARTTRANSFER_TIME_T);
	result->total_us = result_time(easy, CURLINFO_TOTAL_TIME_T);
}

void
rf_exchange_finish(RfExchange *exchange, CURLcode code, int64_t now)
{
	CURL		  *easy = exchange->easy;
	RfHttpResult  *result = &exchange->result;
	const RfReply *reply = &exchange->reply;
	RfFacts		   facts;
	RfBlame		   blame;

	rf_exchange_end_lookup(exchange);
	facts = result_facts(exchange, code, now);
	blame = rf_blame(&facts);
	exchange->starved = blame.everybody &&
		(facts.lacks_descriptors || facts.socket_errno == EMFILE || facts.socket_errno == ENFILE);
	*result = (RfHttpResult){
		.tag = exchange->tag,
		.fault = blame.fault,
		.exhausted = blame.everybody,
		.doubtful = blame.doubtful,
		.falls_back = blame.falls_back && exchange->multiplexed,
		.status = facts.status,
		.error = result_error(exchange, &facts, &blame),
		.error_class = blame.error_class,
		.wish = reply->wish,
		.response_headers = reply->headers_length > 0 ? reply->headers : NULL,
		.peer = exchange->peer[0] != '\0' ? exchange->peer : NULL,
		.http_version = facts.status > 0 ? result_http_version(easy) : NULL,
		.retry_after = reply->retry_after[0] != '\0' ? reply->retry_after : NULL,
		.response = reply->body,
		.response_length = reply->body_length,
		.dialled = result_long(easy, CURLINFO_NUM_CONNECTS) > 0};
	result_take_times(result, easy);
}
