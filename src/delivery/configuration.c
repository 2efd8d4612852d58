/*
 * configuration.c
 *	  See configuration.h.
 *
 * Homes and webhooks are read again when the generation of the programme has moved,
 * and once a minute. When a secret begins and ends is read with it: whoever signs
 * looks at the time.
 *
 * Many webhooks are read in several turns, between which sending goes on. What
 * changes meanwhile moves the generation, and all is read once more.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/engine.h"
#include "delivery/configuration.h"
#include "delivery/endpoint.h"
#include "delivery/holding.h"
#include "delivery/parcel.h"
#include "delivery/retrying.h"
#include "delivery/standing.h"
#include "delivery/webhook.h"
#include "delivery/webhook_state.h"
#include "program/campaign.h"
#include "program/home.h"

#define REREAD_MS 60000
#define PAGE_ROWS 250

static uint64	   configuration_generation = 0;
static TimestampTz configuration_read_at = 0;

/* Of webhooks, in the order of their ids. */
static struct
{
	bool   running;
	uint64 number; /* of the readings so far, this one included */
	int64  after;  /* those up to this one are read */
} configuration_reading;

static bool	  configuration_known = false; /* homes were read at least once */
static bool	  configuration_here = false;
static int64 *configuration_homes = NULL;
static int	  configuration_n_homes = 0;

bool
rf_configuration_is_here(void)
{
	return configuration_here;
}

bool
rf_configuration_is_elsewhere(void)
{
	return configuration_known && !configuration_here;
}

bool
rf_configuration_knows_home(int64 home)
{
	for (int i = 0; i < configuration_n_homes; i++)
	{
		if (configuration_homes[i] == home)
			return true;
	}
	return false;
}

void
rf_configuration_forget(void)
{
	configuration_read_at = 0;
}

/* ---- homes -------------------------------------------------------------- */

RF_STATEMENT(read_homes,
			 "SELECT DISTINCT home FROM @extschema@.rf_home ORDER BY home");

/* Returns true if the list or the verdict has changed. */
static bool
configuration_read_homes(void)
{
	bool   here = rf_home_is_here();
	int	   n = (int) rf_execute(&read_homes, NULL, NULL);
	bool   same = here == configuration_here && n == configuration_n_homes;
	int64 *homes = MemoryContextAlloc(TopMemoryContext, Max(n, 1) * sizeof(int64));

	for (int i = 0; i < n; i++)
	{
		homes[i] = rf_int64(i, 1);
		same = same && homes[i] == configuration_homes[i];
	}
	if (configuration_homes != NULL)
		pfree(configuration_homes);
	configuration_homes = homes;
	configuration_n_homes = n;
	configuration_here = here;
	configuration_known = true;
	return !same;
}

/* ---- webhooks ----------------------------------------------------------- */

enum
{
	COLUMN_ID = 1,
	COLUMN_STATE,
	COLUMN_URL,
	COLUMN_METHOD,
	COLUMN_FORMAT,
	COLUMN_TIMEOUT_MS,
	COLUMN_MAX_IN_FLIGHT,
	COLUMN_SCHEDULE,
	COLUMN_SECRETS,
	COLUMN_SECRETS_FROM,
	COLUMN_SECRETS_UNTIL,
	COLUMN_HEADERS,
	COLUMN_PAUSED_UNTIL,
	COLUMN_TRIED,
	COLUMN_ANSWERED,
	COLUMN_RATE_LIMIT,
	COLUMN_FIFO,
	COLUMN_FULFILLS,
	COLUMN_HTTP_VERSION,
	COLUMN_OPENINGS,
	COLUMN_OPEN_UNTIL,
	COLUMN_FIRST_RETRY,
	COLUMN_TLS
};

