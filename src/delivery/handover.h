/*
 * handover.h
 *	  Letting go of shares, so that another process can serve them without
 *	  sending anything twice.
 *
 * For a share that is to go nothing new is begun; what is under way ends and is
 * recorded; then all that memory holds of its webhooks is dropped. Who takes
 * the share finds everything in the tables.
 */
#ifndef RF_HANDOVER_H
#define RF_HANDOVER_H

#include "delivery/share.h"

/*
 * Go on with it; returns the shares that are at rest now, which are forgotten
 * by that. Outside a turn.
 */
extern RfShareSet rf_handover_work(void);

#endif /* RF_HANDOVER_H */
