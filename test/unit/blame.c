/* links: delivery/blame.c */
/*
 * blame.c
 *	  Whose fault a failed exchange is. What is ours must be nothing that a
 *	  receiver can bring about.
 */
#include <errno.h>
#include <string.h>

#include "delivery/blame.h"
#include "tap.h"

typedef struct Case
{
	const char *name;
	RfFacts		facts;
	RfBlame		blame;
} Case;

/* Where nothing else is said, all is well with this machine. */
#define WELL .has_network = true, .routed = true, .names_resolve = true

static const Case cases[] = {
	/* answers */
	{"204", {CURLE_OK, 204, WELL}, {.fault = RF_FAULT_NONE, .error_class = NULL}},
	{"503", {CURLE_OK, 503, WELL}, {.fault = RF_FAULT_NONE, .error_class = "http"}},
	{"200 with a gigabyte", {CURLE_WRITE_ERROR, 200, .body_cut = true, WELL}, {.fault = RF_FAULT_NONE, .error_class = NULL}},
	{"500 with a gigabyte", {CURLE_WRITE_ERROR, 500, .body_cut = true, WELL}, {.fault = RF_FAULT_NONE, .error_class = "http"}},
	{"200 with headers without end",
	 {CURLE_WRITE_ERROR, 200, .connected = true, .headers_too_long = true, WELL},
	 {.fault = RF_FAULT_BROKEN, .error_class = "too_large"}},
	{"200 with a long line",
	 {CURLE_OUT_OF_MEMORY, 200, .connected = true, WELL},
	 {.fault = RF_FAULT_BROKEN, .error_class = "too_large"}},
	{"200 that breaks off", {CURLE_PARTIAL_FILE, 200, .connected = true, WELL}, {.fault = RF_FAULT_BROKEN, .error_class = "protocol"}},
	{"no answer", {CURLE_GOT_NOTHING, .connected = true, WELL}, {.fault = RF_FAULT_BROKEN, .error_class = "reset"}},
	{"a reset", {CURLE_RECV_ERROR, .connected = true, WELL}, {.fault = RF_FAULT_BROKEN, .error_class = "reset"}},
	{"no HTTP", {CURLE_UNSUPPORTED_PROTOCOL, .connected = true, WELL}, {.fault = RF_FAULT_BROKEN, .error_class = "protocol"}},
	{"a third time", {CURLE_ABORTED_BY_CALLBACK, .connected = true, .repeated = true, WELL}, {.fault = RF_FAULT_BROKEN, .error_class = "reset"}},

	/* silence */
	{"no answer in time", {CURLE_OPERATION_TIMEDOUT, .connected = true, WELL}, {.fault = RF_FAULT_SILENCE, .error_class = "timeout"}},
	{"half an answer in time", {CURLE_OPERATION_TIMEDOUT, 200, .connected = true, WELL}, {.fault = RF_FAULT_SILENCE, .error_class = "timeout"}},
	{"no connection in time", {CURLE_OPERATION_TIMEDOUT, WELL}, {.fault = RF_FAULT_SILENCE, .error_class = "timeout"}},
	{"a refused connection", {CURLE_COULDNT_CONNECT, .connect_errno = ECONNREFUSED, WELL}, {.fault = RF_FAULT_SILENCE, .error_class = "connect"}},
	{"no way there", {CURLE_COULDNT_CONNECT, .connect_errno = ENETUNREACH, WELL}, {.fault = RF_FAULT_SILENCE, .error_class = "connect"}},
	{"a wrong certificate", {CURLE_PEER_FAILED_VERIFICATION, .connected = true, WELL}, {.fault = RF_FAULT_BROKEN, .error_class = "tls"}},

	/* addresses */
	{"a forbidden address", {CURLE_COULDNT_CONNECT, .forbidden = "loopback", WELL}, {.fault = RF_FAULT_FORBIDDEN, .error_class = "forbidden"}},

	/* names */
	{"a wrong name", {CURLE_COULDNT_RESOLVE_HOST, .unresolved = true, WELL}, {.fault = RF_FAULT_SILENCE, .error_class = "dns"}},
	{"a slow name server", {CURLE_OPERATION_TIMEDOUT, .unresolved = true, WELL}, {.fault = RF_FAULT_SILENCE, .error_class = "dns"}},
	{"no name server answers",
	 {CURLE_COULDNT_RESOLVE_HOST, .unresolved = true, .has_network = true, .routed = true},
	 {.fault = RF_FAULT_OWN, .error_class = "own"}},
	{"no name server answers in time",
	 {CURLE_OPERATION_TIMEDOUT, .unresolved = true, .has_network = true},
	 {.fault = RF_FAULT_OWN, .error_class = "own"}},
	{"no network for a name",
	 {CURLE_COULDNT_RESOLVE_HOST, .unresolved = true, .names_resolve = true},
	 {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"no descriptors for a name",
	 {CURLE_COULDNT_RESOLVE_HOST, .unresolved = true, .lacks_descriptors = true, WELL},
	 {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},

	/* this machine */
	{"no descriptor", {CURLE_COULDNT_CONNECT, .socket_errno = EMFILE, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"no descriptor anywhere", {CURLE_COULDNT_CONNECT, .socket_errno = ENFILE, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"no buffers", {CURLE_COULDNT_CONNECT, .connect_errno = ENOBUFS, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"no memory for a socket", {CURLE_COULDNT_CONNECT, .socket_errno = ENOMEM, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"a socket that cannot be watched",
	 {CURLE_ABORTED_BY_CALLBACK, .connected = true, .socket_errno = ENOSPC, WELL},
	 {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"no memory", {CURLE_OUT_OF_MEMORY, .lacks_memory = true, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"no memory for an answer",
	 {CURLE_OUT_OF_MEMORY, 200, .connected = true, .lacks_memory = true, WELL},
	 {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"no memory for a moment", {CURLE_OUT_OF_MEMORY, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .doubtful = true}},
	{"a name that is not there, in a closed network",
	 {CURLE_COULDNT_RESOLVE_HOST, .unresolved = true, .has_network = true, .names_resolve = true},
	 {.fault = RF_FAULT_SILENCE, .error_class = "dns"}},
	{"a neighbour in a closed network that is switched off",
	 {CURLE_COULDNT_CONNECT, .connect_errno = EHOSTUNREACH, WELL},
	 {.fault = RF_FAULT_SILENCE, .error_class = "connect"}},
	{"no way out of a closed network",
	 {CURLE_COULDNT_CONNECT, .connect_errno = ENETUNREACH, .has_network = true,
	  .names_resolve = true},
	 {.fault = RF_FAULT_OWN, .error_class = "own"}},
	{"no network", {CURLE_COULDNT_CONNECT, .connect_errno = ENETUNREACH, .names_resolve = true}, {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"no certificates for want of descriptors",
	 {CURLE_SSL_CACERT_BADFILE, .connected = true, .lacks_descriptors = true, WELL},
	 {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"no certificates", {CURLE_SSL_CACERT_BADFILE, .connected = true, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .doubtful = true}},
	{"a client certificate that does not work", {CURLE_SSL_CERTPROBLEM, .connected = true, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .doubtful = true}},
	{"want of descriptors while they hang",
	 {CURLE_OPERATION_TIMEDOUT, .connected = true, .lacks_descriptors = true, WELL},
	 {.fault = RF_FAULT_SILENCE, .error_class = "timeout"}},

	/* the proxy */
	{"no proxy by that name", {CURLE_COULDNT_RESOLVE_PROXY, .proxied = true, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"no proxy there", {CURLE_COULDNT_CONNECT, .proxied = true, .connect_errno = ECONNREFUSED, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"a proxy that hangs", {CURLE_OPERATION_TIMEDOUT, .proxied = true, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"a proxy that wants a password",
	 {CURLE_RECV_ERROR, .proxied = true, .connected = true, .tunnel_status = 407, WELL},
	 {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"the same without a tunnel, or a receiver that says so",
	 {CURLE_OK, 407, .proxied = true, .forwarded = true, .connected = true, WELL},
	 {.fault = RF_FAULT_OWN, .error_class = "own", .doubtful = true}},
	{"a receiver that says so through a tunnel",
	 {CURLE_OK, 407, .proxied = true, .connected = true, WELL},
	 {.fault = RF_FAULT_NONE, .error_class = "http"}},
	{"407 without a proxy", {CURLE_OK, 407, .connected = true, WELL}, {.fault = RF_FAULT_NONE, .error_class = "http"}},
	{"a proxy that does not get there",
	 {CURLE_RECV_ERROR, .proxied = true, .connected = true, .tunnel_status = 502, WELL},
	 {.fault = RF_FAULT_BROKEN, .error_class = "connect"}},
	{"a proxy that says so in SOCKS",
	 {CURLE_PROXY, .proxied = true, .connected = true, .proxy_refused = true, WELL},
	 {.fault = RF_FAULT_BROKEN, .error_class = "connect"}},
	{"a proxy that does not speak SOCKS", {CURLE_PROXY, .proxied = true, .connected = true, WELL}, {.fault = RF_FAULT_OWN, .error_class = "own", .everybody = true}},
	{"a receiver that hangs behind a proxy",
	 {CURLE_OPERATION_TIMEDOUT, .proxied = true, .connected = true, WELL},
	 {.fault = RF_FAULT_SILENCE, .error_class = "timeout"}},

	/* HTTP/2 */
	{"a broken frame", {CURLE_HTTP2, .connected = true, WELL}, {.fault = RF_FAULT_BROKEN, .error_class = "protocol", .falls_back = true}},
	{"a broken stream", {CURLE_HTTP2_STREAM, .connected = true, WELL}, {.fault = RF_FAULT_BROKEN, .error_class = "protocol", .falls_back = true}},
	{"an answer in HTTP/2 that breaks off",
	 {CURLE_PARTIAL_FILE, 200, .connected = true, .http2 = true, WELL},
	 {.fault = RF_FAULT_BROKEN, .error_class = "protocol", .falls_back = true}},
	{"nobody who understands it",
	 {CURLE_GOT_NOTHING, .connected = true, .http2_assumed = true, WELL},
	 {.fault = RF_FAULT_BROKEN, .error_class = "reset", .falls_back = true}},
};

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case *c = &cases[i];
		RfBlame		blame = rf_blame(&c->facts);

		ok(blame.fault == c->blame.fault, "%s: fault %d", c->name, blame.fault);
		ok(is_same(blame.error_class, c->blame.error_class), "%s: its class", c->name);
		ok(blame.everybody == c->blame.everybody && blame.doubtful == c->blame.doubtful,
		   "%s: for whom it holds, and how surely", c->name);
		ok(blame.falls_back == c->blame.falls_back, "%s: falls back %d", c->name, blame.falls_back);
	}
	return tap_done();
}