RF_STATEMENT(read_webhooks,
			 "SELECT w.id, w.state, w.url, w.method, w.format,"
			 "  (extract(epoch FROM w.timeout) * 1000)::integer, w.max_in_flight,"
			 "  (SELECT array_agg((extract(epoch FROM"
			 "    least(greatest(s.step, interval '0'), interval '30 days')) * 1000000)::bigint"
			 "    ORDER BY s.n)"
			 "   FROM unnest(w.retry_schedule) WITH ORDINALITY AS s (step, n)),"
			 "  k.secrets, k.froms, k.untils,"
			 "  (SELECT array_agg(h.key || CASE h.value WHEN '' THEN ';' ELSE ': ' || h.value END)"
			 "   FROM @extschema@.rf_secret s, jsonb_each_text(s.value::jsonb) h"
			 "   WHERE s.webhook_id = w.id AND s.kind = 'headers' AND s.valid_until IS NULL),"
			 "  t.paused_until, coalesce(t.last_success_at, t.last_failure_at) IS NOT NULL,"
			 "  t.last_success_at > coalesce(t.last_failure_at, '-infinity'),"
			 "  coalesce(w.rate_limit, 0)::float8, w.ordering = 'fifo', w.fulfills,"
			 "  coalesce(w.http_version, ''),"
			 "  t.openings, t.open_until,"
			 "  (SELECT r.next_at FROM @extschema@.rf_retry r WHERE r.webhook_id = w.id"
			 "   ORDER BY r.next_at LIMIT 1),"
			 "  (SELECT ARRAY[coalesce(s.value::jsonb ->> 'ca', ''),"
			 "    coalesce(s.value::jsonb ->> 'certificate', ''), coalesce(s.value::jsonb ->> 'key', '')]"
			 "   FROM @extschema@.rf_secret s"
			 "   WHERE s.webhook_id = w.id AND s.kind = 'tls' AND s.valid_until IS NULL)"
			 " FROM @extschema@.rf_webhook w"
			 " LEFT JOIN @extschema@.rf_webhook_state t ON t.webhook_id = w.id"
			 " CROSS JOIN LATERAL ("
			 "  SELECT array_agg(s.value ORDER BY s.valid_from DESC) AS secrets,"
			 "   array_agg(s.valid_from ORDER BY s.valid_from DESC) AS froms,"
			 "   array_agg(coalesce(s.valid_until, 'infinity') ORDER BY s.valid_from DESC) AS untils"
			 "  FROM @extschema@.rf_secret s"
			 "  WHERE s.webhook_id = w.id AND s.kind = 'signing'"
			 "   AND (s.valid_until > $1 OR s.valid_until IS NULL)) k"
			 " WHERE" RF_SHARE_IS_IN("$2", "w.id") " AND w.id > $3 ORDER BY w.id LIMIT $4",
			 TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID);

/* A copy of the text in that context. */
static char *
configuration_text(uint64 row, int column, MemoryContext context)
{
	char *text = rf_text(row, column);

	return MemoryContextStrdup(context, text);
}

/* The elements of an array, none of them null; 0 for a null array. */
static int
configuration_array(uint64 row, int column, Oid type, Datum **elements)
{
	bool  isnull;
	Datum array = rf_value(row, column, &isnull);
	int16 typlen;
	bool  typbyval;
	char  typalign;
	int	  n;

	if (isnull)
		return 0;
	get_typlenbyvalalign(type, &typlen, &typbyval, &typalign);
	deconstruct_array(DatumGetArrayTypeP(array), type, typlen, typbyval, typalign,
					  elements, NULL, &n);
	return n;
}

static void
configuration_set_schedule(RfEndpointConfig *config, uint64 row)
{
	Datum *steps;
	int	   n = configuration_array(row, COLUMN_SCHEDULE, INT8OID, &steps);

	config->schedule = rf_retry_default_schedule;
	if (n == 0)
		return;
	config->schedule.n = Min(n, RF_SCHEDULE_MAX);
	for (int i = 0; i < config->schedule.n; i++)
		config->schedule.delay[i] = Max(DatumGetInt64(steps[i]), 0);
}

