/*
 * attachable.h
 *	  Which tables and columns of an application can be attached.
 */
#ifndef RF_ATTACHABLE_H
#define RF_ATTACHABLE_H

#include "nodes/pg_list.h"
#include "program/field.h"

/* The kind of a relation (RELKIND_...). Raises 42P01 if there is none. */
extern char rf_attachable_kind(Oid target);

/*
 * Raises an error unless the target is a table on which the caller may make
 * triggers, and none of the extension's own.
 */
extern void rf_attachable_check(Oid target);

/*
 * The target and what is below it, locked as CREATE TRIGGER locks. Raises 0A000
 * if a foreign table is among them.
 */
extern List *rf_attachable_family(Oid target);

/*
 * The type of a column. Raises an error if there is none of that name (42703),
 * or its values cannot go into the field (42804).
 */
extern Oid rf_attachable_column(Oid target, const char *column, const RfField *field);

#endif /* RF_ATTACHABLE_H */
