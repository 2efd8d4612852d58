/*
 * socket.c
 *	  See socket.h.
 *
 * Several listeners share an address by SO_REUSEPORT, but so could a stranger of
 * the same user, such as another cluster with the same setting, and each would get
 * some of the calls. Therefore the first of ours binds without it, to see whether
 * anybody is there.
 *
 * A unix socket whose server is gone leaves a file, which is removed when nobody
 * answers there. A socket belongs to the server's user and to the group of a
 * directory that is set-group-id, and whoever is in that group may connect.
 */
#include "postgres.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "listener/socket.h"

#define SOCKET_BACKLOG 1024
#define SOCKET_MODE	   (S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP)

/* The file of our unix socket. */
static struct
{
	char  path[sizeof(((struct sockaddr_un *) 0)->sun_path)];
	dev_t device;
	ino_t inode;
} socket_file;

/* ---- resolving ---------------------------------------------------------- */

/* The same address may be in the system's list twice. */
static void
places_add(RfPlaces *places, const struct addrinfo *info)
{
	RfPlace *place = &places->place[places->n];

	if (places->n == RF_SOCKETS_MAX || info->ai_addrlen > sizeof(place->address))
		return;
	for (int i = 0; i < places->n; i++)
		if (places->place[i].length == info->ai_addrlen &&
			memcmp(&places->place[i].address, info->ai_addr, info->ai_addrlen) == 0)
			return;
	memset(place, 0, sizeof(*place));
	memcpy(&place->address, info->ai_addr, info->ai_addrlen);
	place->length = info->ai_addrlen;
	places->n++;
}

static void
places_add_local(RfPlaces *places, const char *path)
{
	struct sockaddr_un *address = (struct sockaddr_un *) &places->place[0].address;

	memset(&places->place[0], 0, sizeof(places->place[0]));
	address->sun_family = AF_UNIX;
	strlcpy(address->sun_path, path, sizeof(address->sun_path));
	places->place[0].length = sizeof(*address);
	places->n = 1;
}

const char *
rf_socket_resolve(const RfListenEntry *entry, RfPlaces *places)
{
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list;
	char			 port[16];
	int				 code;

	places->n = 0;
	if (entry->local)
	{
		places_add_local(places, entry->host);
		return NULL;
	}
	snprintf(port, sizeof(port), "%d", entry->port);
	code = getaddrinfo(strcmp(entry->host, "*") == 0 ? NULL : entry->host, port, &hints, &list);
	if (code != 0)
		return gai_strerror(code);
	for (const struct addrinfo *info = list; info != NULL; info = info->ai_next)
		places_add(places, info);
	freeaddrinfo(list);
	return places->n > 0 ? NULL : "no address";
}

/* ---- binding ------------------------------------------------------------ */

static bool
socket_set(int fd, int level, int option)
{
	int one = 1;

	return setsockopt(fd, level, option, &one, sizeof(one)) == 0;
}

/* A descriptor for the family, or -1. */
static int
socket_open(int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && pg_set_noblock(fd) &&
		(family == AF_UNIX || socket_set(fd, SOL_SOCKET, SO_REUSEADDR)) &&
		(family != AF_INET6 || socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY)))
		return fd;
	close(fd);
	return -1;
}

/* Closes after a failure; errno is that of what failed. */
static int
socket_give_up(int fd)
{
	int save_errno = errno;

	close(fd);
	errno = save_errno;
	return -1;
}

/* A bound descriptor, or -1. */
static int
socket_bind(const RfPlace *place, bool shared)
{
	int fd = socket_open(place->address.ss_family);

	if (fd < 0)
		return -1;
	if ((shared && !socket_set(fd, SOL_SOCKET, SO_REUSEPORT)) ||
		bind(fd, (const struct sockaddr *) &place->address, place->length) != 0)
		return socket_give_up(fd);
	return fd;
}

/* A descriptor that listens, or -1. */
static int
socket_listen_internet(const RfPlace *place, bool shared, bool alone)
{
	int fd;

	if (shared && alone)
	{
		fd = socket_bind(place, false);
		if (fd < 0)
			return -1;
		close(fd);
	}
	fd = socket_bind(place, shared);
	if (fd >= 0 && listen(fd, SOCKET_BACKLOG) != 0)
		return socket_give_up(fd);
	return fd;
}

/* Does nobody answer at this file? If so, errno says why it is in the way. */
static bool
socket_is_stale(const struct sockaddr_un *address)
{
	struct stat file;
	int			fd;
	bool		refused;

	if (lstat(address->sun_path, &file) != 0)
		return false;
	if (!S_ISSOCK(file.st_mode))
	{
		errno = EEXIST;
		return false;
	}
	fd = socket_open(AF_UNIX);
	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *) address, sizeof(*address)) != 0 &&
		errno == ECONNREFUSED;
	close(fd);
	errno = EADDRINUSE;
	return refused;
}

static bool
socket_note_file(const char *path)
{
	struct stat file;

	if (chmod(path, SOCKET_MODE) != 0 || lstat(path, &file) != 0)
		return false;
	strlcpy(socket_file.path, path, sizeof(socket_file.path));
	socket_file.device = file.st_dev;
	socket_file.inode = file.st_ino;
	return true;
}

static int
socket_listen_local(const RfPlace *place)
{
	const struct sockaddr_un *address = (const struct sockaddr_un *) &place->address;
	int						  fd = socket_bind(place, false);

	if (fd < 0 && errno == EADDRINUSE && socket_is_stale(address) &&
		unlink(address->sun_path) == 0)
		fd = socket_bind(place, false);
	if (fd < 0)
		return -1;
	if (!socket_note_file(address->sun_path) || listen(fd, SOCKET_BACKLOG) != 0)
		return socket_give_up(fd);
	return fd;
}

static bool
socket_is_foreign_family(int error)
{
	return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

int
rf_socket_listen(const RfPlaces *places, bool shared, bool alone, RfSockets *sockets)
{
	int error = 0;

	sockets->n = 0;
	for (int i = 0; i < places->n; i++)
	{
		const RfPlace *place = &places->place[i];
		int			   fd = place->address.ss_family == AF_UNIX
					   ? socket_listen_local(place)
					   : socket_listen_internet(place, shared, alone);

		if (fd >= 0)
			sockets->fd[sockets->n++] = fd;
		else if (error == 0 || !socket_is_foreign_family(errno))
			error = errno;
	}
	if (error == 0 || (sockets->n > 0 && socket_is_foreign_family(error)))
		return 0;
	rf_socket_close(sockets);
	rf_socket_remove_file();
	return error;
}

void
rf_socket_close(RfSockets *sockets)
{
	for (int i = 0; i < sockets->n; i++)
		close(sockets->fd[i]);
	sockets->n = 0;
}

void
rf_socket_remove_file(void)
{
	struct stat file;

	if (socket_file.path[0] == '\0')
		return;
	if (lstat(socket_file.path, &file) == 0 && file.st_dev == socket_file.device &&
		file.st_ino == socket_file.inode)
		unlink(socket_file.path);
	socket_file.path[0] = '\0';
}