/* A secret that cannot be decoded signs nothing; receivers will say so. */
static void
configuration_set_keys(RfEndpointConfig *config, uint64 row)
{
	Datum *secrets;
	Datum *froms;
	Datum *untils;
	int	   n = configuration_array(row, COLUMN_SECRETS, TEXTOID, &secrets);

	if (n == 0)
		return;
	(void) configuration_array(row, COLUMN_SECRETS_FROM, TIMESTAMPTZOID, &froms);
	(void) configuration_array(row, COLUMN_SECRETS_UNTIL, TIMESTAMPTZOID, &untils);
	n = Min(n, RF_ENDPOINT_KEYS_MAX);
	config->keys = MemoryContextAlloc(config->context, n * sizeof(RfLiveKey));
	for (int i = 0; i < n; i++)
	{
		RfLiveKey *key = &config->keys[config->nkeys];

		key->from = DatumGetTimestampTz(froms[i]);
		key->until = DatumGetTimestampTz(untils[i]);
		if (rf_signature_decode_key(TextDatumGetCString(secrets[i]), &key->key) &&
			key->key.kind != RF_KEY_PUBLIC)
			config->nkeys++;
	}
}

/* NULL for an empty one. */
static const char *
configuration_pem(Datum pem, MemoryContext context)
{
	char *string = TextDatumGetCString(pem);

	return string[0] == '\0' ? NULL : MemoryContextStrdup(context, string);
}

static void
configuration_set_tls(RfEndpointConfig *config, uint64 row)
{
	Datum *pems;

	if (configuration_array(row, COLUMN_TLS, TEXTOID, &pems) == 0)
		return;
	config->ca = configuration_pem(pems[0], config->context);
	config->certificate = configuration_pem(pems[1], config->context);
	config->key = configuration_pem(pems[2], config->context);
}

static const char *
configuration_content_type(const RfEndpointConfig *config, const char *format)
{
	if (config->method == RF_HTTP_GET || strcmp(format, "form") == 0)
		return "content-type: application/x-www-form-urlencoded";
	if (strcmp(format, "cloudevents") == 0)
		return "content-type: application/cloudevents+json";
	return "content-type: application/json";
}

/* Room for a header in which message ids are filled in; 0: it has none. */
static size_t
configuration_id_bytes(const char *header)
{
	size_t bytes = 0;

	for (const char *at = header; (at = strstr(at, RF_ENDPOINT_MESSAGE_ID)) != NULL; at++)
		bytes += RF_MESSAGE_ID_SIZE;
	return bytes > 0 ? strlen(header) + 1 + bytes : 0;
}

static void
configuration_set_headers(RfEndpointConfig *config, uint64 row)
{
	Datum *lines;
	int	   n = configuration_array(row, COLUMN_HEADERS, TEXTOID, &lines);

	config->headers = MemoryContextAlloc(config->context, (n + 2) * sizeof(char *));
	config->headers[config->nheaders++] =
		configuration_content_type(config, rf_text(row, COLUMN_FORMAT));
	config->headers[config->nheaders++] = "user-agent: referral/" REFERRAL_VERSION;
	for (int i = 0; i < n; i++)
	{
		const char *line = MemoryContextStrdup(config->context, TextDatumGetCString(lines[i]));

		config->headers[config->nheaders++] = line;
		config->id_header_bytes += configuration_id_bytes(line);
	}
}

static RfHttpMethod
configuration_method(const char *name)
{
	if (strcmp(name, "GET") == 0)
		return RF_HTTP_GET;
	return strcmp(name, "PUT") == 0 ? RF_HTTP_PUT : RF_HTTP_POST;
}

static RfHttpVersion
configuration_http_version(const char *name)
{
	if (name[0] == '\0')
		return RF_HTTP_BEST;
	return strcmp(name, "2") == 0 ? RF_HTTP_2 : RF_HTTP_1_1;
}

