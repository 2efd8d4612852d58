/*
 * concurrency.c
 *	  See concurrency.h.
 */
#include "delivery/concurrency.h"

void
rf_concurrency_set(RfConcurrency *concurrency, int most)
{
	bool whole = concurrency->window == concurrency->most;

	concurrency->most = most;
	if (whole || concurrency->window > most)
		concurrency->window = most;
}

void
rf_concurrency_reset(RfConcurrency *concurrency)
{
	concurrency->window = concurrency->most;
	concurrency->successes = 0;
	concurrency->halved_at = 0;
}

void
rf_concurrency_success(RfConcurrency *concurrency, int64_t began)
{
	if (concurrency->window >= concurrency->most || began < concurrency->halved_at)
		return;
	if (++concurrency->successes < concurrency->window)
		return;
	concurrency->successes = 0;
	concurrency->window++;
}

void
rf_concurrency_overload(RfConcurrency *concurrency, int64_t began, int64_t now)
{
	if (began < concurrency->halved_at)
		return;
	concurrency->successes = 0;
	concurrency->halved_at = now;
	concurrency->window = concurrency->window > 1 ? concurrency->window / 2 : 1;
}
