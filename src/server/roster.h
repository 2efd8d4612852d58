/*
 * roster.h
 *	  The launcher's list of databases: which there are, and which of them have
 *	  been looked at in vain.
 */
#ifndef RF_ROSTER_H
#define RF_ROSTER_H

/*
 * Read pg_database: databases that may have the extension get an entry, those
 * that are gone or no longer to be served lose their worker (and then their entry).
 * Templates and databases without connections are not served. Runs a
 * transaction; what it allocates is left in the current memory context.
 */
extern void rf_roster_read(void);

/* Look for the extension in this database again. */
extern void rf_roster_look_again(Oid database);

/* Look for it in all of them again. */
extern void rf_roster_look_everywhere(void);

/* Take the entries of databases away that are not, or no longer, to be served. */
extern void rf_roster_settle(void);

#endif /* RF_ROSTER_H */
