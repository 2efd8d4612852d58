/*
 * intake.h
 *	  Letting rows from elsewhere join: the good ones do, the others are
 *	  reported.
 *
 * Rows are added one by one and inserted in portions. All functions need an
 * engine scope; it may be left and entered again between portions, that is
 * after rf_intake_insert().
 */
#ifndef RF_INTAKE_H
#define RF_INTAKE_H

#include "program/admission.h"
#include "program/field.h"

/* What a row brings. */
enum
{
	RF_INTAKE_EMAIL,
	RF_INTAKE_NAME,
	RF_INTAKE_REFERRED_BY,
	RF_INTAKE_SOURCE,
	RF_INTAKE_IP,
	RF_INTAKE_META,
	RF_INTAKE_CODE,
	RF_INTAKE_JOINED_AT,
	RF_INTAKE_FIELDS
};

extern const RfField rf_intake_fields[RF_INTAKE_FIELDS];

/* Told of each refused row of a portion, in the order of their numbers. */
typedef void (*RfIntakeRefused)(void *arg, int64 number, const char *email,
								const RfRefusal *refusal);

typedef struct RfIntake RfIntake;

/* For rows of one campaign; lives in the current memory context. */
extern RfIntake *rf_intake(int64 campaign_id, RfIntakeRefused refused, void *arg);

/* Where the values of the rows to be added have to live. */
extern MemoryContext rf_intake_memory(RfIntake *intake);

/*
 * Add a row, or one that is refused already. A row's number grows from row to
 * row; its e-mail may be NULL. A full portion is inserted: nothing that lives in
 * the intake's memory is there afterwards.
 */
extern void rf_intake_add(RfIntake *intake, int64 number, const char *email,
						  const Datum *values, const bool *nulls);
extern void rf_intake_refuse(RfIntake *intake, int64 number, const char *email,
							 const RfRefusal *refusal);

/* Insert what was added since. */
extern void rf_intake_insert(RfIntake *intake);

/* In the row trigger: was it fired by the INSERT of an intake? */
extern bool rf_intake_is_running(void);

/* The next row of that INSERT was checked; refusal NULL: admitted. */
extern void rf_intake_row(const RfAdmitted *admitted, const RfRefusal *refusal);

#endif /* RF_INTAKE_H */