static RfEndpointConfig *
configuration_of(uint64 row)
{
	RfEndpointConfig *config = rf_endpoint_config_create();

	config->url = configuration_text(row, COLUMN_URL, config->context);
	config->forbidden = rf_webhook_check_url(config->url).reason;
	config->method = configuration_method(rf_text(row, COLUMN_METHOD));
	config->timeout_ms = rf_int32(row, COLUMN_TIMEOUT_MS);
	config->max_in_flight = rf_int32(row, COLUMN_MAX_IN_FLIGHT);
	config->rate_limit = rf_double(row, COLUMN_RATE_LIMIT);
	config->fifo = rf_bool(row, COLUMN_FIFO);
	config->fulfills = rf_bool(row, COLUMN_FULFILLS);
	config->http_version = configuration_http_version(rf_text(row, COLUMN_HTTP_VERSION));
	configuration_set_schedule(config, row);
	configuration_set_keys(config, row);
	configuration_set_tls(config, row);
	configuration_set_headers(config, row);
	return config;
}

/* Somebody enabled it between two readings: its row has been cleared since. */
static void
configuration_forgive(RfEndpoint *endpoint, uint64 row, bool unpaused)
{
	if (endpoint->urgent)
		return;
	if (unpaused)
		endpoint->paused_until = DT_NOBEGIN;
	if (endpoint->breaker.state == RF_BREAKER_OPEN && rf_int32(row, COLUMN_OPENINGS) == 0)
		endpoint->breaker = (RfBreaker){0};
}

static void
configuration_set_state(RfEndpoint *endpoint, uint64 row)
{
	RfEndpointState state = strcmp(rf_text(row, COLUMN_STATE), "enabled") == 0
		? RF_ENDPOINT_ENABLED
		: RF_ENDPOINT_WAITING;
	bool			isnull;
	Datum			paused_until = rf_value(row, COLUMN_PAUSED_UNTIL, &isnull);

	/* It is about to be disabled, which is not written yet. */
	if (endpoint->disable != NULL)
		return;
	if (endpoint->state == RF_ENDPOINT_UNKNOWN)
	{
		if (!isnull)
			endpoint->paused_until = rf_steady_from_wall(DatumGetTimestampTz(paused_until));
		endpoint->tried = rf_bool(row, COLUMN_TRIED);
		endpoint->answers = rf_bool(row, COLUMN_ANSWERED);
		rf_breaker_restore(&endpoint->breaker, rf_int32(row, COLUMN_OPENINGS),
						   rf_steady_from_wall(rf_int64(row, COLUMN_OPEN_UNTIL)));
	}
	else
		configuration_forgive(endpoint, row, isnull);
	if (state == RF_ENDPOINT_ENABLED && endpoint->state != RF_ENDPOINT_ENABLED)
		endpoint->parked = true;
	/* Whoever enables it means now. */
	if (state == RF_ENDPOINT_ENABLED && endpoint->state == RF_ENDPOINT_WAITING)
	{
		rf_standing_forgive(endpoint);
		rf_webhook_state_begin(endpoint);
	}
	endpoint->state = state;
}

/* What one URL asked for, or how it answered, says nothing about another. */
static void
configuration_replace(RfEndpoint *endpoint, RfEndpointConfig *config)
{
	bool known = endpoint->config != NULL;
	bool moved = known && strcmp(endpoint->config->url, config->url) != 0;
	bool reordered = known && endpoint->config->fifo != config->fifo;

	rf_endpoint_config_replace(endpoint, config);
	rf_throttle_set(&endpoint->throttle, config->rate_limit, rf_steady_now());
	rf_concurrency_set(&endpoint->concurrency, config->max_in_flight);
	if (moved)
	{
		rf_standing_reset(endpoint);
		rf_webhook_state_begin(endpoint);
	}
	if (reordered)
	{
		rf_parcels_unload(endpoint);
		rf_retrying_reorder(endpoint);
	}
}

/*
 * Whatever others did to rf_retry is noticed now: the first time there, if there
 * is any row at all.
 */
