/*
 * configuration.h
 *	  The configuration of the worker, read from rf_webhook, rf_secret and
 *	  rf_home into endpoints.
 */
#ifndef RF_CONFIGURATION_H
#define RF_CONFIGURATION_H

#include "c.h"

/*
 * Read what may have changed since the last call. In a turn. Returns true if
 * events of other homes may be sent now than before.
 */
extern bool rf_configuration_refresh(void);

/* Is there more to read, by another call? */
extern bool rf_configuration_has_more(void);

/* Read the webhooks at the next call, whether or not something has changed. */
extern void rf_configuration_forget(void);

/* Does every home name this place? Else nothing is sent. */
extern bool rf_configuration_is_here(void);

/* Is it known that some home names another place? Not before the first reading. */
extern bool rf_configuration_is_elsewhere(void);

/* May events of this home be sent? */
extern bool rf_configuration_knows_home(int64 home);

#endif /* RF_CONFIGURATION_H */
