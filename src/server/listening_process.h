/*
 * listening_process.h
 *	  A listener's process, as far as it lies in this library: how it is registered,
 *	  when it begins and when it is to end.
 *
 * The rest is in referral_listener.so, which is loaded by that process alone.
 */
#ifndef RF_LISTENING_PROCESS_H
#define RF_LISTENING_PROCESS_H

#include "postgres.h"

#include <signal.h>

#include "server/listen_entry.h"

/* Is the library that listens installed? If not, the log says so. */
extern bool rf_listening_check_library(void);

/* What came of that check. */
extern bool rf_listening_is_possible(void);

/* While libraries are preloaded. */
extern void rf_listening_register(const RfListenEntry *entry, int number, int slot);

/*
 * SIGTERM to a patient process sets the flag and the latch, and it leaves when it
 * can. A second one, or one while it is not patient, is like that of any backend.
 */
extern PGDLLEXPORT volatile sig_atomic_t rf_listening_is_patient;
extern PGDLLEXPORT volatile sig_atomic_t rf_listening_must_leave;

/* Wait for the latch, with neither connection nor socket; may end the process. */
extern PGDLLEXPORT void rf_listening_sleep(long ms);

/* What the other library has: rf_listener_main(version), of the version of this one. */
typedef void (*RfListenerMain)(const char *version);

#endif /* RF_LISTENING_PROCESS_H */
