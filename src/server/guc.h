/*
 * guc.h
 *	  The settings referral.*; their variables belong to the rooms that use
 *	  them.
 */
#ifndef RF_GUC_H
#define RF_GUC_H

/* Define them all. None needs the library to be preloaded. */
extern void rf_guc_define(void);

#endif /* RF_GUC_H */
