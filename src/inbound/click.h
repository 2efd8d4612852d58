/*
 * click.h
 *	  Clicks on their way into the database. When they are written, and what comes
 *	  of it, says link.h.
 */
#ifndef RF_CLICK_H
#define RF_CLICK_H

#include "program/clicked.h"

/* Keep a click in memory until it is written. */
extern void rf_click_note(const RfClick *click);

#endif /* RF_CLICK_H */
