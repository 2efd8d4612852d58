/*
 * utility.c
 *	  See utility.h.
 *
 * DDL that needs a database for itself first gets a hold on it (hold.h), which
 * lasts until its transaction ends. Whoever may not do the DDL gets no hold,
 * or anybody could stop the sending of any database.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/syscache.h"

#include "server/shmem.h"
#include "server/utility.h"
#include "server/wake.h"

static ProcessUtility_hook_type utility_next = NULL;

static bool
utility_owns(Oid database)
{
	HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	bool	  owns;

	if (!HeapTupleIsValid(tuple))
		return false;
	owns = has_privs_of_role(GetUserId(), ((Form_pg_database) GETSTRUCT(tuple))->datdba);
	ReleaseSysCache(tuple);
	return owns;
}

static void
utility_hold(const char *name)
{
	Oid database = get_database_oid(name, true);

	if (OidIsValid(database) && utility_owns(database))
		rf_hold_take(database);
}

/* The value of an option of CREATE or ALTER DATABASE, NULL if it is not given. */
static const char *
utility_option(List *options, const char *name)
{
	ListCell *cell;

	foreach(cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, name) == 0)
			return option->arg != NULL ? defGetString(option) : NULL;
	}
	return NULL;
}

static void
utility_create_database(CreatedbStmt *statement)
{
	const char *template = utility_option(statement->options, "template");

	utility_hold(template != NULL ? template : "template1");
	rf_wake_rescan_at_commit();
}

/* Tablespaces are changed by copying files; other options may change who is served. */
static void
utility_alter_database(AlterDatabaseStmt *statement)
{
	if (utility_option(statement->options, "tablespace") != NULL)
		utility_hold(statement->dbname);
	rf_wake_rescan_at_commit();
}

static void
utility_alter_extension(AlterExtensionStmt *statement)
{
	if (strcmp(statement->extname, "referral") == 0)
		rf_wake_launcher_at_commit();
}

/* The extension may go; its worker sees that by itself. */
static void
utility_drop(ObjectType type)
{
	if (type == OBJECT_EXTENSION || type == OBJECT_SCHEMA)
		rf_wake_worker_at_commit();
}

static void
utility_prepare(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_DropdbStmt:
			utility_hold(((DropdbStmt *) statement)->dbname);
			break;
		case T_RenameStmt:
			if (((RenameStmt *) statement)->renameType == OBJECT_DATABASE)
				utility_hold(((RenameStmt *) statement)->subname);
			break;
		case T_CreatedbStmt:
			utility_create_database((CreatedbStmt *) statement);
			break;
		case T_AlterDatabaseStmt:
			utility_alter_database((AlterDatabaseStmt *) statement);
			break;
		case T_AlterExtensionStmt:
			utility_alter_extension((AlterExtensionStmt *) statement);
			break;
		case T_DropStmt:
			utility_drop(((DropStmt *) statement)->removeType);
			break;
		case T_DropOwnedStmt:
			rf_wake_worker_at_commit();
			break;
		default:
			break;
	}
}

static bool
utility_commits_prepared(Node *statement)
{
	return IsA(statement, TransactionStmt) &&
		((TransactionStmt *) statement)->kind == TRANS_STMT_COMMIT_PREPARED;
}

static void
utility_process(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
				ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	/* Looked at first: a statement that ends the transaction frees its tree. */
	bool commits_prepared = utility_commits_prepared(pstmt->utilityStmt);

	utility_prepare(pstmt->utilityStmt);
	if (utility_next != NULL)
		utility_next(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params, queryEnv,
								dest, qc);
	if (commits_prepared)
	{
		/* It may have written events, or created the extension. */
		rf_wake_worker_at_commit();
		if (rf_database_mine() == NULL)
			rf_wake_launcher_at_commit();
	}
}

void
rf_utility_setup(void)
{
	utility_next = ProcessUtility_hook;
	ProcessUtility_hook = utility_process;
}
