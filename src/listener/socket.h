/*
 * socket.h
 *	  The sockets of one entry of referral.listen: resolved, bound, and gone.
 */
#ifndef RF_SOCKET_H
#define RF_SOCKET_H

#include "postgres.h"

#include <sys/socket.h>

#include "server/listen_entry.h"

/* A name may have several addresses, each of which gets a socket; no more than these. */
#define RF_SOCKETS_MAX 4

typedef struct RfPlace
{
	struct sockaddr_storage address;
	socklen_t				length;
} RfPlace;

typedef struct RfPlaces
{
	int		n;
	RfPlace place[RF_SOCKETS_MAX];
} RfPlaces;

typedef struct RfSockets
{
	int n;
	int fd[RF_SOCKETS_MAX];
} RfSockets;

/*
 * The addresses of an entry. Returns NULL or what is wrong (static). May wait for a
 * name server if it is a name.
 */
extern const char *rf_socket_resolve(const RfListenEntry *entry, RfPlaces *places);

/*
 * Listen on all of them, or on none: returns 0 or an errno, EEXIST if there is a
 * file in place of a unix socket. An address of a kind that this machine does not
 * have is passed over if there is another. "shared": other processes of ours listen
 * there too, "alone": none of them does yet. Raises no error.
 */
extern int rf_socket_listen(const RfPlaces *places, bool shared, bool alone, RfSockets *sockets);

/* Close those that are still ours. */
extern void rf_socket_close(RfSockets *sockets);

/* Remove the file of our unix socket, if there is one and it is still ours. */
extern void rf_socket_remove_file(void);

#endif /* RF_SOCKET_H */
