/*
 * batch.c
 *	  See batch.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "base/engine.h"
#include "base/savepoint.h"
#include "program/batch.h"

typedef struct Batch
{
	Datum ids;
	int (*work)(Datum ids);
	int done;
} Batch;

static void
batch_work(void *arg)
{
	Batch *batch = arg;

	batch->done = batch->work(batch->ids);
}

static int
batch_run_singly(Datum ids, int (*work)(Datum ids), const char *what)
{
	Datum *elements;
	int	   n;
	int	   done = 0;

	deconstruct_array(DatumGetArrayTypeP(ids), INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		RfColumn   id;
		Batch	   batch = {.work = work};
		ErrorData *error;

		rf_column_init(&id, INT8OID);
		rf_column_add(&id, elements[i]);
		batch.ids = rf_column_array(&id);
		error = rf_savepoint_try(batch_work, &batch);
		if (error == NULL)
			done += batch.done;
		else
			ereport(WARNING,
					(errcode(error->sqlerrcode),
					 errmsg("%s " INT64_FORMAT ": %s", what,
							DatumGetInt64(elements[i]), error->message)));
	}
	return done;
}

int
rf_batch_run(Datum ids, int (*work)(Datum ids), const char *what)
{
	Batch batch = {ids, work, 0};

	if (rf_savepoint_try(batch_work, &batch) != NULL)
		return batch_run_singly(ids, work, what);
	return batch.done;
}
