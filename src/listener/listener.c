/*
 * listener.c
 *	  The process that takes calls over HTTP for one database.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/compat.h"

RF_MODULE_MAGIC;

PGDLLEXPORT void rf_listener_main(Datum arg);

void
rf_listener_main(Datum arg)
{
}
