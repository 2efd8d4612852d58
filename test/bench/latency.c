/*
 * latency.c
 *	  How long after COMMIT does the first byte of the webhook arrive?
 *
 *		latency COMMITS PAUSE_MS
 *
 * One process is the application and the receiver, so that one clock measures both
 * ends. The server is found by libpq's environment. The clock starts when COMMIT is
 * sent: the flush of the commit itself is part of what is measured.
 *
 * Prints one line: p50, p90, p99 and the worst, in milliseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static const char answer[] = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";

static PGconn *db;
static int	   listener;
static int	   connection = -1;

static void
die(const char *what)
{
	fprintf(stderr, "latency: %s\n", what);
	exit(1);
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void
query(const char *text)
{
	PGresult *result = PQexec(db, text);

	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		die(PQerrorMessage(db));
	PQclear(result);
}

static void
await_result(void)
{
	PGresult *result;

	while ((result = PQgetResult(db)) != NULL)
	{
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			die(PQerrorMessage(db));
		PQclear(result);
	}
}

static int
listen_somewhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t		   length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *) &address, sizeof(address)) != 0 ||
		listen(listener, 8) != 0 ||
		getsockname(listener, (struct sockaddr *) &address, &length) != 0)
		die("cannot listen");
	return ntohs(address.sin_port);
}

static void
wait_readable(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	if (poll(&wait, 1, PATIENCE_MS) <= 0)
		die("no request came");
}

/* Waits for the first byte of a request, and returns when it came. */
static double
await_first_byte(void)
{
	double at;
	int	   one = 1;
	char   byte;

	for (;;)
	{
		if (connection < 0)
		{
			wait_readable(listener);
			connection = accept(listener, NULL, NULL);
			setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		}
		wait_readable(connection);
		at = now_ms();
		if (recv(connection, &byte, 1, MSG_PEEK) > 0)
			return at;
		close(connection);
		connection = -1;
	}
}

/* Is it all there, headers and as many bytes of body as they tell? */
static int
is_whole(const char *request, size_t length)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *told = strcasestr(request, "\ncontent-length:");

	return end != NULL && told != NULL &&
		length >= (size_t) (end + 4 - request) + strtoul(told + 16, NULL, 10);
}

static void
answer_request(void)
{
	static char buffer[65536];
	size_t		length = 0;

	do
	{
		ssize_t n = recv(connection, buffer + length, sizeof(buffer) - 1 - length, 0);

		if (n <= 0)
			die("the request broke off");
		length += n;
		buffer[length] = '\0';
	} while (!is_whole(buffer, length));
	if (send(connection, answer, sizeof(answer) - 1, 0) < 0)
		die("cannot answer");
}

static void
set_up(int port)
{
	char text[512];

	query("INSERT INTO rf_campaign (slug, name) VALUES ('latency', 'Latency')");
	snprintf(text, sizeof(text),
			 "SELECT rf_create_webhook('http://127.0.0.1:%d/', '{referrer.joined}')", port);
	query(text);
}

static double
measure(int i)
{
	char   text[128];
	double start;
	double arrived;

	query("BEGIN");
	snprintf(text, sizeof(text), "SELECT rf_join('latency', 'person%d@example.com')", i);
	query(text);
	start = now_ms();
	if (PQsendQuery(db, "COMMIT") == 0)
		die(PQerrorMessage(db));
	arrived = await_first_byte();
	answer_request();
	await_result();
	return arrived - start;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	int		n = argc == 3 ? atoi(argv[1]) : 0;
	double *ms;

	if (n < 100)
		die("usage: latency COMMITS PAUSE_MS, with at least 100 commits");
	ms = calloc(n, sizeof(double));
	db = PQconnectdb("");
	if (PQstatus(db) != CONNECTION_OK)
		die(PQerrorMessage(db));
	set_up(listen_somewhere());
	/* The first ones make connections and plans. */
	for (int i = 0; i < 20; i++)
		measure(-1 - i);
	for (int i = 0; i < n; i++)
	{
		usleep(atoi(argv[2]) * 1000);
		ms[i] = measure(i);
	}
	qsort(ms, n, sizeof(double), compare);
	printf("%.2f %.2f %.2f %.2f\n", ms[n / 2], ms[n * 9 / 10], ms[n * 99 / 100], ms[n - 1]);
	return 0;
}
