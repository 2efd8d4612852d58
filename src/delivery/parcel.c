/*
 * parcel.c
 *	  See parcel.h.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "delivery/parcel.h"

static RfParcel	 *parcel_free_list = NULL;
static int64	  parcel_bytes = 0;
static dlist_head parcel_live = DLIST_STATIC_INIT(parcel_live);

int64
rf_parcel_bytes(void)
{
	return parcel_bytes;
}

const RfParcel *
rf_parcel_first(void)
{
	if (dlist_is_empty(&parcel_live))
		return NULL;
	return dlist_head_element(RfParcel, live, &parcel_live);
}

const RfParcel *
rf_parcel_after(const RfParcel *parcel)
{
	RfParcel *current = (RfParcel *) parcel;

	if (!dlist_has_next(&parcel_live, &current->live))
		return NULL;
	return dlist_container(RfParcel, live, dlist_next_node(&parcel_live, &current->live));
}

RfParcel *
rf_parcel_create(RfEndpoint *endpoint, const RfDelivery *delivery, const char *body, int length)
{
	char	 *copy = MemoryContextAlloc(TopMemoryContext, length + 1);
	RfParcel *parcel = parcel_free_list;

	if (parcel == NULL)
		parcel = MemoryContextAlloc(TopMemoryContext, sizeof(RfParcel));
	else
		parcel_free_list = parcel->next;
	memcpy(copy, body, length);
	copy[length] = '\0';
	parcel->next = NULL;
	parcel->endpoint = endpoint;
	parcel->delivery = *delivery;
	parcel->body = copy;
	parcel->length = length;
	parcel->config = NULL;
	parcel->url = NULL;
	parcel->id_headers = NULL;
	parcel_bytes += length;
	dlist_push_tail(&parcel_live, &parcel->live);
	return parcel;
}

void
rf_parcel_free(RfParcel *parcel)
{
	dlist_delete(&parcel->live);
	parcel_bytes -= parcel->length;
	pfree(parcel->body);
	if (parcel->url != NULL)
		pfree(parcel->url);
	if (parcel->id_headers != NULL)
		pfree(parcel->id_headers);
	if (parcel->config != NULL)
		rf_endpoint_config_release(parcel->config);
	parcel->next = parcel_free_list;
	parcel_free_list = parcel;
}

/* ---- those that are loaded ------------------------------------------------ */

RfParcel *
rf_parcel_take_loaded(RfEndpoint *endpoint)
{
	RfParcel *parcel = endpoint->first_loaded;

	endpoint->first_loaded = parcel->next;
	if (endpoint->first_loaded == NULL)
		endpoint->last_loaded = NULL;
	endpoint->nloaded--;
	rf_agenda_touch(endpoint);
	return parcel;
}

/* The last one first, so that the queue keeps its order. */
void
rf_parcels_unload(RfEndpoint *endpoint)
{
	RfParcel *reversed = NULL;

	while (endpoint->first_loaded != NULL)
	{
		RfParcel *parcel = rf_parcel_take_loaded(endpoint);

		parcel->next = reversed;
		reversed = parcel;
	}
	while (reversed != NULL)
	{
		RfParcel *parcel = reversed;

		reversed = parcel->next;
		rf_endpoint_requeue(endpoint, &parcel->delivery);
		rf_parcel_free(parcel);
	}
}

/* ---- the request ---------------------------------------------------------- */

/*
 * Does it sign at this time? A clock that was set back may be before all of the
 * secrets: then the current one signs.
 */
static bool
parcel_key_signs(const RfEndpointConfig *config, const RfLiveKey *key, TimestampTz now)
{
	if (key->from <= now)
		return now < key->until;
	if (!TIMESTAMP_IS_NOEND(key->until))
		return false;
	for (int i = 0; i < config->nkeys; i++)
	{
		if (config->keys[i].from <= now && now < config->keys[i].until)
			return false;
	}
	return true;
}

