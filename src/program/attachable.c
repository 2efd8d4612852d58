/*
 * attachable.c
 *	  See attachable.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "program/attachable.h"

char
rf_attachable_kind(Oid target)
{
	char kind = get_rel_relkind(target);

	if (kind == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", target)));
	return kind;
}

/* Whoever may not make triggers on it must not lock it either. */
void
rf_attachable_check(Oid target)
{
	char	  kind = rf_attachable_kind(target);
	AclResult right;

	right = pg_class_aclcheck(target, GetUserId(), ACL_TRIGGER);
	if (right != ACLCHECK_OK)
		aclcheck_error(right, get_relkind_objtype(kind), get_rel_name(target));
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", get_rel_name(target)),
				 errhint("Tables and partitioned tables can be attached.")));
	if (OidIsValid(getExtensionOfObject(RelationRelationId, target)) &&
		getExtensionOfObject(RelationRelationId, target) == get_extension_oid("referral", true))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is a table of the extension itself", get_rel_name(target)),
				 errhint("Attach tables of the application.")));
}

List *
rf_attachable_family(Oid target)
{
	List	 *family = find_all_inheritors(target, ShareRowExclusiveLock, NULL);
	ListCell *cell;

	foreach(cell, family)
	{
		if (get_rel_relkind(lfirst_oid(cell)) == RELKIND_FOREIGN_TABLE)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("\"%s\" has the foreign table \"%s\" below it",
							get_rel_name(target), get_rel_name(lfirst_oid(cell))),
					 errdetail("PostgreSQL does not collect the rows inserted into foreign tables.")));
	}
	return family;
}

static void
column_check_type(Oid target, const char *column, const RfField *field, Oid type)
{
	if (rf_field_takes(field, type))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of table \"%s\" has type %s, which cannot be %s",
					column, get_rel_name(target), format_type_be(type), field->name),
			 field->type == NUMERICOID && getBaseType(type) == CASHOID
				 ? errhint("What money means depends on lc_monetary: use numeric.")
				 : errhint("Its values have to become %s.", format_type_be(field->type))));
}

Oid
rf_attachable_column(Oid target, const char *column, const RfField *field)
{
	HeapTuple		  tuple = SearchSysCacheAttName(target, column);
	Form_pg_attribute attribute;
	Oid				  type;

	if (!HeapTupleIsValid(tuple) || ((Form_pg_attribute) GETSTRUCT(tuple))->attnum < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist",
						column, get_rel_name(target)),
				 errhint("%s takes the name of a column.", field->name)));
	attribute = (Form_pg_attribute) GETSTRUCT(tuple);
	/* A virtual one, of PostgreSQL 18, has no value where triggers look. */
	if (attribute->attgenerated == 'v')
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("column \"%s\" of table \"%s\" is a virtual generated column",
						column, get_rel_name(target)),
				 errhint("Triggers do not see its values; a stored generated column can be attached.")));
	type = attribute->atttypid;
	ReleaseSysCache(tuple);
	column_check_type(target, column, field, type);
	return type;
}
