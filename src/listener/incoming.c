/*
 * incoming.c
 *	  See incoming.h.
 *
 * Values of headers are left where libmicrohttpd has them: they stay there until
 * the request is answered. Names are copied, since they are wanted in lower case.
 */
#include "postgres.h"

#include <stdlib.h>

#include "listener/incoming.h"
#include "server/listen_settings.h"

/* What a connection keeps for its next request, and what a body begins with. */
#define KEPT  (16 * 1024)
#define FIRST 1024

static bool
buffer_reserve(RfBuffer *buffer, size_t size)
{
	size_t larger = Max(buffer->size, FIRST);
	char  *bytes;

	if (size <= buffer->size)
		return true;
	while (larger < size)
		larger *= 2;
	bytes = realloc(buffer->bytes, larger);
	if (bytes == NULL)
		return false;
	buffer->bytes = bytes;
	buffer->size = larger;
	return true;
}

static bool
buffer_add(RfBuffer *buffer, const char *bytes, size_t length)
{
	if (!buffer_reserve(buffer, buffer->used + length))
		return false;
	memcpy(buffer->bytes + buffer->used, bytes, length);
	buffer->used += length;
	return true;
}

static void
buffer_free(RfBuffer *buffer)
{
	free(buffer->bytes);
	memset(buffer, 0, sizeof(RfBuffer));
}

static void
buffer_empty(RfBuffer *buffer)
{
	if (buffer->size > KEPT)
		buffer_free(buffer);
	buffer->used = 0;
}

void
rf_incoming_refuse(RfIncoming *incoming, RfReady ready)
{
	if (incoming->ready == RF_READY_NONE)
		incoming->ready = ready;
}

/* For the log; the target itself is about to be cut up. */
static void
incoming_see(RfIncoming *incoming, const char *target)
{
	size_t length = Min(strcspn(target, "?"), RF_INCOMING_SEEN - 1);

	memcpy(incoming->seen, target, length);
	incoming->seen[length] = '\0';
}

void
rf_incoming_begin(RfIncoming *incoming, const char *target, const char *address,
				  TimestampTz now)
{
	incoming->stage = RF_STAGE_HEADERS;
	incoming->ready = RF_READY_NONE;
	incoming->method = RF_METHOD_OTHER;
	incoming->nheaders = 0;
	memset(&incoming->exchange, 0, sizeof(RfExchange));
	memset(&incoming->route, 0, sizeof(RfRoute));
	incoming->exchange.started = now;
	strlcpy(incoming->address, address, sizeof(incoming->address));
	/* libmicrohttpd gives none if the line has no target. */
	if (target == NULL)
		target = "";
	if (rf_log_requests != 0)
		incoming_see(incoming, target);
	if (!buffer_add(&incoming->text, target, strlen(target) + 1))
		rf_incoming_refuse(incoming, RF_READY_MEMORY);
}

/* ---- headers ------------------------------------------------------------ */

typedef struct Gathering
{
	RfIncoming *incoming;
	size_t		names; /* bytes */
} Gathering;

static enum MHD_Result
incoming_judge_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_length,
					  const char *value, size_t value_length)
{
	Gathering *gathering = cls;

	/* A header without a colon has no value in some releases. */
	if (value == NULL)
	{
		value = "";
		value_length = 0;
	}
	rf_strict_header(&gathering->incoming->strict, name, name_length, value, value_length);
	gathering->incoming->nheaders++;
	gathering->names += name_length + 1;
	return MHD_YES;
}

static enum MHD_Result
incoming_gather_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_length,
					   const char *value, size_t value_length)
{
	RfIncoming *incoming = cls;
	char	   *copy = incoming->text.bytes + incoming->text.used;

	for (size_t i = 0; i < name_length; i++)
		copy[i] = name[i] >= 'A' && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i];
	copy[name_length] = '\0';
	incoming->text.used += name_length + 1;
	incoming->headers[incoming->nheaders].name = copy;
	incoming->headers[incoming->nheaders].value = value != NULL ? value : "";
	incoming->nheaders++;
	return MHD_YES;
}

/*
 * Releases before 1.0 leave the lines where they were read, which shows whether
 * they follow each other as they should; later ones see to that themselves.
 */
static bool
incoming_lines_stay(void)
{
	static int stay = -1;

	if (stay < 0)
		stay = strncmp(MHD_get_version(), "0.9.", 4) == 0;
	return stay;
}

