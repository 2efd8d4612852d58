/*
 * visible.h
 *	  What the listener's library calls of the other one.
 *
 * The server's headers say PGDLLEXPORT for it; headers of pure rooms do without
 * them.
 */
#ifndef RF_VISIBLE_H
#define RF_VISIBLE_H

#define RF_VISIBLE __attribute__((visibility("default")))

#endif /* RF_VISIBLE_H */
