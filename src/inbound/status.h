/*
 * status.h
 *	  How HTTP calls what came of a call.
 */
#ifndef RF_STATUS_H
#define RF_STATUS_H

/* After so many seconds it is worth trying what was answered with 503. */
#define RF_STATUS_RETRY_AFTER 2

/*
 * The status that goes with an SQLSTATE. Below 500: the call is wrong, and trying
 * it again is of no use; 503: it may succeed if it is tried again; 500: neither the
 * caller nor time can help.
 */
extern int rf_status_of_sqlstate(const char *sqlstate);

/* Not Found and so on. */
extern const char *rf_status_title(int status);

#endif /* RF_STATUS_H */
