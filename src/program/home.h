/*
 * home.h
 *	  Which place this database is, and whether its rows were born here.
 *
 * A restored copy must stay silent: rf_home holds one row for each place the
 * rows have lived in, and sending goes on only while all of them name this
 * place. The numbers of the homes are part of every webhook-id. A restore loads
 * tables one by one, in any order: so campaigns bear their home, too, and one
 * whose home is not there yet is as silent.
 */
#ifndef RF_HOME_H
#define RF_HOME_H

/* Setting referral.deliver_as: name of this place instead of its identifiers. */
extern PGDLLIMPORT char *rf_deliver_as;

/* Called by the install script when the extension was just created. */
extern PGDLLIMPORT void (*rf_home_installed_hook)(void);

/* "<system identifier>/<database oid>", or referral.deliver_as. palloc'd. */
extern char *rf_home_place(void);

/* Number of the home of new events. Inside an engine scope. */
extern int64 rf_home_current(void);

/*
 * Does every row of rf_home name this place, and is it the home of every
 * campaign? Inside an engine scope.
 */
extern bool rf_home_is_here(void);

/* Write a row of rf_home for a new life in this place. Inside an engine scope. */
extern void rf_home_move_in(void);

#endif /* RF_HOME_H */
