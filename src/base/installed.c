/*
 * installed.c
 *	  See installed.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "base/installed.h"

bool
rf_installed(RfInstalled *row)
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
		strlcpy(row->version, isnull ? "" : TextDatumGetCString(version), sizeof(row->version));
		row->same_version = strcmp(row->version, REFERRAL_VERSION) == 0;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return HeapTupleIsValid(tuple);
}
