/*
 * extension.c
 *	  See extension.h.
 */
#include "postgres.h"

#include "catalog/pg_extension.h"
#include "storage/lmgr.h"

#include "base/extension.h"
#include "base/installed.h"

bool
rf_extension_enter(RfEngine *engine)
{
	RfInstalled row;
	Oid			oid;

	if (!rf_installed(&row))
		return false;

	/*
	 * DROP EXTENSION locks the extension before anything in it: wait here for
	 * one that is under way, rather than find our tables gone half-way.
	 */
	oid = row.oid;
	LockDatabaseObject(ExtensionRelationId, oid, 0, AccessShareLock);
	if (!rf_installed(&row) || row.oid != oid || !row.same_version)
		return false;
	rf_engine_enter_schema(engine, row.schema, row.owner);
	return true;
}
