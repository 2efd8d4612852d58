/*
 * daemon.h
 *	  HTTP on one listening socket: libmicrohttpd without threads, driven by the
 *	  listener's own loop.
 *
 * libmicrohttpd calls back in the middle of its work, so nothing of ours that is
 * called from there may raise an error or allocate by palloc.
 */
#ifndef RF_DAEMON_H
#define RF_DAEMON_H

#include <stdbool.h>

typedef struct RfDaemon RfDaemon;

/* Serve this socket, which listens already; owns it. NULL: why not, in the log. */
extern RfDaemon *rf_daemon_start(int socket);

/* To be waited for: readable means there is work for rf_daemon_run(). */
extern int rf_daemon_fd(const RfDaemon *daemon);

/* Milliseconds after which rf_daemon_run() is to be called in any case; -1: none. */
extern long rf_daemon_timeout(RfDaemon *daemon);

/* Read, answer what is whole in one round, and write; never waits. */
extern void rf_daemon_run(RfDaemon *daemon);

/* Take no new connections; what is under way may end. */
extern void rf_daemon_quiesce(RfDaemon *daemon);

/* Requests that have begun and are not answered; open connections. */
extern int rf_daemon_requests(const RfDaemon *daemon);
extern int rf_daemon_connections(const RfDaemon *daemon);

/* Close everything. */
extern void rf_daemon_stop(RfDaemon *daemon);

#endif /* RF_DAEMON_H */