static size_t
incoming_size(struct MHD_Connection *from)
{
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(from, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	return info != NULL ? info->header_size : 0;
}

/* A blank, and no zero byte, between the parts of the first line. */
static const char *
incoming_judge_line(RfIncoming *incoming, const char *method, const char *target,
					const char *version)
{
	if (!incoming_lines_stay())
		return NULL;
	if (method + strlen(method) + 1 != target || target + incoming->text.used != version)
		rf_incoming_refuse(incoming, RF_READY_MALFORMED);
	return version + strlen(version) + strlen("\r\n");
}

static void
incoming_judge(RfIncoming *incoming, struct MHD_Connection *from, const char *method,
			   const char *target, const char *version)
{
	Gathering gathering = {incoming, 0};
	size_t	  size = incoming_size(from);

	rf_strict_begin(&incoming->strict, incoming_judge_line(incoming, method, target, version));
	MHD_get_connection_values_n(from, MHD_HEADER_KIND, incoming_judge_header, &gathering);
	switch (rf_strict_end(&incoming->strict, method + size, strcmp(version, "HTTP/1.0") != 0))
	{
		case RF_STRICT_FINE:
			break;
		case RF_STRICT_BROKEN:
			rf_incoming_refuse(incoming, RF_READY_MALFORMED);
			break;
		case RF_STRICT_NO_HOST:
			rf_incoming_refuse(incoming, RF_READY_NO_HOST);
			break;
		case RF_STRICT_ENCODING:
			rf_incoming_refuse(incoming, RF_READY_ENCODING);
			break;
	}
	if (size > (size_t) rf_listen_max_header || incoming->nheaders > RF_INCOMING_HEADERS)
		rf_incoming_refuse(incoming, RF_READY_HEADERS);
	if (!buffer_reserve(&incoming->text, incoming->text.used + gathering.names))
		rf_incoming_refuse(incoming, RF_READY_MEMORY);
}

/* What needs no database to be answered. */
static void
incoming_route(RfIncoming *incoming)
{
	RfRoute *route = &incoming->route;
	bool	 posts;

	if (!rf_route_read(incoming->text.bytes, route))
	{
		rf_incoming_refuse(incoming, RF_READY_MALFORMED);
		return;
	}
	incoming->exchange.kind = route->kind;
	posts = rf_route_allows(route, RF_METHOD_POST);
	if (route->kind == RF_ROUTE_NONE && !route->everything)
		rf_incoming_refuse(incoming, RF_READY_UNKNOWN);
	else if (!rf_route_allows(route, incoming->method))
		rf_incoming_refuse(incoming, posts ? RF_READY_METHOD : RF_READY_METHOD_READS);
	else if (incoming->method == RF_METHOD_OPTIONS)
		rf_incoming_refuse(incoming, posts ? RF_READY_OPTIONS : RF_READY_OPTIONS_READS);
}

void
rf_incoming_headers(RfIncoming *incoming, struct MHD_Connection *from, const char *method,
					const char *target, const char *version)
{
	incoming->stage = RF_STAGE_BODY;
	incoming->method = rf_route_method(method);
	if (incoming->ready == RF_READY_NONE)
		incoming_judge(incoming, from, method, target, version);
	incoming->nheaders = 0;
	if (incoming->ready != RF_READY_NONE)
		return;
	MHD_get_connection_values_n(from, MHD_HEADER_KIND, incoming_gather_header, incoming);
	incoming_route(incoming);
	if (incoming->strict.length > (uint64) rf_listen_max_body)
		rf_incoming_refuse(incoming, RF_READY_TOO_LARGE);
}

bool
rf_incoming_closes(const RfIncoming *incoming)
{
	switch (incoming->ready)
	{
		case RF_READY_NONE:
			return false;
		case RF_READY_MALFORMED:
		case RF_READY_NO_HOST:
		case RF_READY_ENCODING:
		case RF_READY_HEADERS:
		case RF_READY_MEMORY:
			return true;
		default:
			return rf_strict_body(&incoming->strict);
	}
}

/* ---- the rest ----------------------------------------------------------- */

void
rf_incoming_body(RfIncoming *incoming, const char *bytes, size_t length)
{
	if (incoming->body.used + length > (size_t) rf_listen_max_body)
		rf_incoming_refuse(incoming, RF_READY_TOO_LARGE);
	else if (!buffer_add(&incoming->body, bytes, length))
		rf_incoming_refuse(incoming, RF_READY_MEMORY);
}

static const char *
incoming_header(const RfIncoming *incoming, const char *name)
{
	for (int i = 0; i < incoming->nheaders; i++)
	{
		if (strcmp(incoming->headers[i].name, name) == 0)
			return incoming->headers[i].value;
	}
	return NULL;
}

/* Browsers fetch what they expect to be followed, and say so. */
static bool
incoming_prefetch(const RfIncoming *incoming)
{
	static const char *const names[] = {"sec-purpose", "purpose", "x-moz"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		const char *value = incoming_header(incoming, names[i]);

		if (value != NULL && (pg_strncasecmp(value, "prefetch", 8) == 0 || pg_strncasecmp(value, "preview", 7) == 0))
			return true;
	}
	return false;
}

static void
incoming_call(const RfIncoming *incoming, RfRequest *request)
{
	request->token = incoming->route.token;
	request->action = incoming->route.action;
	request->content_type = incoming_header(incoming, "content-type");
	request->body = incoming->body.bytes != NULL ? incoming->body.bytes : "";
	request->length = incoming->body.used;
	request->query = incoming->route.query;
	request->headers = incoming->headers;
	request->nheaders = incoming->nheaders;
	request->reads = incoming->method != RF_METHOD_POST;
}

static void
incoming_visit(const RfIncoming *incoming, RfVisit *visit)
{
	visit->code = incoming->route.code;
	visit->address = incoming->address[0] != '\0' ? incoming->address : NULL;
	visit->user_agent = incoming_header(incoming, "user-agent");
	visit->counts = incoming->method == RF_METHOD_GET && !incoming_prefetch(incoming);
}

void
rf_incoming_whole(RfIncoming *incoming)
{
	incoming->stage = RF_STAGE_WHOLE;
	incoming->exchange.peer = incoming->address;
	if (incoming->route.kind == RF_ROUTE_CALL)
		incoming_call(incoming, &incoming->exchange.request);
	if (incoming->route.kind == RF_ROUTE_LINK)
		incoming_visit(incoming, &incoming->exchange.visit);
}

void
rf_incoming_end(RfIncoming *incoming)
{
	incoming->stage = RF_STAGE_IDLE;
	if (incoming->answer != NULL)
		MHD_destroy_response(incoming->answer);
	incoming->answer = NULL;
	incoming->client = NULL;
	buffer_empty(&incoming->text);
	buffer_empty(&incoming->body);
}

void
rf_incoming_free(RfIncoming *incoming)
{
	rf_incoming_end(incoming);
	buffer_free(&incoming->text);
	buffer_free(&incoming->body);
}
