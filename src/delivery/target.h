/*
 * target.h
 *	  Which URLs may be the target of a webhook. Pure: values in, values out.
 *
 * What the name of a host resolves to is judged when it is dialled (see
 * address.h); here literal addresses are.
 */
#ifndef RF_TARGET_H
#define RF_TARGET_H

#include <stddef.h>

#include "delivery/address.h"

#define RF_TARGET_MAX_LENGTH 2048

typedef enum RfTargetVerdict
{
	RF_TARGET_FINE,
	RF_TARGET_MALFORMED,
	RF_TARGET_FORBIDDEN
} RfTargetVerdict;

typedef struct RfTarget
{
	RfTargetVerdict verdict;
	const char	   *reason; /* static; NULL when fine */
	const char	   *hint;	/* static; may be NULL */
} RfTarget;

extern RfTarget rf_target_check(const char *url, bool allow_http, const RfNetworks *allowed);

/* The host of a URL as it is written, without brackets. False if there is none. */
extern bool rf_target_host(const char *url, char *host, size_t size);

#endif /* RF_TARGET_H */
