/*
 * breaker.c
 *	  See breaker.h.
 */
#include <string.h>

#include "delivery/breaker.h"

#define SECOND		INT64_C(1000000)
#define SLOT		(30 * SECOND)
#define ENDED_MIN	10
#define FAILED_PART 70 /* per cent */
#define OPEN_FIRST	(30 * SECOND)
#define OPEN_MOST	(30 * 60 * SECOND)

int64_t
rf_breaker_admits_at(const RfBreaker *breaker)
{
	if (breaker->state == RF_BREAKER_CLOSED)
		return 0;
	return breaker->state == RF_BREAKER_OPEN ? breaker->open_until : INT64_MAX;
}

bool
rf_breaker_begin(RfBreaker *breaker)
{
	if (breaker->state != RF_BREAKER_OPEN)
		return false;
	breaker->state = RF_BREAKER_PROBING;
	return true;
}

/* ---- the count ---------------------------------------------------------- */

static void
breaker_clear_count(RfBreaker *breaker)
{
	memset(breaker->slots, 0, sizeof(breaker->slots));
}

/* Slots that have begun since the last attempt take the place of the oldest. */
static void
breaker_advance(RfBreaker *breaker, int64_t now)
{
	int64_t slot = now / SLOT;

	if (slot - breaker->slot >= RF_BREAKER_SLOTS || slot < breaker->slot)
		breaker_clear_count(breaker);
	else
	{
		for (int64_t i = breaker->slot + 1; i <= slot; i++)
			memset(&breaker->slots[i % RF_BREAKER_SLOTS], 0, sizeof(breaker->slots[0]));
	}
	breaker->slot = slot;
}

static bool
breaker_fails_too_often(const RfBreaker *breaker)
{
	int64_t ended = 0;
	int64_t failed = 0;

	for (int i = 0; i < RF_BREAKER_SLOTS; i++)
	{
		ended += breaker->slots[i].ended;
		failed += breaker->slots[i].failed;
	}
	return ended >= ENDED_MIN && failed * 100 >= ended * FAILED_PART;
}

static void
breaker_count(RfBreaker *breaker, int64_t now, bool failed)
{
	int place;

	breaker_advance(breaker, now);
	place = (int) (breaker->slot % RF_BREAKER_SLOTS);
	breaker->slots[place].ended++;
	breaker->slots[place].failed += failed;
}

/* ---- opening and closing ------------------------------------------------ */

/* For the n-th time in a row. */
static int64_t
breaker_open_time(int n)
{
	int64_t time = OPEN_FIRST;

	for (int i = 1; i < n && time < OPEN_MOST; i++)
		time *= 2;
	return time < OPEN_MOST ? time : OPEN_MOST;
}

static void
breaker_open(RfBreaker *breaker, int64_t now)
{
	if (breaker->openings < INT32_MAX)
		breaker->openings++;
	breaker->state = RF_BREAKER_OPEN;
	breaker->open_until = now + breaker_open_time(breaker->openings);
	breaker_clear_count(breaker);
}

bool
rf_breaker_end(RfBreaker *breaker, int64_t now, bool probe, bool failed)
{
	if (probe && breaker->state == RF_BREAKER_PROBING)
	{
		if (failed)
			breaker_open(breaker, now);
		else
			*breaker = (RfBreaker){0};
		return true;
	}
	if (breaker->state != RF_BREAKER_CLOSED)
		return false;
	breaker_count(breaker, now, failed);
	if (!failed || !breaker_fails_too_often(breaker))
		return false;
	breaker_open(breaker, now);
	return true;
}

void
rf_breaker_forgo(RfBreaker *breaker)
{
	if (breaker->state == RF_BREAKER_PROBING)
		breaker->state = RF_BREAKER_OPEN;
}

void
rf_breaker_restore(RfBreaker *breaker, int openings, int64_t open_until)
{
	*breaker = (RfBreaker){0};
	if (openings <= 0)
		return;
	breaker->state = RF_BREAKER_OPEN;
	breaker->openings = openings;
	breaker->open_until = open_until;
}

const char *
rf_breaker_name(RfBreakerState state)
{
	static const char *const names[] = {"closed", "open", "probing"};

	return names[state];
}
