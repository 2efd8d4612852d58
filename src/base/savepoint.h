/*
 * savepoint.h
 *	  Work whose failure over its data is an answer, not the end.
 */
#ifndef RF_SAVEPOINT_H
#define RF_SAVEPOINT_H

/*
 * Run work(arg) in a subtransaction. Returns NULL if it succeeded. If it failed
 * over its data (classes 22, 23, 0A, P0 and RF), its changes are undone and the
 * error is returned, palloc'd. Any other error passes on: cancel, deadlock,
 * serialization, a full disk.
 */
extern ErrorData *rf_savepoint_try(void (*work)(void *arg), void *arg);

/* The same, but the caller says which errors are answers. */
extern ErrorData *rf_savepoint_try_for(void (*work)(void *arg), void *arg,
									   bool (*is_answer)(int sqlstate));

#endif /* RF_SAVEPOINT_H */
