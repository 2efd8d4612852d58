/*
 * tick.h
 *	  What happens by the clock, step by step: for the worker, which gives each
 *	  step a transaction of its own, and for rf_tick(), which takes them all.
 */
#ifndef RF_TICK_H
#define RF_TICK_H

#include "program/batch.h"

typedef struct RfTickStep
{
	const char *activity;
	int (*take)(void); /* one batch; returns how many things it did */
} RfTickStep;

extern const RfTickStep rf_tick_steps[];
extern const int		rf_tick_nsteps;

/*
 * One batch of a step; returns how many things it did, RF_BATCH if there
 * may be more to do at once. Does nothing in a restored copy: there time's work
 * is left to the origin. Inside an engine scope.
 */
extern int rf_tick_take(const RfTickStep *step);

#endif /* RF_TICK_H */
