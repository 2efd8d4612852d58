/*
 * written.c
 *	  See written.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/queryenvironment.h"
#include "utils/tuplestore.h"

#include "base/written.h"

struct RfWritten
{
	TupleDesc		 columns;
	Tuplestorestate *rows;
	int				 n;
};

RfWritten *
rf_written_create(TupleDesc columns)
{
	RfWritten *written = palloc0_object(RfWritten);

	written->columns = columns;
	written->rows = tuplestore_begin_heap(false, false, work_mem);
	return written;
}

void
rf_written_add(RfWritten *written, const Datum *values, const bool *nulls)
{
	tuplestore_putvalues(written->rows, written->columns, unconstify(Datum *, values),
						 unconstify(bool *, nulls));
	written->n++;
}

void
rf_written_execute(RfWritten *written, RfStatement *statement)
{
	char					   name[] = "written";
	EphemeralNamedRelationData relation = {
		.md = {.name = name,
			   .tupdesc = written->columns,
			   .enrtype = ENR_NAMED_TUPLESTORE,
			   .enrtuples = written->n},
		.reldata = written->rows};
	int result = SPI_register_relation(&relation);

	if (result != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register a relation: %s", SPI_result_code_string(result));
	rf_execute(statement, NULL, NULL);
	SPI_unregister_relation(name);
	tuplestore_end(written->rows);
	pfree(written);
}
