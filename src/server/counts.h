/*
 * counts.h
 *	  What the workers of a database tell each other of the tables of the outbox.
 */
#ifndef RF_COUNTS_H
#define RF_COUNTS_H

/* Set the hooks of delivery/rotation.h; once. */
extern void rf_counts_setup(void);

#endif /* RF_COUNTS_H */
