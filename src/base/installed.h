/*
 * installed.h
 *	  What the catalog says of the extension.
 */
#ifndef RF_INSTALLED_H
#define RF_INSTALLED_H

#include "postgres.h"

typedef struct RfInstalled
{
	Oid	 oid;
	Oid	 schema;
	Oid	 owner;
	bool same_version; /* as this library's */
	char version[32];
} RfInstalled;

/* In a transaction. False: the extension is not in this database. */
extern PGDLLEXPORT bool rf_installed(RfInstalled *row);

#endif /* RF_INSTALLED_H */
