/*
 * webhook_body.h
 *	  What a row of rf_webhook says of the bodies it wants: fields, constants, or
 *	  a template. All of these raise 22023 for what cannot be sent.
 */
#ifndef RF_WEBHOOK_BODY_H
#define RF_WEBHOOK_BODY_H

#include "postgres.h"

/* Names that are not empty, and paths that payloads have. */
extern void rf_webhook_check_fields(Datum fields);

/* Constants that stand in JSON: any value. */
extern void rf_webhook_check_extra(Datum extra);

/* Constants that are urlencoded: neither objects nor arrays. */
extern void rf_webhook_check_form_extra(Datum extra);

extern void rf_webhook_check_template(Datum template);

#endif /* RF_WEBHOOK_BODY_H */
