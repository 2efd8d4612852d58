/*
 * agenda.h
 *	  Which endpoints have something to do, now or at some time: lists and
 *	  timers, so that nobody has to look through all endpoints.
 *
 * What an endpoint is listed for follows from what is known of it. Whoever
 * changes that calls rf_agenda_touch(); dispatch.c looks at it again before
 * anybody reads a list.
 */
#ifndef RF_AGENDA_H
#define RF_AGENDA_H

#include "datatype/timestamp.h"
#include "lib/ilist.h"
#include "lib/pairingheap.h"

/* How far an endpoint is trusted to answer. */
typedef enum RfTrust
{
	RF_TRUST_WARM,	 /* it answers, and has done so lately */
	RF_TRUST_COLD,	 /* it answers, but its name may have to be looked up */
	RF_TRUST_NEW,	 /* not tried yet */
	RF_TRUST_SILENT, /* it does not answer */
	RF_TRUSTS
} RfTrust;

typedef enum RfAgendaList
{
	RF_AGENDA_TOUCHED,							 /* to be looked at again */
	RF_AGENDA_UNKNOWN,							 /* its webhook has to be looked up */
	RF_AGENDA_IN_FLIGHT,						 /* has requests under way */
	RF_AGENDA_OVERFLOW,							 /* part of what waits is not in memory */
	RF_AGENDA_LEAVING,							 /* not enabled: memory is to be cleared of it */
	RF_AGENDA_UNSAVED,							 /* rf_webhook_state has to be told something */
	RF_AGENDA_SEND,								 /* and RF_TRUSTS - 1 more: may send */
	RF_AGENDA_LOAD = RF_AGENDA_SEND + RF_TRUSTS, /* and as many: wants bytes to be loaded */
	RF_AGENDA_LISTS = RF_AGENDA_LOAD + RF_TRUSTS
} RfAgendaList;

typedef enum RfAgendaTimer
{
	RF_TIMER_LOOK,	/* look at it again; the steady clock's */
	RF_TIMER_RETRY, /* rows of rf_retry are due; the system's clock's */
	RF_AGENDA_TIMERS
} RfAgendaTimer;

typedef struct RfAgendaTime
{
	pairingheap_node node;
	TimestampTz		 at;
} RfAgendaTime;

/* An endpoint's own part; all zero at first. */
typedef struct RfAgendaEntry
{
	uint32		 listed; /* bits: in which lists */
	uint32		 timed;	 /* bits: in which timers */
	dlist_node	 nodes[RF_AGENDA_LISTS];
	RfAgendaTime timers[RF_AGENDA_TIMERS];
} RfAgendaEntry;

struct RfEndpoint;

/* Once per process. */
extern void rf_agenda_start(void);

/* Something that decides about its lists has changed. */
extern void rf_agenda_touch(struct RfEndpoint *endpoint);

/* Have it in the list, at the end unless it is there, or not. */
extern void rf_agenda_list(RfAgendaList list, struct RfEndpoint *endpoint, bool listed);

extern bool rf_agenda_has(RfAgendaList list, const struct RfEndpoint *endpoint);
extern int	rf_agenda_count(RfAgendaList list);

/* The first of a list, and the one after it; NULL: none. */
extern struct RfEndpoint *rf_agenda_first(RfAgendaList list);
extern struct RfEndpoint *rf_agenda_next(RfAgendaList list, const struct RfEndpoint *endpoint);

/* Take the first out of a list; NULL: it is empty. */
extern struct RfEndpoint *rf_agenda_take(RfAgendaList list);

/* DT_NOEND: never. */
extern void rf_agenda_set(RfAgendaTimer timer, struct RfEndpoint *endpoint, TimestampTz at);

/* When the first one is due; DT_NOEND: none. */
extern TimestampTz rf_agenda_due_at(RfAgendaTimer timer);

/* The first one, if it is due by now; its timer is then off. */
extern struct RfEndpoint *rf_agenda_take_due(RfAgendaTimer timer, TimestampTz now);

/* It is about to be removed. */
extern void rf_agenda_forget(struct RfEndpoint *endpoint);

#endif /* RF_AGENDA_H */
