/*
 * utility.h
 *	  Statements that our processes must hear of, or get out of the way of.
 */
#ifndef RF_UTILITY_H
#define RF_UTILITY_H

/* Install the hook; while libraries are preloaded. */
extern void rf_utility_setup(void);

#endif /* RF_UTILITY_H */