static void
configuration_set_due(RfEndpoint *endpoint, uint64 row)
{
	bool  isnull;
	Datum first = rf_value(row, COLUMN_FIRST_RETRY, &isnull);

	endpoint->next_due = isnull ? DT_NOEND : DT_NOBEGIN;
	if (!isnull && DatumGetTimestampTz(first) == DT_NOEND)
		endpoint->parked = true;
	rf_agenda_touch(endpoint);
}

/* Those that the reading, which is over, has not met. */
static RfColumn
configuration_missed(void)
{
	RfColumn ids;

	rf_column_init(&ids, INT8OID);
	for (int i = 0; i < rf_endpoint_count(); i++)
	{
		RfEndpoint *endpoint = rf_endpoint_at(i);

		if (endpoint->reading != configuration_reading.number &&
			endpoint->state != RF_ENDPOINT_MOVING)
			rf_column_add(&ids, Int64GetDatum(endpoint->id));
	}
	return ids;
}

RF_STATEMENT(find_deleted,
			 "SELECT m.id FROM unnest($1) AS m (id)"
			 " WHERE (SELECT w.id FROM @extschema@.rf_webhook w"
			 "   WHERE w.id = m.id AND" RF_SHARE_IS_IN("$2", "w.id") ") IS NULL",
			 INT8ARRAYOID, INT8OID);

/* One that was made behind the reading is not gone, but shall be read. */
static void
configuration_mark_gone(void)
{
	RfColumn missed = configuration_missed();
	Datum	 values[] = {(Datum) 0, Int64GetDatum((int64) rf_holding_served())};
	uint64	 n;

	if (missed.n == 0)
		return;
	values[0] = rf_column_array(&missed);
	n = rf_execute(&find_deleted, values, NULL);
	for (uint64 row = 0; row < n; row++)
	{
		RfEndpoint *endpoint = rf_endpoint_find(rf_int64(row, 1));

		endpoint->state = RF_ENDPOINT_GONE;
		rf_endpoint_config_replace(endpoint, NULL);
		rf_agenda_touch(endpoint);
	}
	if (n < (uint64) missed.n)
		rf_configuration_forget();
}

static void
configuration_read_page(int64 rows)
{
	Datum values[] = {
		TimestampTzGetDatum(GetCurrentTimestamp()), Int64GetDatum((int64) rf_holding_served()),
		Int64GetDatum(configuration_reading.after), Int64GetDatum(rows)};
	uint64 n = rf_execute(&read_webhooks, values, NULL);

	for (uint64 row = 0; row < n; row++)
	{
		/* First what may fail: whose state is known has a configuration. */
		RfEndpointConfig *config = configuration_of(row);
		RfEndpoint		 *endpoint = rf_endpoint_get(rf_int64(row, COLUMN_ID));

		configuration_set_state(endpoint, row);
		configuration_replace(endpoint, config);
		endpoint->reading = configuration_reading.number;
		configuration_set_due(endpoint, row);
		configuration_reading.after = endpoint->id;
	}
	if (n == (uint64) rows)
		return;
	configuration_mark_gone();
	configuration_reading.running = false;
}

static void
configuration_begin_reading(uint64 generation, TimestampTz now)
{
	configuration_reading.running = true;
	configuration_reading.number++;
	configuration_reading.after = PG_INT64_MIN;
	configuration_generation = generation;
	configuration_read_at = now;
}

bool
rf_configuration_has_more(void)
{
	return configuration_reading.running;
}

bool
rf_configuration_refresh(void)
{
	static bool homes_changed = false; /* outlives an error below */
	TimestampTz now = rf_steady_now();
	uint64		generation = rf_campaign_generation();
	bool		result;

	if (!configuration_reading.running &&
		(generation != configuration_generation ||
		 TimestampDifferenceExceeds(configuration_read_at, now, REREAD_MS)))
	{
		homes_changed |= configuration_read_homes();
		configuration_begin_reading(generation, now);
	}
	/* For the first one nothing has to wait. */
	if (configuration_reading.running)
		configuration_read_page(configuration_reading.number > 1 ? PAGE_ROWS : PG_INT64_MAX);
	result = homes_changed;
	homes_changed = false;
	return result;
}
