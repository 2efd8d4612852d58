/*
 * blame.c
 *	  See blame.h.
 */
#include <errno.h>
#include <stddef.h>

#include "delivery/blame.h"

static bool
blame_is_descriptors(int error)
{
	return error == EMFILE || error == ENFILE;
}

static bool
blame_is_memory(int error)
{
	return error == ENOMEM || error == ENOBUFS || error == ENOSPC;
}

/* What is ours for everybody alike. */
static bool
blame_is_everybodys(const RfFacts *facts)
{
	if (blame_is_descriptors(facts->socket_errno) || blame_is_memory(facts->socket_errno))
		return true;
	if (facts->code == CURLE_OUT_OF_MEMORY && facts->lacks_memory)
		return true;
	if (facts->code == CURLE_SSL_CACERT_BADFILE && facts->lacks_descriptors)
		return true;
	if (facts->connected)
		return false;
	if (facts->code == CURLE_COULDNT_RESOLVE_HOST && facts->lacks_descriptors)
		return true;
	return facts->code == CURLE_COULDNT_CONNECT && blame_is_memory(facts->connect_errno);
}

/*
 * The proxy is ours, except for what it tells of the receiver. It was asked
 * for a tunnel when it was connected.
 */
static bool
blame_is_proxys(const RfFacts *facts)
{
	if (!facts->proxied || facts->proxy_refused)
		return false;
	if (facts->tunnel_status == 407)
		return true;
	return facts->code == CURLE_COULDNT_RESOLVE_PROXY || facts->code == CURLE_PROXY ||
		(facts->code == CURLE_COULDNT_CONNECT && !facts->connected) ||
		(facts->code == CURLE_OPERATION_TIMEDOUT && !facts->connected);
}

static bool
blame_is_unreachable(const RfFacts *facts)
{
	return !facts->connected &&
		(facts->connect_errno == ENETUNREACH || facts->connect_errno == ENETDOWN ||
		 facts->connect_errno == EHOSTUNREACH);
}

/* Nobody can be reached. */
static bool
blame_is_networks(const RfFacts *facts)
{
	return !facts->has_network &&
		(blame_is_unreachable(facts) || (facts->unresolved && !facts->connected));
}

/*
 * Where no way leads out, some may be reached all the same: a machine of a closed
 * network reaches its neighbours, of which one that is switched off is at fault itself.
 */
static bool
blame_is_routes(const RfFacts *facts)
{
	return !facts->routed && blame_is_unreachable(facts);
}

/* Who asks for a password, the proxy or a receiver that pretends to be one? */
static bool
blame_is_password(const RfFacts *facts)
{
	return facts->forwarded && facts->status == 407;
}

/*
 * Ours for all that libcurl says, but not surely. It says "out of memory" of
 * lines that are longer than it takes, too: those come from who is connected.
 */
static bool
blame_is_doubtful(const RfFacts *facts)
{
	switch (facts->code)
	{
		case CURLE_OUT_OF_MEMORY:
			return !facts->connected;
		case CURLE_FAILED_INIT:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
			return true;
		default:
			return false;
	}
}

/* HTTP/2 broke, or was not understood where it was only assumed. */
static bool
blame_falls_back(const RfFacts *facts)
{
	switch (facts->code)
	{
		case CURLE_HTTP2:
		case CURLE_HTTP2_STREAM:
			return true;
		case CURLE_PARTIAL_FILE:
			return facts->http2;
		case CURLE_GOT_NOTHING:
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR:
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_WEIRD_SERVER_REPLY:
			return facts->http2_assumed && facts->connected && facts->status == 0;
		default:
			return false;
	}
}

static const char *
blame_class(const RfFacts *facts)
{
	if (facts->headers_too_long)
		return "too_large";
	if (facts->unresolved)
		return "dns";
	switch (facts->code)
	{
		case CURLE_COULDNT_CONNECT:
		case CURLE_PROXY:
			return "connect";
		case CURLE_OPERATION_TIMEDOUT:
			return "timeout";
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_INVALIDCERTSTATUS:
		case CURLE_SSL_CLIENTCERT:
			return "tls";
		case CURLE_GOT_NOTHING:
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR:
		case CURLE_ABORTED_BY_CALLBACK:
			return facts->tunnel_status > 0 && !facts->repeated ? "connect" : "reset";
		case CURLE_OUT_OF_MEMORY:
#if LIBCURL_VERSION_NUM >= 0x080600
		case CURLE_TOO_LARGE:
#endif
			return "too_large";
		default:
			return "protocol";
	}
}

/* Is the receiver there, if only to break the rules? */
static RfFault
blame_theirs(const RfFacts *facts, const char *error_class)
{
	if (facts->code == CURLE_OPERATION_TIMEDOUT || facts->unresolved)
		return RF_FAULT_SILENCE;
	if (facts->status > 0 || (facts->connected && error_class != NULL))
		return RF_FAULT_BROKEN;
	return RF_FAULT_SILENCE;
}

static RfBlame
blame_ours(bool everybody, bool doubtful)
{
	return (RfBlame){
		.fault = RF_FAULT_OWN,
		.error_class = "own",
		.everybody = everybody,
		.doubtful = doubtful};
}

static RfBlame
blame_of_failure(const RfFacts *facts)
{
	RfBlame blame = {0};

	if (facts->forbidden != NULL)
		return (RfBlame){.fault = RF_FAULT_FORBIDDEN, .error_class = "forbidden"};
	if (blame_is_everybodys(facts) || blame_is_proxys(facts) || blame_is_networks(facts))
		return blame_ours(true, false);
	if (blame_is_routes(facts) || (facts->unresolved && !facts->names_resolve))
		return blame_ours(false, false);
	if (blame_is_doubtful(facts) || blame_is_password(facts))
		return blame_ours(false, true);
	blame.error_class = blame_class(facts);
	blame.fault = blame_theirs(facts, blame.error_class);
	blame.falls_back = blame_falls_back(facts);
	return blame;
}

RfBlame
rf_blame(const RfFacts *facts)
{
	bool answered = facts->code == CURLE_OK ||
		(facts->code == CURLE_WRITE_ERROR && facts->body_cut);
	bool success = facts->status >= 200 && facts->status < 300;

	if (!answered || blame_is_proxys(facts) || blame_is_password(facts))
		return blame_of_failure(facts);
	return (RfBlame){.fault = RF_FAULT_NONE, .error_class = success ? NULL : "http"};
}
