/*
 * engine.h
 *	  The engine's own statements: as whom and with which search path they
 *	  run, and how they are prepared.
 *
 * Engine work runs as the extension's owner with the search path
 * "pg_catalog, pg_temp", whoever the caller is; names of ours are written
 * @extschema@.rf_... in the text of a statement and resolved when it is
 * prepared, once per backend. Between rf_engine_enter() and
 * rf_engine_leave() the caller has an SPI connection; the rows a statement
 * returned are gone after rf_engine_leave(). The current memory context is left
 * alone throughout. An error needs no clean-up: the end of the (sub)transaction
 * restores user, search path and SPI.
 */
#ifndef RF_ENGINE_H
#define RF_ENGINE_H

#include "executor/spi.h"
#include "fmgr.h"

typedef struct RfEngine
{
	Oid caller; /* user to return to */
	int caller_sec_context;
	int guc_nest_level; /* 0: the search path was ours already */
} RfEngine;

/* A statement of the engine; make one with RF_STATEMENT. */
typedef struct RfStatement
{
	const char *sql;
	int			nargs;
	const Oid  *argtypes;
	SPIPlanPtr	plan;
	uint64		generation; /* of the schema the plan was made for */
} RfStatement;

/* RF_STATEMENT(name, "SELECT ... $1", INT8OID, ...): a static statement. */
#define RF_STATEMENT(name, text, ...) \
	static const Oid   name##_argtypes[] = {__VA_ARGS__}; \
	static RfStatement name = { \
		.sql = text, \
		.nargs = sizeof((Oid[]){__VA_ARGS__}) / sizeof(Oid), \
		.argtypes = name##_argtypes, \
	}

/* Enter from a function called by SQL: schema and owner are the function's. */
extern void rf_engine_enter(RfEngine *engine, FunctionCallInfo fcinfo);

/* Enter from a process of ours: schema and owner are the extension's. */
extern void				rf_engine_enter_schema(RfEngine *engine, Oid schema, Oid owner);
extern PGDLLEXPORT void rf_engine_leave(RfEngine *engine);

/* An engine scope that is entered only if it is needed. */
typedef struct RfLazyEngine
{
	FunctionCallInfo fcinfo;
	bool			 entered;
	RfEngine		 engine;
} RfLazyEngine;

static inline void
rf_engine_need(RfLazyEngine *lazy)
{
	if (!lazy->entered)
		rf_engine_enter(&lazy->engine, lazy->fcinfo);
	lazy->entered = true;
}

static inline void
rf_engine_done(RfLazyEngine *lazy)
{
	if (lazy->entered)
		rf_engine_leave(&lazy->engine);
	lazy->entered = false;
}

/*
 * Oid of one of our relations, in the schema last entered. Raises an error if
 * it does not exist.
 */
extern Oid rf_engine_relation(const char *name);

/*
 * From a trigger: was it fired by a statement of rf_execute() itself, rather
 * than by one that some other trigger ran?
 */
extern bool rf_engine_is_writing(void);

/*
 * Run a statement; nulls as for SPI_execute_plan ('n' or ' ', may be NULL).
 * Returns the number of rows. They can be read until the next statement runs,
 * whoever runs it: copy what is needed longer.
 */
extern uint64 rf_execute(RfStatement *statement, const Datum *values, const char *nulls);

/*
 * The same for rows that are too many to hold at once: rf_fetch() returns the
 * number of those it brought, at most `count`, 0 at the end. Other statements may
 * run in between; the rows are those of the moment in which it was opened.
 */
extern Portal rf_cursor(RfStatement *statement, const Datum *values, const char *nulls);
extern uint64 rf_fetch(Portal cursor, long count);

/* Columns of row i of the last statement, counted from 1. */
extern Datum  rf_value(uint64 row, int column, bool *isnull);
extern int64  rf_int64(uint64 row, int column);	 /* null: 0 */
extern int32  rf_int32(uint64 row, int column);	 /* null: 0 */
extern bool	  rf_bool(uint64 row, int column);	 /* null: false */
extern double rf_double(uint64 row, int column); /* null: 0 */
extern char	 *rf_text(uint64 row, int column);	 /* palloc'd in the current
												 * context; null: NULL */

/* The array in the one row and column of the last statement, copied; null: 0. */
extern Datum rf_array(void);

/* A column of the last statement's rows as a bigint[]. */
extern Datum rf_int64_column(uint64 nrows, int column);

/*
 * A column of values on its way to unnest(): rows are inserted by arrays.
 */
typedef struct RfColumn
{
	Oid	   type;
	int16  typlen;
	bool   typbyval;
	char   typalign;
	Datum *values;
	bool  *nulls;
	int	   n;
	int	   capacity;
} RfColumn;

extern void	 rf_column_init(RfColumn *column, Oid type);
extern void	 rf_column_add(RfColumn *column, Datum value);
extern void	 rf_column_add_null(RfColumn *column);
extern void	 rf_column_add_text(RfColumn *column, const char *text); /* NULL: null */
extern Datum rf_column_array(const RfColumn *column);
static inline void
rf_column_reset(RfColumn *column)
{
	column->n = 0;
}

#endif /* RF_ENGINE_H */