/* One signature for each live secret: receivers accept any of them. */
static void
parcel_sign(RfParcel *parcel, TimestampTz now)
{
	const RfEndpointConfig *config = parcel->config;
	RfSigned				message = {
					   .id = parcel->message_id,
					   .timestamp = rf_unix_usecs(now) / USECS_PER_SEC,
					   .body = parcel->body,
					   .length = parcel->length};
	char *values = stpcpy(parcel->signature_line, "webhook-signature:");
	char *at = values;

	for (int i = 0; i < config->nkeys; i++)
	{
		if (!parcel_key_signs(config, &config->keys[i], now))
			continue;
		*at++ = ' ';
		rf_signature_make(&config->keys[i].key, &message, at);
		at += strlen(at);
	}
	/* Without a usable secret: a header without a value. */
	if (at == values)
		strcpy(values - 1, ";");
}

/* The line, or, where it says so, one with the message id, written to *room. */
static const char *
parcel_header(const RfParcel *parcel, const char *line, char **room)
{
	const char *mark = strstr(line, RF_ENDPOINT_MESSAGE_ID);
	const char *result = *room;
	char	   *at = *room;

	if (mark == NULL)
		return line;
	for (; mark != NULL; mark = strstr(line, RF_ENDPOINT_MESSAGE_ID))
	{
		memcpy(at, line, mark - line);
		at = stpcpy(at + (mark - line), parcel->message_id);
		line = mark + strlen(RF_ENDPOINT_MESSAGE_ID);
	}
	*room = stpcpy(at, line) + 1;
	return result;
}

static int
parcel_write_headers(RfParcel *parcel, TimestampTz now)
{
	RfEndpointConfig *config = parcel->config;
	char			 *room = NULL;
	int				  n = 0;

	if (config->id_header_bytes > 0)
		room = parcel->id_headers =
			MemoryContextAlloc(TopMemoryContext, config->id_header_bytes);
	snprintf(parcel->id_line, sizeof(parcel->id_line), "webhook-id: %s", parcel->message_id);
	snprintf(parcel->timestamp_line, sizeof(parcel->timestamp_line),
			 "webhook-timestamp: " INT64_FORMAT, rf_unix_usecs(now) / USECS_PER_SEC);
	parcel_sign(parcel, now);
	snprintf(parcel->event_line, sizeof(parcel->event_line), "referral-event: %s",
			 parcel->event_type);
	snprintf(parcel->attempt_line, sizeof(parcel->attempt_line), "referral-attempt: %d",
			 parcel->delivery.attempts + 1);
	parcel->headers[n++] = parcel->id_line;
	parcel->headers[n++] = parcel->timestamp_line;
	parcel->headers[n++] = parcel->signature_line;
	parcel->headers[n++] = parcel->event_line;
	parcel->headers[n++] = parcel->attempt_line;
	for (int i = 0; i < config->nheaders && n < RF_HTTP_HEADERS_MAX; i++)
		parcel->headers[n++] = parcel_header(parcel, config->headers[i], &room);
	return n;
}

/* A GET carries its body, which is what was signed, as the query string. */
static char *
parcel_url_with_query(const RfParcel *parcel)
{
	const char *url = parcel->config->url;
	Size		size = strlen(url) + parcel->length + 2;
	char	   *result = MemoryContextAlloc(TopMemoryContext, size);

	snprintf(result, size, "%s%c%s", url, strchr(url, '?') == NULL ? '?' : '&', parcel->body);
	return result;
}

void
rf_parcel_address(RfParcel *parcel, TimestampTz now, RfHttpRequest *request)
{
	RfEndpointConfig *config = parcel->endpoint->config;

	config->uses++;
	parcel->config = config;
	parcel->started_at = now;
	if (config->method == RF_HTTP_GET)
		parcel->url = parcel_url_with_query(parcel);
	*request = (RfHttpRequest){
		.tag = parcel,
		.method = config->method,
		.url = parcel->url != NULL ? parcel->url : config->url,
		.headers = parcel->headers,
		.nheaders = parcel_write_headers(parcel, now),
		.body = parcel->body,
		.length = parcel->length,
		.timeout_ms = config->timeout_ms,
		.version = config->http_version,
		.ca = config->ca,
		.certificate = config->certificate,
		.key = config->key};
}
