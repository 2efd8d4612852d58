/*
 * load.c
 *	  See load.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/engine.h"
#include "delivery/configuration.h"
#include "delivery/load.h"
#include "delivery/placing.h"
#include "program/event.h"

#define LOAD_MAX	   256
#define LOAD_BYTES_MAX (16 * 1024 * 1024)

typedef enum LoadSource
{
	LOAD_FROM_EVENT,  /* the event's payload */
	LOAD_FROM_OUTBOX, /* bytes of its own */
	LOAD_FROM_RETRY,
} LoadSource;

typedef enum LoadFate
{
	LOAD_WAITS, /* no memory yet, or the turn failed */
	LOAD_FETCHED,
	LOAD_FOREIGN,  /* not to be sent from here; read again when it may be */
	LOAD_CANCELLED /* its row is gone */
} LoadFate;

typedef struct Load
{
	RfEndpoint *endpoint;
	RfDelivery	delivery;
	LoadSource	source;
	LoadFate	fate;
	RfParcel   *parcel;
} Load;

static Load loads[LOAD_MAX];
static int	load_count = 0;

bool
rf_load_has_room(void)
{
	return load_count < LOAD_MAX && rf_parcel_bytes() <= LOAD_BYTES_MAX;
}

void
rf_load_ask(RfEndpoint *endpoint)
{
	Load *load = &loads[load_count++];

	load->endpoint = endpoint;
	load->delivery = rf_endpoint_unqueue(endpoint);
	load->fate = LOAD_WAITS;
	load->parcel = NULL;
	if (load->delivery.slot == RF_SLOT_RETRY)
		load->source = LOAD_FROM_RETRY;
	else
		load->source = load->delivery.own_body ? LOAD_FROM_OUTBOX : LOAD_FROM_EVENT;
}

/* n is the place in the array that was asked for. */
RF_STATEMENT(load_events,
			 "SELECT w.n, e.home, e.id, e.type, e.payload"
			 " FROM unnest($1) WITH ORDINALITY AS w (id, n)"
			 " JOIN @extschema@.rf_event e ON e.id = w.id",
			 INT8ARRAYOID);
RF_STATEMENT(load_outbox,
			 "SELECT w.n, e.home, e.id, e.type, o.body"
			 " FROM unnest($1) WITH ORDINALITY AS w (id, n)"
			 " JOIN @extschema@.rf_outbox o ON o.id = w.id"
			 " JOIN @extschema@.rf_event e ON e.id = o.event_id",
			 INT8ARRAYOID);
RF_STATEMENT(load_retries,
			 "SELECT w.n, e.home, e.id, e.type, coalesce(r.body, e.payload)"
			 " FROM unnest($1) WITH ORDINALITY AS w (id, n)"
			 " JOIN @extschema@.rf_retry r ON r.delivery_id = w.id"
			 " JOIN @extschema@.rf_event e ON e.id = r.event_id",
			 INT8ARRAYOID);

static RfStatement *const load_statements[] = {&load_events, &load_outbox, &load_retries};

static void
load_take_body(Load *load, uint64 row)
{
	bool			isnull;
	struct varlena *stored = (struct varlena *) DatumGetPointer(rf_value(row, 5, &isnull));
	struct varlena *body = PG_DETOAST_DATUM_PACKED(PointerGetDatum(stored));
	char		   *message_id = rf_event_message_id(rf_int64(row, 2), rf_int64(row, 3));

	load->parcel = rf_parcel_create(load->endpoint, &load->delivery,
									VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
	strlcpy(load->parcel->message_id, message_id, sizeof(load->parcel->message_id));
	strlcpy(load->parcel->event_type, rf_text(row, 4), sizeof(load->parcel->event_type));
	load->fate = LOAD_FETCHED;
	/* Large ones, lest a batch of them be in memory twice. */
	if (body != stored)
		pfree(body);
}

static void
load_take_row(Load *load, uint64 row)
{
	if (!rf_configuration_knows_home(rf_int64(row, 2)))
		load->fate = LOAD_FOREIGN;
	else if (rf_parcel_bytes() > LOAD_BYTES_MAX)
		load->fate = LOAD_WAITS;
	else
		load_take_body(load, row);
}

static void
load_fetch_from(LoadSource source)
{
	RfColumn ids;
	int		 places[LOAD_MAX];
	Datum	 values[1];
	uint64	 n;

	rf_column_init(&ids, INT8OID);
	for (int i = 0; i < load_count; i++)
	{
		RfDelivery *delivery = &loads[i].delivery;
		int64		key;

		if (loads[i].source != source)
			continue;
		places[ids.n] = i;
		key = source == LOAD_FROM_EVENT ? delivery->event_id : delivery->id;
		rf_column_add(&ids, Int64GetDatum(key));
		/* Unless a row says otherwise. An event may be restored before its home is. */
		loads[i].fate = source == LOAD_FROM_RETRY ? LOAD_CANCELLED : LOAD_FOREIGN;
	}
	if (ids.n == 0)
		return;
	values[0] = rf_column_array(&ids);
	n = rf_execute(load_statements[source], values, NULL);
	for (uint64 row = 0; row < n; row++)
		load_take_row(&loads[places[rf_int64(row, 1) - 1]], row);
}

void
rf_load_fetch(void)
{
	load_fetch_from(LOAD_FROM_EVENT);
	load_fetch_from(LOAD_FROM_OUTBOX);
	load_fetch_from(LOAD_FROM_RETRY);
}

static void
load_append(RfEndpoint *endpoint, RfParcel *parcel)
{
	if (endpoint->last_loaded != NULL)
		endpoint->last_loaded->next = parcel;
	else
		endpoint->first_loaded = parcel;
	endpoint->last_loaded = parcel;
	endpoint->nloaded++;
	rf_agenda_touch(endpoint);
}

/* What a failed turn has read need not be durable, and nobody will see to it. */
static void
load_undo(Load *load)
{
	if (load->parcel != NULL)
		rf_parcel_free(load->parcel);
	load->parcel = NULL;
	load->fate = LOAD_WAITS;
}

void
rf_load_settle(bool committed)
{
	for (int i = 0; i < load_count; i++)
	{
		if (!committed)
			load_undo(&loads[i]);
		if (loads[i].parcel != NULL)
			load_append(loads[i].endpoint, loads[i].parcel);
		else if (loads[i].fate == LOAD_CANCELLED)
			rf_placing_done(loads[i].endpoint, &loads[i].delivery);
	}
	for (int i = load_count - 1; i >= 0; i--)
	{
		if (loads[i].fate == LOAD_WAITS)
			rf_endpoint_requeue(loads[i].endpoint, &loads[i].delivery);
	}
	load_count = 0;
}
