/*
 * outgoing.c
 *	  See outgoing.h.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "listener/outgoing.h"

typedef struct Ready
{
	int			status;
	const char *title;
	const char *detail; /* NULL: no body */
	const char *allow;	/* NULL: no such header */
	const char *retry_after;
} Ready;

static const Ready readies[RF_READIES] = {
	[RF_READY_OPTIONS] = {204, "No Content", NULL, "GET, HEAD, POST, OPTIONS", NULL},
	[RF_READY_OPTIONS_READS] = {204, "No Content", NULL, "GET, HEAD, OPTIONS", NULL},
	[RF_READY_MALFORMED] = {400, "Bad Request", "the request is malformed", NULL, NULL},
	[RF_READY_NO_HOST] = {400, "Bad Request", "the request has no header Host", NULL, NULL},
	[RF_READY_UNKNOWN] = {404, "Not Found", "no such address", NULL, NULL},
	[RF_READY_METHOD] = {405, "Method Not Allowed", "no such method here",
						 "GET, HEAD, POST, OPTIONS", NULL},
	[RF_READY_METHOD_READS] = {405, "Method Not Allowed", "no such method here",
							   "GET, HEAD, OPTIONS", NULL},
	[RF_READY_TOO_LARGE] = {413, "Content Too Large", "the body is too large", NULL, NULL},
	[RF_READY_HEADERS] = {431, "Request Header Fields Too Large", "the headers are too large",
						  NULL, NULL},
	[RF_READY_OFTEN] = {429, "Too Many Requests", "too many requests", NULL, "1"},
	[RF_READY_GUESSES] = {429, "Too Many Requests", "too many unknown addresses", NULL, "1"},
	[RF_READY_FAILED] = {500, "Internal Server Error", "the answer cannot be sent", NULL, NULL},
	[RF_READY_ENCODING] = {501, "Not Implemented", "unknown transfer encoding", NULL, NULL},
	[RF_READY_MEMORY] = {503, "Service Unavailable", "out of memory", NULL, "2"},
};

static char					bodies[RF_READIES][160];
static struct MHD_Response *made[RF_READIES];

static bool
outgoing_add(struct MHD_Response *response, const char *name, const char *value)
{
	return value == NULL || MHD_add_response_header(response, name, value) == MHD_YES;
}

/* What every answer says. */
static bool
outgoing_add_common(struct MHD_Response *response)
{
	return outgoing_add(response, "Cache-Control", "no-store") &&
		outgoing_add(response, "X-Content-Type-Options", "nosniff");
}

static struct MHD_Response *
outgoing_prepare_one(const Ready *ready, char *body, size_t size)
{
	struct MHD_Response *response;
	const char			*type = NULL;

	body[0] = '\0';
	if (ready->detail != NULL)
	{
		type = "application/problem+json";
		snprintf(body, size,
				 "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}",
				 ready->title, ready->status, ready->detail);
	}
	response = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return NULL;
	if (outgoing_add_common(response) && outgoing_add(response, "Content-Type", type) &&
		outgoing_add(response, "Allow", ready->allow) &&
		outgoing_add(response, "Retry-After", ready->retry_after))
		return response;
	MHD_destroy_response(response);
	return NULL;
}

bool
rf_outgoing_prepare(void)
{
	for (int i = RF_READY_NONE + 1; i < RF_READIES; i++)
	{
		if (made[i] == NULL)
			made[i] = outgoing_prepare_one(&readies[i], bodies[i], sizeof(bodies[i]));
		if (made[i] == NULL)
			return false;
	}
	return true;
}

struct MHD_Response *
rf_outgoing_ready(RfReady ready)
{
	return made[ready];
}

int
rf_outgoing_status(RfReady ready)
{
	return readies[ready].status;
}

void
rf_outgoing_write(int socket, RfReady ready)
{
	char	text[512];
	ssize_t rc;

	snprintf(text, sizeof(text),
			 "HTTP/1.1 %d %s\r\n"
			 "Connection: close\r\n"
			 "Cache-Control: no-store\r\n"
			 "X-Content-Type-Options: nosniff\r\n"
			 "Content-Type: application/problem+json\r\n"
			 "Content-Length: %d\r\n\r\n%s",
			 readies[ready].status, readies[ready].title, (int) strlen(bodies[ready]),
			 bodies[ready]);
	rc = send(socket, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	(void) rc;
}

static const char *
outgoing_type(const RfExchange *exchange)
{
	if (exchange->content_type != NULL)
		return exchange->content_type;
	if (exchange->response.body == NULL)
		return NULL;
	return exchange->response.problem ? "application/problem+json" : "application/json";
}

struct MHD_Response *
rf_outgoing_make(const RfExchange *exchange, bool last)
{
	const char			*body = exchange->response.body != NULL ? exchange->response.body : "";
	struct MHD_Response *response;
	char				 seconds[16];

	response = MHD_create_response_from_buffer(strlen(body), (void *) body,
											   MHD_RESPMEM_MUST_COPY);
	if (response == NULL)
		return NULL;
	snprintf(seconds, sizeof(seconds), "%d", exchange->response.retry_after);
	if (outgoing_add_common(response) &&
		outgoing_add(response, "Content-Type", outgoing_type(exchange)) &&
		outgoing_add(response, "Location", exchange->location) &&
		outgoing_add(response, "Allow", exchange->response.status == 405 ? "POST, OPTIONS" : NULL) &&
		outgoing_add(response, "Retry-After",
					 exchange->response.retry_after > 0 ? seconds : NULL) &&
		outgoing_add(response, "Connection", last ? "close" : NULL))
		return response;
	MHD_destroy_response(response);
	return NULL;
}
