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

void
rf_linger_add(RfLinger *linger, int socket, TimestampTz now)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
	int				   copy;

	if (linger->n == RF_LINGERING)
		return;
	copy = dup(socket);
	if (copy < 0)
		return;
	shutdown(copy, SHUT_WR);
	if (epoll_ctl(linger->epoll, EPOLL_CTL_ADD, copy, &event) != 0)
	{
		close(copy);
		return;
	}
	linger->one[linger->n].socket = copy;
	linger->one[linger->n].until = now + LINGER_TIME;
	linger->one[linger->n].left = LINGER_BYTES;
	linger->n++;
}

/* False: nothing more is to be expected of it. */
static bool
linger_drain(RfLingering *one)
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
linger_close(const RfLinger *linger, const RfLingering *one)
{
	epoll_ctl(linger->epoll, EPOLL_CTL_DEL, one->socket, NULL);
	close(one->socket);
}

void
rf_linger_run(RfLinger *linger, TimestampTz now)
{
	int kept = 0;

	for (int i = 0; i < linger->n; i++)
	{
		if (linger->one[i].until > now && linger_drain(&linger->one[i]))
			linger->one[kept++] = linger->one[i];
		else
			linger_close(linger, &linger->one[i]);
	}
	linger->n = kept;
}

int64
rf_linger_wait(const RfLinger *linger, TimestampTz now)
{
	return linger->n == 0 ? -1 : Max(linger->one[0].until - now, 0);
}

void
rf_linger_stop(RfLinger *linger)
{
	for (int i = 0; i < linger->n; i++)
		linger_close(linger, &linger->one[i]);
	linger->n = 0;
}
