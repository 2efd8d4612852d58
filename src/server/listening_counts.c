/*
 * listening_counts.c
 *	  What a listener counts in its slot, without lock; see listening.h.
 */
#include "postgres.h"

#include "server/listening.h"

void
rf_listening_count_answer(int status)
{
	int class = status / 100;

	if (rf_own_listening != NULL && class >= 0 && class < RF_LISTENING_CLASSES)
		pg_atomic_fetch_add_u64(&rf_own_listening->answers[class], 1);
}

void
rf_listening_count_rejected(void)
{
	if (rf_own_listening != NULL)
		pg_atomic_fetch_add_u64(&rf_own_listening->rejected, 1);
}

void
rf_listening_count_clicks(int n)
{
	if (rf_own_listening != NULL)
		pg_atomic_fetch_add_u64(&rf_own_listening->clicks, n);
}

void
rf_listening_set_connections(int n)
{
	if (rf_own_listening != NULL)
		pg_atomic_write_u32(&rf_own_listening->connections, n);
}
