/*
 * descriptors.h
 *	  How many connections this process may have open beside the server's own files.
 */
#ifndef RF_DESCRIPTORS_H
#define RF_DESCRIPTORS_H

/*
 * Raise this process's own limit of open files if it takes that; fewer connections
 * than are wanted, with a line in the log, if it may not be raised so far.
 */
extern int rf_descriptors_for(int connections);

#endif /* RF_DESCRIPTORS_H */
