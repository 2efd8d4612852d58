/*
 * peers.h
 *	  What each address may still do: so many connections, so many requests a
 *	  second, so many tokens that nobody has. Pure: no clock of its own; times are
 *	  in microseconds, of a clock that never jumps.
 *
 * The table has room for a fixed number of addresses; the one that was not seen
 * for the longest time gives way, unless it is in use. Of IPv6 the network counts,
 * /64, since whoever has one address has all of it.
 */
#ifndef RF_PEERS_H
#define RF_PEERS_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/throttle.h"

/* Wrong tokens that are let pass before the next is not even looked at. */
#define RF_PEER_GUESSES 100

/* And so many seconds until all of these are there again. */
#define RF_PEER_GUESSES_BACK 10

typedef struct RfPeers RfPeers;

typedef struct RfPeer
{
	unsigned char  key[16];
	int			   connections;
	int			   uses; /* connections and requests that point here */
	RfThrottle	   requests;
	RfThrottle	   guesses;
	struct RfPeer *chain; /* with the same hash */
	struct RfPeer *newer; /* by when they were last seen */
	struct RfPeer *older;
} RfPeer;

/* For so many addresses at a time; the seed is anything random. NULL: no memory. */
extern RfPeers *rf_peers_create(int n, uint32_t seed);
extern void		rf_peers_free(RfPeers *peers);

/*
 * The entry of an address, to be given back; a new one if need be. NULL if it is
 * no internet address, or all entries are in use.
 */
extern RfPeer *rf_peers_take(RfPeers *peers, const struct sockaddr *address);
extern void	   rf_peer_give_back(RfPeer *peer);

/*
 * May it make a request, with so many a second, 0 for any number? Microseconds
 * until it may, 0 if it did.
 */
extern int64_t rf_peer_request(RfPeer *peer, double rate, int64_t now);

/* May it show a token? Microseconds until it may; 0: now. */
extern int64_t rf_peer_may_guess(RfPeer *peer, int64_t now);

/* The token it showed was nobody's. */
extern void rf_peer_guessed(RfPeer *peer, int64_t now);

#endif /* RF_PEERS_H */
