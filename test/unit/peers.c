/* links: listener/peers.c base/throttle.c delivery/address.c */
/*
 * peers.c
 *	  What each address may still do.
 */
#include <stdio.h>
#include <stdlib.h>

#include "delivery/address.h"
#include "listener/peers.h"
#include "tap.h"

#define SECOND INT64_C(1000000)
#define START  (1000000 * SECOND)

static RfPeer *
take(RfPeers *peers, const char *text)
{
	struct sockaddr_storage address;

	if (!rf_address_parse(text, &address))
		abort();
	return rf_peers_take(peers, (struct sockaddr *) &address);
}

static RfPeer *
seen(RfPeers *peers, const char *text)
{
	RfPeer *peer = take(peers, text);

	rf_peer_give_back(peer);
	return peer;
}

static void
test_addresses(void)
{
	RfPeers		   *peers = rf_peers_create(16, 42);
	struct sockaddr local = {.sa_family = AF_UNIX};

	ok(seen(peers, "192.0.2.1") == seen(peers, "192.0.2.1"), "the same address");
	ok(seen(peers, "192.0.2.1") != seen(peers, "192.0.2.2"), "another one");
	ok(seen(peers, "192.0.2.1") == seen(peers, "::ffff:192.0.2.1"), "in the guise of IPv6");
	ok(seen(peers, "::ffff:192.0.2.1") != seen(peers, "::ffff:192.0.2.2"), "one by one there, too");
	ok(seen(peers, "2001:db8::1") == seen(peers, "2001:db8::2:3:4:5"), "a network of IPv6");
	ok(seen(peers, "2001:db8::1") != seen(peers, "2001:db8:0:1::1"), "the next network");
	ok(rf_peers_take(peers, &local) == NULL, "a unix socket has no address");
	rf_peers_free(peers);
}

/* More addresses than there is room for: who is in use stays. */
static void
test_room(void)
{
	RfPeers *peers = rf_peers_create(16, 1);
	RfPeer	*used = take(peers, "192.0.2.1");
	RfPeer	*forgotten;
	bool	 all = true;

	used->connections = 7;
	forgotten = seen(peers, "192.0.2.2");
	forgotten->connections = 5;
	for (int i = 0; i < 10000; i++)
	{
		char text[32];

		snprintf(text, sizeof(text), "10.0.%d.%d", i / 256, i % 256);
		all = all && seen(peers, text) != NULL && seen(peers, text)->connections == 0;
	}
	ok(all, "there is room for whoever comes");
	ok(seen(peers, "192.0.2.1") == used && used->connections == 7, "who is in use stays");
	ok(seen(peers, "192.0.2.2")->connections == 0, "who is not is forgotten");
	rf_peers_free(peers);
}

static void
test_full(void)
{
	RfPeers *peers = rf_peers_create(2, 1);
	RfPeer	*first = take(peers, "192.0.2.1");

	take(peers, "192.0.2.2");
	ok(take(peers, "192.0.2.3") == NULL, "all are in use");
	ok(take(peers, "192.0.2.1") == first, "who is known is found");
	rf_peer_give_back(first);
	ok(take(peers, "192.0.2.3") == NULL, "as long as anybody uses it");
	rf_peer_give_back(first);
	ok(take(peers, "192.0.2.3") == first, "then it gives way");
	rf_peers_free(peers);
}

static void
test_requests(void)
{
	RfPeer peer = {0};
	int	   taken = 0;

	for (int i = 0; i < 10; i++)
		taken += rf_peer_request(&peer, 0, START) == 0;
	ok(taken == 10, "no limit");
	for (taken = 0; rf_peer_request(&peer, 5, START) == 0; taken++)
		;
	ok(taken == 5, "five a second");
	ok(rf_peer_request(&peer, 5, START) == SECOND / 5, "the next in a fifth of a second");
	ok(rf_peer_request(&peer, 5, START + SECOND / 5) == 0, "which is true");
	ok(rf_peer_request(&peer, 0, START + SECOND / 5) == 0, "no limit again");
}

static void
test_guesses(void)
{
	RfPeer peer = {0};

	for (int i = 0; i < RF_PEER_GUESSES; i++)
	{
		if (rf_peer_may_guess(&peer, START) > 0)
			break;
		rf_peer_guessed(&peer, START);
	}
	ok(rf_peer_may_guess(&peer, START) > 0, "a hundred at once and no more");
	ok(rf_peer_may_guess(&peer, START) <= SECOND / 10, "but one in a tenth of a second");
	ok(rf_peer_may_guess(&peer, START + SECOND / 10) == 0, "which is true");
	rf_peer_guessed(&peer, START + SECOND / 10);
	ok(rf_peer_may_guess(&peer, START + SECOND / 10) > 0, "one");
	ok(rf_peer_may_guess(&peer, START + 60 * SECOND) == 0, "a minute later");
	for (int i = 0; i < RF_PEER_GUESSES; i++)
		rf_peer_guessed(&peer, START + 60 * SECOND);
	ok(rf_peer_may_guess(&peer, START + 60 * SECOND) > 0, "again a hundred");
	rf_peer_guessed(&peer, START + 60 * SECOND);
	ok(rf_peer_may_guess(&peer, START + 60 * SECOND) <= SECOND / 10, "nobody owes more than that");
}

int
main(void)
{
	test_addresses();
	test_room();
	test_full();
	test_requests();
	test_guesses();
	return tap_done();
}
