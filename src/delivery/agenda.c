/*
 * agenda.c
 *	  See agenda.h.
 */
#include "postgres.h"

#include "delivery/endpoint.h"

static dlist_head  agenda_lists[RF_AGENDA_LISTS];
static int		   agenda_counts[RF_AGENDA_LISTS];
static pairingheap agenda_timers[RF_AGENDA_TIMERS];

/* ---- lists -------------------------------------------------------------- */

static RfEndpoint *
agenda_listed(RfAgendaList list, dlist_node *node)
{
	return (RfEndpoint *) ((char *) (node - list) - offsetof(RfEndpoint, agenda.nodes));
}

void
rf_agenda_list(RfAgendaList list, RfEndpoint *endpoint, bool listed)
{
	RfAgendaEntry *entry = &endpoint->agenda;
	uint32		   bit = 1u << list;

	if (listed == ((entry->listed & bit) != 0))
		return;
	entry->listed ^= bit;
	agenda_counts[list] += listed ? 1 : -1;
	if (listed)
		dlist_push_tail(&agenda_lists[list], &entry->nodes[list]);
	else
		dlist_delete(&entry->nodes[list]);
}

void
rf_agenda_touch(RfEndpoint *endpoint)
{
	rf_agenda_list(RF_AGENDA_TOUCHED, endpoint, true);
}

bool
rf_agenda_has(RfAgendaList list, const RfEndpoint *endpoint)
{
	return (endpoint->agenda.listed & (1u << list)) != 0;
}

int
rf_agenda_count(RfAgendaList list)
{
	return agenda_counts[list];
}

RfEndpoint *
rf_agenda_first(RfAgendaList list)
{
	if (agenda_counts[list] == 0)
		return NULL;
	return agenda_listed(list, dlist_head_node(&agenda_lists[list]));
}

RfEndpoint *
rf_agenda_next(RfAgendaList list, const RfEndpoint *endpoint)
{
	dlist_node *node = unconstify(dlist_node *, &endpoint->agenda.nodes[list]);

	if (!dlist_has_next(&agenda_lists[list], node))
		return NULL;
	return agenda_listed(list, dlist_next_node(&agenda_lists[list], node));
}

RfEndpoint *
rf_agenda_take(RfAgendaList list)
{
	RfEndpoint *endpoint = rf_agenda_first(list);

	if (endpoint != NULL)
		rf_agenda_list(list, endpoint, false);
	return endpoint;
}

/* ---- timers ------------------------------------------------------------- */

static RfEndpoint *
agenda_timed(RfAgendaTimer timer, pairingheap_node *node)
{
	RfAgendaTime *time = pairingheap_container(RfAgendaTime, node, node);

	return (RfEndpoint *) ((char *) (time - timer) - offsetof(RfEndpoint, agenda.timers));
}

/* The heap holds its greatest at the top: the earliest shall be that. */
static int
agenda_compare(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	TimestampTz first = pairingheap_const_container(RfAgendaTime, node, a)->at;
	TimestampTz second = pairingheap_const_container(RfAgendaTime, node, b)->at;

	if (first == second)
		return 0;
	return first < second ? 1 : -1;
}

static void
agenda_stop(RfAgendaTimer timer, RfEndpoint *endpoint)
{
	RfAgendaEntry *entry = &endpoint->agenda;
	uint32		   bit = 1u << timer;

	if ((entry->timed & bit) != 0)
		pairingheap_remove(&agenda_timers[timer], &entry->timers[timer].node);
	entry->timed &= ~bit;
}

void
rf_agenda_set(RfAgendaTimer timer, RfEndpoint *endpoint, TimestampTz at)
{
	RfAgendaEntry *entry = &endpoint->agenda;
	uint32		   bit = 1u << timer;

	if ((entry->timed & bit) != 0 && entry->timers[timer].at == at)
		return;
	agenda_stop(timer, endpoint);
	if (at == DT_NOEND)
		return;
	entry->timers[timer].at = at;
	entry->timed |= bit;
	pairingheap_add(&agenda_timers[timer], &entry->timers[timer].node);
}

TimestampTz
rf_agenda_due_at(RfAgendaTimer timer)
{
	pairingheap *heap = &agenda_timers[timer];

	if (pairingheap_is_empty(heap))
		return DT_NOEND;
	return agenda_timed(timer, pairingheap_first(heap))->agenda.timers[timer].at;
}

RfEndpoint *
rf_agenda_take_due(RfAgendaTimer timer, TimestampTz now)
{
	RfEndpoint *endpoint;

	if (rf_agenda_due_at(timer) > now || pairingheap_is_empty(&agenda_timers[timer]))
		return NULL;
	endpoint = agenda_timed(timer, pairingheap_first(&agenda_timers[timer]));
	agenda_stop(timer, endpoint);
	return endpoint;
}

/* ---- life --------------------------------------------------------------- */

void
rf_agenda_start(void)
{
	for (int list = 0; list < RF_AGENDA_LISTS; list++)
	{
		dlist_init(&agenda_lists[list]);
		agenda_counts[list] = 0;
	}
	for (int timer = 0; timer < RF_AGENDA_TIMERS; timer++)
	{
		agenda_timers[timer].ph_compare = agenda_compare;
		agenda_timers[timer].ph_arg = NULL;
		agenda_timers[timer].ph_root = NULL;
	}
}

void
rf_agenda_forget(RfEndpoint *endpoint)
{
	for (int list = 0; list < RF_AGENDA_LISTS; list++)
		rf_agenda_list(list, endpoint, false);
	for (int timer = 0; timer < RF_AGENDA_TIMERS; timer++)
		agenda_stop(timer, endpoint);
}
