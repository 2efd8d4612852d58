/*
 * extension.c
 *	  See extension.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "base/extension.h"

typedef struct ExtensionRow
{
	Oid	 oid;
	Oid	 schema;
	Oid	 owner;
	bool same_version;
} ExtensionRow;

static bool
extension_row(ExtensionRow *row)
{
	Relation	catalog = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum("referral"));
	scan = systable_beginscan(catalog, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);
		bool			  isnull;
		Datum			  version = heap_getattr(tuple, Anum_pg_extension_extversion,
												 RelationGetDescr(catalog), &isnull);

		row->oid = form->oid;
		row->schema = form->extnamespace;
		row->owner = form->extowner;
		row->same_version = !isnull &&
			strcmp(TextDatumGetCString(version), REFERRAL_VERSION) == 0;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return HeapTupleIsValid(tuple);
}

bool
rf_extension_enter(RfEngine *engine)
{
	ExtensionRow row;
	Oid			 oid;

	if (!extension_row(&row))
		return false;

	/*
	 * DROP EXTENSION locks the extension before anything in it: wait here for
	 * one that is under way, rather than find our tables gone half-way.
	 */
	oid = row.oid;
	LockDatabaseObject(ExtensionRelationId, oid, 0, AccessShareLock);
	if (!extension_row(&row) || row.oid != oid || !row.same_version)
		return false;
	rf_engine_enter_schema(engine, row.schema, row.owner);
	return true;
}

bool
rf_extension_differs(void)
{
	ExtensionRow row;

	return extension_row(&row) && !row.same_version;
}
