/*
 * people.h
 *	  Locking everybody whom the rows of one statement may touch.
 *
 * Who handles many rows one after the other locks all their people first, in
 * ascending order of id: two such statements then never wait for each other in
 * a circle, whatever the order of their rows. All functions need an engine
 * scope.
 */
#ifndef RF_PEOPLE_H
#define RF_PEOPLE_H

#include "base/engine.h"

/*
 * Lock the people with these ids (int8[]), the `above` people above each of
 * them, and everybody further up whom a rule of their campaign may pay; then
 * the limits of their campaigns. The ids must not be in the rows of the last statement.
 */
extern void rf_people_lock(Datum ids, int above);

/* The same for the owners of codes (text[] of code keys). */
extern void rf_people_lock_by_codes(Datum code_keys, int above);

#endif /* RF_PEOPLE_H */
