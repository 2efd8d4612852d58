/*
 * attached.h
 *	  The rows that fired a trigger of an attached table, read by field.
 *
 * Which column is which field stands in the trigger's arguments, as
 * "email=mail"; columns are found by name when their field is first asked for.
 * A text field that is empty counts as null: forms leave it so. Reading needs no
 * engine scope.
 */
#ifndef RF_ATTACHED_H
#define RF_ATTACHED_H

#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "program/field.h"

#define RF_ATTACHED_FIELDS 8 /* at most */

/* Names of arguments that are no fields. */
#define RF_ATTACHED_CAMPAIGN	"campaign"
#define RF_ATTACHED_ON_MISMATCH "on_mismatch"

typedef struct RfAttached
{
	const char	   *campaign; /* slug; NULL: any */
	bool			raise;	  /* what cannot be credited is an error */
	int64			number;	  /* of the row at hand, from 1 */
	TriggerData	   *trigger;
	const RfField  *fields;
	int				nfields;
	const char	   *columns[RF_ATTACHED_FIELDS]; /* NULL: not mapped */
	AttrNumber		attnums[RF_ATTACHED_FIELDS]; /* 0: not looked for yet */
	int				pointer;					 /* into the transition table */
	TupleTableSlot *slot;
} RfAttached;

/*
 * From an AFTER INSERT STATEMENT trigger with a transition table, or an AFTER
 * UPDATE ROW trigger, whose row is then the only one.
 */
extern void rf_attached_start(RfAttached *attached, FunctionCallInfo fcinfo,
							  const RfField *fields, int nfields);
extern void rf_attached_end(RfAttached *attached);

/* Go to the next row; false: there is none. After a rewind, the first. */
extern bool rf_attached_next(RfAttached *attached);
extern void rf_attached_rewind(RfAttached *attached);

/*
 * Of the row at hand: is the field there? As text, NULL if not; palloc'd. Raise
 * 42703 if the column is gone.
 */
extern bool	 rf_attached_has(RfAttached *attached, int field);
extern char *rf_attached_text(RfAttached *attached, int field);

/*
 * All fields of the row at hand, palloc'd. Returns NULL, or why a value is none
 * of its field.
 */
extern ErrorData *rf_attached_read(RfAttached *attached, Datum *values, bool *nulls);

/* The columns that are looked at, of the row at hand, as jsonb. */
extern Datum rf_attached_row(RfAttached *attached);

/* "schema.table" */
extern char *rf_attached_target(const RfAttached *attached);

#endif /* RF_ATTACHED_H */
