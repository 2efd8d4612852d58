/*
 * metrics.h
 *	  Figures for Prometheus.
 *
 * Labels are ids of webhooks, slugs of campaigns, names of coupon pools and
 * states: nothing names people or endpoints. What there may be millions of,
 * people and rewards, is counted as long as its table is small, and estimated
 * from a sample of that size beyond: no scrape reads a large table.
 */
#ifndef RF_METRICS_H
#define RF_METRICS_H

#include "inbound/exposition.h"
#include "inbound/request.h"

/* Content type of the answer. */
#define RF_METRICS_TYPE RF_EXPOSITION_TYPE

/* Answer a request for them. Inside an engine scope. */
extern PGDLLEXPORT void rf_metrics_serve(RfResponse *response);

/* The same where none of our SQL can be used. */
extern PGDLLEXPORT void rf_metrics_without(RfResponse *response);

#endif /* RF_METRICS_H */
