/*
 * limits.c
 *	  See limits.h.
 *
 * Connections count for the address they come from, requests and wrong tokens for
 * the client that trusted proxies name. A proxy's own connections are not counted,
 * nor is anything that has no address, as what comes over a unix socket.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "listener/forwarded.h"
#include "listener/limits.h"
#include "server/listen_settings.h"

/* Addresses that are remembered at the least; those with connections must fit. */
#define PEERS_MIN 8192

static int		  users = 0;
static RfPeers	 *peers = NULL;
static RfNetworks trusted;
static bool		  trusts_local = false;
static char		 *trusted_text = NULL; /* what they were read from */

bool
rf_limits_start(int connections)
{
	uint32 seed = 0;

	if (users++ > 0)
		return peers != NULL;
	if (!pg_strong_random(&seed, sizeof(seed)))
		seed = (uint32) MyProcPid;
	/* A connection may stand for two: whom it comes from, and for whom. */
	peers = rf_peers_create(Max(PEERS_MIN, 4 * connections), seed);
	return peers != NULL;
}

void
rf_limits_stop(void)
{
	if (--users > 0)
		return;
	rf_peers_free(peers);
	peers = NULL;
}

void
rf_limits_reload(void)
{
	const char *text = rf_trusted_proxies != NULL ? rf_trusted_proxies : "";

	if (trusted_text != NULL && strcmp(text, trusted_text) == 0)
		return;
	rf_listen_parse_proxies(text, &trusted, &trusts_local);
	if (trusted_text != NULL)
		pfree(trusted_text);
	trusted_text = MemoryContextStrdup(TopMemoryContext, text);
}

static bool
limits_trusts(const struct sockaddr *from)
{
	if (from->sa_family == AF_UNIX)
		return trusts_local;
	return rf_address_in(from, &trusted);
}

bool
rf_limits_admits(const struct sockaddr *from)
{
	RfPeer *peer;
	bool	admits;

	if (rf_listen_max_connections_per_address == 0 || limits_trusts(from))
		return true;
	peer = rf_peers_take(peers, from);
	if (peer == NULL)
		return true;
	admits = peer->connections < rf_listen_max_connections_per_address;
	rf_peer_give_back(peer);
	return admits;
}

RfPeer *
rf_limits_opened(const struct sockaddr *from)
{
	RfPeer *peer = limits_trusts(from) ? NULL : rf_peers_take(peers, from);

	if (peer != NULL)
		peer->connections++;
	return peer;
}

void
rf_limits_closed(RfPeer *peer)
{
	if (peer == NULL)
		return;
	peer->connections--;
	rf_peer_give_back(peer);
}

void
rf_limits_name(const struct sockaddr *address, char *name, size_t size)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) address;

	name[0] = '\0';
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *) address)->sin_addr, name, size);
	else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, name, size);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, name, size);
}

/* Each proxy adds its header at the end. False: none says anything. */
static bool
limits_forwarded(const RfIncoming *incoming, struct sockaddr_storage *client)
{
	client->ss_family = AF_UNSPEC;
	for (int i = incoming->nheaders - 1; i >= 0; i--)
	{
		const RfRequestHeader *header = &incoming->headers[i];

		if (strcmp(header->name, "x-forwarded-for") == 0 &&
			rf_forwarded_read(header->value, &trusted, client))
			break;
	}
	return client->ss_family != AF_UNSPEC;
}

/* Who it comes from; NULL: somebody whom no limit is for. */
static RfPeer *
limits_client(RfIncoming *incoming, const struct sockaddr *from, RfPeer *peer)
{
	struct sockaddr_storage client;

	if (!limits_trusts(from))
	{
		if (peer != NULL)
			peer->uses++;
		return peer;
	}
	if (!limits_forwarded(incoming, &client))
		return rf_peers_take(peers, from);
	rf_limits_name((const struct sockaddr *) &client, incoming->address,
				   sizeof(incoming->address));
	return rf_peers_take(peers, (const struct sockaddr *) &client);
}

void
rf_limits_request(RfIncoming *incoming, const struct sockaddr *from, RfPeer *peer,
				  TimestampTz now)
{
	incoming->client = limits_client(incoming, from, peer);
	if (incoming->client == NULL)
		return;
	/* Whatever else would be said to it, unless its connection must end. */
	if (rf_peer_request(incoming->client, rf_listen_rate, now) > 0)
		incoming->ready = rf_incoming_closes(incoming) ? incoming->ready : RF_READY_OFTEN;
	else if (incoming->route.kind == RF_ROUTE_CALL &&
			 rf_peer_may_guess(incoming->client, now) > 0)
		rf_incoming_refuse(incoming, RF_READY_GUESSES);
}

void
rf_limits_answered(const RfIncoming *incoming, TimestampTz now)
{
	const RfResponse *response = &incoming->exchange.response;

	if (incoming->client != NULL && incoming->route.kind == RF_ROUTE_CALL &&
		response->status == 404 && response->token_id == 0)
		rf_peer_guessed(incoming->client, now);
}

void
rf_limits_release(RfIncoming *incoming)
{
	if (incoming->client != NULL)
		rf_peer_give_back(incoming->client);
	incoming->client = NULL;
}
