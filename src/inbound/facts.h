/*
 * facts.h
 *	  What another system may know of a person: no name, no address.
 */
#ifndef RF_FACTS_H
#define RF_FACTS_H

#include "inbound/arguments.h"
#include "inbound/token.h"

/*
 * The person whose code or e-mail that is, as a JSON object, palloc'd. Raises RF002
 * if there is nobody. Inside an engine scope.
 */
extern char *rf_facts_read(const RfToken *token, const RfArguments *arguments);

#endif /* RF_FACTS_H */
