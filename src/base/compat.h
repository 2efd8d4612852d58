/*
 * compat.h
 *	  Every difference between the supported majors of PostgreSQL (15 and
 *	  later) that this project meets. No other file tests PG_VERSION_NUM.
 */
#ifndef RF_COMPAT_H
#define RF_COMPAT_H

#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "storage/waiteventset.h"
#endif

/* 18 lets a module tell its name and version. */
#if PG_VERSION_NUM >= 180000
#define RF_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "referral", .version = REFERRAL_VERSION)
#else
#define RF_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* Before a declaration: the function does not return. 18 changed the spelling. */
#if PG_VERSION_NUM >= 180000
#define RF_NORETURN pg_noreturn
#else
#define RF_NORETURN pg_attribute_noreturn()
#endif

/* 17 names wait events of extensions; before, they all are "Extension". */
static inline uint32
rf_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	(void) name;
	return PG_WAIT_EXTENSION;
#endif
}

/*
 * A set of wait events for the life of the process. 17 ties sets to resource
 * owners; NULL means: nobody frees it for us.
 */
static inline WaitEventSet *
rf_create_wait_event_set(int nevents)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, nevents);
#else
	return CreateWaitEventSet(TopMemoryContext, nevents);
#endif
}

/* Number of the file of an open relation: another one once it was truncated. */
#if PG_VERSION_NUM >= 160000
#define rf_relation_file(relation) ((uint32) (relation)->rd_locator.relNumber)
#else
#define rf_relation_file(relation) ((uint32) (relation)->rd_node.relNode)
#endif

#endif /* RF_COMPAT_H */
