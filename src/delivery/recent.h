/*
 * recent.h
 *	  What happened of late: attempts, and how long their phases took, in the
 *	  last five minutes and in the last day. Pure.
 *
 * Time is cut into periods, of a minute and of three hours. Each period has a
 * slot in a ring, stamped with the period's number: what is too old is known by
 * its stamp, so that nobody has to come in time to clear it. A window is the
 * period that runs now and those before it for which the ring has slots: between
 * 4 and 5 minutes, between 21 and 24 hours.
 *
 * A slot holds a few attempts one by one, in a byte for each phase, and needs
 * histograms, which are ten times as large, only for more than that. Without
 * them, because there is no memory for them, it keeps the last few.
 */
#ifndef RF_RECENT_H
#define RF_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/histogram.h"

typedef enum RfPhase
{
	RF_PHASE_DNS,
	RF_PHASE_CONNECT,
	RF_PHASE_TLS,
	RF_PHASE_FIRST_BYTE,
	RF_PHASE_TOTAL,
	RF_PHASES
} RfPhase;

typedef enum RfWindow
{
	RF_WINDOW_5M,
	RF_WINDOW_24H,
	RF_WINDOWS
} RfWindow;

#define RF_RECENT_MINUTES 5 /* slots of a minute */
#define RF_RECENT_HOURS	  8 /* slots of three hours */
#define RF_RECENT_SLOTS	  (RF_RECENT_MINUTES + RF_RECENT_HOURS)

/* Attempts that a slot holds one by one. */
#define RF_RECENT_FEW 24

/* In place of a bucket: there was no such phase. */
#define RF_NO_BUCKET UINT8_MAX

typedef struct RfRecentAttempt
{
	bool	failed;
	uint8_t bucket[RF_PHASES];
} RfRecentAttempt;

typedef struct RfHistograms
{
	RfHistogram phase[RF_PHASES];
} RfHistograms;

typedef struct RfRecentSlot
{
	int64_t	 period; /* number of the period it is about; 0: none yet */
	uint32_t attempts;
	uint32_t failures;
	uint32_t many;							/* where its histograms are; 0: it has none */
	uint8_t	 few[RF_RECENT_FEW][RF_PHASES]; /* without histograms */
} RfRecentSlot;

/* The slots of both windows. */
typedef struct RfRecent
{
	RfRecentSlot slot[RF_RECENT_SLOTS];
} RfRecent;

/* What one window holds. */
typedef struct RfRecentSum
{
	uint64_t	 attempts;
	uint64_t	 failures;
	RfHistograms histograms;
} RfRecentSum;

/*
 * An attempt as it is counted. Times are microseconds; those of a phase that did
 * not happen are below 0.
 */
extern RfRecentAttempt rf_recent_attempt(bool failed, const int64_t usecs[RF_PHASES]);

/* The slot for what happens now ("now" in microseconds of a steady clock). */
extern RfRecentSlot *rf_recent_slot(RfRecent *recent, RfWindow window, int64_t now);

/* Is the slot still about an older period? Then it must begin anew. */
extern bool rf_recent_is_over(const RfRecentSlot *slot, RfWindow window, int64_t now);

/* Begin anew; its histograms, if any, must have been taken from it. */
extern void rf_recent_begin(RfRecentSlot *slot, RfWindow window, int64_t now);

/* Would one attempt more be one too many to hold one by one? */
extern bool rf_recent_is_full(const RfRecentSlot *slot);

/* Move the attempts held one by one to histograms, which are all zero. */
extern void rf_recent_move(const RfRecentSlot *slot, RfHistograms *histograms);

/* Count an attempt; histograms: the slot's, NULL if it has none. */
extern void rf_recent_add(RfRecentSlot *slot, RfHistograms *histograms,
						  const RfRecentAttempt *attempt);

/* The window that a slot belongs to, by its place. */
extern RfWindow rf_recent_window(int slot);

/* Is the slot within its window? */
extern bool rf_recent_counts(const RfRecentSlot *slot, RfWindow window, int64_t now);

/* Add a slot to a sum; histograms as above. */
extern void rf_recent_sum(const RfRecentSlot *slot, const RfHistograms *histograms,
						  RfRecentSum *sum);

#endif /* RF_RECENT_H */
