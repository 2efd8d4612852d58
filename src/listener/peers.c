/*
 * peers.c
 *	  See peers.h.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "listener/peers.h"

struct RfPeers
{
	uint32_t seed;
	uint32_t mask; /* of the buckets, a power of two less one */
	int		 n;
	int		 used;
	RfPeer **buckets;
	RfPeer	*entries;
	RfPeer	 seen; /* its "older" is the one seen last, its "newer" the one first to go */
};

RfPeers *
rf_peers_create(int n, uint32_t seed)
{
	RfPeers *peers = calloc(1, sizeof(RfPeers));
	uint32_t size = 16;

	if (peers == NULL)
		return NULL;
	while (size < (uint32_t) n)
		size *= 2;
	peers->seed = seed;
	peers->mask = size - 1;
	peers->n = n;
	peers->buckets = calloc(size, sizeof(RfPeer *));
	peers->entries = calloc(n, sizeof(RfPeer));
	peers->seen.newer = peers->seen.older = &peers->seen;
	if (peers->buckets != NULL && peers->entries != NULL)
		return peers;
	rf_peers_free(peers);
	return NULL;
}

void
rf_peers_free(RfPeers *peers)
{
	if (peers == NULL)
		return;
	free(peers->buckets);
	free(peers->entries);
	free(peers);
}

/* As 16 bytes, IPv4 mapped; of IPv6 the network. */
static bool
peers_key(const struct sockaddr *address, unsigned char *key)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) address;

	memset(key, 0, 16);
	if (address->sa_family == AF_INET)
	{
		key[10] = key[11] = 0xff;
		memcpy(key + 12, &((const struct sockaddr_in *) address)->sin_addr, 4);
		return true;
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(key, &v6->sin6_addr, IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? 16 : 8);
	return true;
}

static RfPeer **
peers_bucket(RfPeers *peers, const unsigned char *key)
{
	uint32_t hash = peers->seed;

	for (int i = 0; i < 16; i++)
	{
		hash ^= key[i];
		hash *= UINT32_C(0x01000193);
		hash ^= hash >> 15;
	}
	return &peers->buckets[hash & peers->mask];
}

static void
peers_unlink(RfPeer *peer)
{
	peer->newer->older = peer->older;
	peer->older->newer = peer->newer;
}

static void
peers_seen(RfPeers *peers, RfPeer *peer)
{
	peer->older = peers->seen.older;
	peer->newer = &peers->seen;
	peers->seen.older->newer = peer;
	peers->seen.older = peer;
}

static void
peers_forget(RfPeers *peers, RfPeer *peer)
{
	RfPeer **link = peers_bucket(peers, peer->key);

	while (*link != peer)
		link = &(*link)->chain;
	*link = peer->chain;
	peers_unlink(peer);
}

/* Room for one more. NULL if all are in use. */
static RfPeer *
peers_room(RfPeers *peers)
{
	RfPeer *peer;

	if (peers->used < peers->n)
		return &peers->entries[peers->used++];
	for (peer = peers->seen.newer; peer != &peers->seen; peer = peer->newer)
	{
		if (peer->uses == 0)
		{
			peers_forget(peers, peer);
			return peer;
		}
	}
	return NULL;
}

static RfPeer *
peers_add(RfPeers *peers, const unsigned char *key)
{
	RfPeer **bucket = peers_bucket(peers, key);
	RfPeer	*peer = peers_room(peers);

	if (peer == NULL)
		return NULL;
	memset(peer, 0, sizeof(RfPeer));
	memcpy(peer->key, key, 16);
	peer->chain = *bucket;
	*bucket = peer;
	return peer;
}

RfPeer *
rf_peers_take(RfPeers *peers, const struct sockaddr *address)
{
	unsigned char key[16];
	RfPeer		 *peer;

	if (!peers_key(address, key))
		return NULL;
	peer = *peers_bucket(peers, key);
	while (peer != NULL && memcmp(peer->key, key, 16) != 0)
		peer = peer->chain;
	if (peer != NULL)
		peers_unlink(peer);
	else
		peer = peers_add(peers, key);
	if (peer == NULL)
		return NULL;
	peers_seen(peers, peer);
	peer->uses++;
	return peer;
}

void
rf_peer_give_back(RfPeer *peer)
{
	if (peer != NULL)
		peer->uses--;
}

int64_t
rf_peer_request(RfPeer *peer, double rate, int64_t now)
{
	rf_throttle_set(&peer->requests, rate, now);
	if (rf_throttle_take(&peer->requests, now))
		return 0;
	return rf_throttle_ready_at(&peer->requests, now) - now;
}

/*
 * The bucket's second is made longer, since it holds what comes in one: it is
 * filled as slowly as is wanted and still holds them all.
 */
int64_t
rf_peer_may_guess(RfPeer *peer, int64_t now)
{
	int64_t slow = now / RF_PEER_GUESSES_BACK;

	rf_throttle_set(&peer->guesses, RF_PEER_GUESSES, slow);
	return (rf_throttle_ready_at(&peer->guesses, slow) - slow) * RF_PEER_GUESSES_BACK;
}

void
rf_peer_guessed(RfPeer *peer, int64_t now)
{
	int64_t slow = now / RF_PEER_GUESSES_BACK;

	rf_throttle_set(&peer->guesses, RF_PEER_GUESSES, slow);
	rf_throttle_take(&peer->guesses, slow);
}
