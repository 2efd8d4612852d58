/*
 * address.h
 *	  Which addresses may be dialled. Pure: values in, values out.
 *
 * The decision is made for the address a socket is about to be connected to,
 * after the name was resolved, so that no name server can change its answer
 * between check and use.
 */
#ifndef RF_ADDRESS_H
#define RF_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/visible.h"

/* Setting referral.allow_http: URLs may be http. */
extern bool rf_allow_http;

/* Setting referral.allowed_networks: CIDRs that may be dialled in any case. */
extern char *rf_allowed_networks;

/* IPv4 networks are kept as ::ffff:a.b.c.d with 96 bits more. */
typedef struct RfNetwork
{
	unsigned char bytes[16];
	int			  bits;
} RfNetwork;

#define RF_MAX_NETWORKS 1024

typedef struct RfNetworks
{
	int		  n;
	RfNetwork network[RF_MAX_NETWORKS];
} RfNetworks;

/*
 * Read a list of CIDRs or single addresses, separated by commas or spaces.
 * Returns NULL, or what is wrong with the text (static); then *networks is
 * empty.
 */
extern const char *rf_address_parse_networks(const char *text, RfNetworks *networks);

/* Add one address. Without effect if the list is full or it is no internet address. */
extern void rf_address_add(RfNetworks *networks, const struct sockaddr *address);

/* Read an address without brackets, zone or port. False if it is none. */
extern RF_VISIBLE bool rf_address_parse(const char *text, struct sockaddr_storage *address);

/* Is it in one of them? False if it is no internet address. */
extern RF_VISIBLE bool rf_address_in(const struct sockaddr *address,
									 const RfNetworks	   *networks);

/*
 * May the address be dialled? Returns NULL if so, else the reason (static).
 * What is in "allowed" may be, whatever else it is; "local" are the addresses
 * of this machine.
 */
extern const char *rf_address_forbidden(const struct sockaddr *address,
										const RfNetworks	  *allowed,
										const RfNetworks	  *local);

/* Is there an address that leads beyond this machine? */
extern bool rf_address_has_network(const RfNetworks *local);

#endif /* RF_ADDRESS_H */
