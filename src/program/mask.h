/*
 * mask.h
 *	  What was said about a person who is erased: events, what waits to be sent
 *	  of them, and what endpoints answered.
 */
#ifndef RF_MASK_H
#define RF_MASK_H

#include "base/engine.h"
#include "program/person.h"

/* SQL: people about whom there may be events that show participant $1, besides $1. */
#define RF_PEOPLE_AROUND \
	" SELECT c.id FROM @extschema@.rf_participant c WHERE c.referrer_id = $1" \
	" UNION" \
	" SELECT r.subject_id FROM @extschema@.rf_reward r WHERE r.participant_id = $1"

/*
 * Until the transaction ends: we are about to erase somebody, or nobody else shall,
 * because we copy what events say. Each waits for the other. Inside an engine scope.
 */
extern void rf_mask_begin(void);
extern void rf_mask_keep_out(void);

/*
 * Show the person, wherever they are shown, as they are now: events and bodies
 * that wait are written anew, answers of endpoints forgotten. The person and
 * those around are locked. Inside an engine scope.
 */
extern void rf_mask_person(const RfPerson *anonymous);

#endif /* RF_MASK_H */
