/*
 * clicked.h
 *	  How often people's links were followed, and by how many: the rows of
 *	  rf_click.
 */
#ifndef RF_CLICKED_H
#define RF_CLICKED_H

#include "program/visitor.h"

/* What one visitor of a person's link did on one day. Without gaps up to clicks. */
typedef struct RfClick
{
	int64	participant_id;
	uint8	visitor[RF_VISITOR_LENGTH];
	DateADT day;
	int32	clicks;
	int64	campaign_id;
} RfClick;

/* Add them, different ones, to what was counted before; sorts them. Inside an engine scope. */
extern void rf_clicked_add(RfClick *clicks, int n);

/*
 * Make one row for each person and day of those of past days, at most RF_BATCH of
 * them. Returns how many there were. Inside an engine scope.
 */
extern int rf_clicked_fold(void);

#endif /* RF_CLICKED_H */
