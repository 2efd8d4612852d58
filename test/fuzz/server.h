/*
 * server.h
 *	  Targets that need code of the server: memory, JSON, errors. They are linked
 *	  with all of it but main().
 */
#ifndef RF_FUZZ_SERVER_H
#define RF_FUZZ_SERVER_H

#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* The server's is in main.c. */
const char *progname = "fuzz";

/* An empty context to work in; the one before is forgotten. */
static void
fuzz_server_begin(void)
{
	static MemoryContext context = NULL;

	if (context == NULL)
	{
		MemoryContextInit();
		SetDatabaseEncoding(PG_UTF8);
		set_stack_base();
		context = AllocSetContextCreate(TopMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	}
	MemoryContextReset(context);
	MemoryContextSwitchTo(context);
}

/* Call it; an error becomes NULL. */
static void *
fuzz_try(void *(*function)(const void *), const void *argument)
{
	MemoryContext context = CurrentMemoryContext;
	void *volatile result = NULL;

	PG_TRY();
	{
		result = function(argument);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();
	return result;
}

#endif /* RF_FUZZ_SERVER_H */
