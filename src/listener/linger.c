/*
 * linger.c
 *	  See linger.h.
 */
#include "postgres.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listener/linger.h"

/* How long, and how much of it. */
#define LINGER_TIME	 (2 * USECS_PER_SEC)
#define LINGER_BYTES (8 * 1024 * 1024)

typedef struct Lingering
{
	int			socket;
	TimestampTz until;
	int64		left; /* bytes that are still thrown away */
} Lingering;

/* In the order of their coming. */
static Lingering lingering[RF_LINGERING];
static int		 nlingering = 0;
static int		 linger_epoll = -1;

void
rf_linger_start(int epoll)
{
	linger_epoll = epoll;
}

void
rf_linger_add(int socket, TimestampTz now)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
	int				   copy;

	if (nlingering == RF_LINGERING)
		return;
	copy = dup(socket);
	if (copy < 0)
		return;
	shutdown(copy, SHUT_WR);
	if (epoll_ctl(linger_epoll, EPOLL_CTL_ADD, copy, &event) != 0)
	{
		close(copy);
		return;
	}
	lingering[nlingering].socket = copy;
	lingering[nlingering].until = now + LINGER_TIME;
	lingering[nlingering].left = LINGER_BYTES;
	nlingering++;
}

/* False: nothing more is to be expected of it. */
static bool
linger_drain(Lingering *one)
{
	static char nowhere[64 * 1024];

	while (one->left > 0)
	{
		ssize_t n = recv(one->socket, nowhere, sizeof(nowhere), MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
		if (n == 0)
			return false;
		one->left -= n;
	}
	return false;
}

static void
linger_close(Lingering *one)
{
	epoll_ctl(linger_epoll, EPOLL_CTL_DEL, one->socket, NULL);
	close(one->socket);
}

void
rf_linger_run(TimestampTz now)
{
	int kept = 0;

	for (int i = 0; i < nlingering; i++)
	{
		if (lingering[i].until > now && linger_drain(&lingering[i]))
			lingering[kept++] = lingering[i];
		else
			linger_close(&lingering[i]);
	}
	nlingering = kept;
}

int64
rf_linger_wait(TimestampTz now)
{
	return nlingering == 0 ? -1 : Max(lingering[0].until - now, 0);
}

void
rf_linger_stop(void)
{
	for (int i = 0; i < nlingering; i++)
		linger_close(&lingering[i]);
	nlingering = 0;
}
