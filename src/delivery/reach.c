/*
 * reach.c
 *	  See reach.h.
 *
 * A network that is allowed may hold this server, too: its own port is refused
 * even there, and no webhook has any business with it.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include "postmaster/postmaster.h"

#include "delivery/proxy.h"
#include "delivery/reach.h"

#define REFRESH_MS		 60000
#define DESCRIPTORS_KEPT 40 /* for the server's files and for look-ups */
#define SOCKETS_MIN		 4

static RfNetworks reach_allowed;
static RfNetworks reach_local;
static int		  reach_sockets_max = SOCKETS_MIN;
static int64	  reach_refreshed = 0;		 /* ms; 0: look again */
static char		 *reach_allowed_text = NULL; /* what reach_allowed was read from */
static char		 *reach_proxy = NULL;
static int		  reach_proxy_number = 0;

/* ---- the machine -------------------------------------------------------- */

/* What the server listens on need not belong to an interface. */
static void
reach_add_listened(void)
{
	const char *at = ListenAddresses != NULL ? ListenAddresses : "";

	while (*(at += strspn(at, ", ")) != '\0')
	{
		struct sockaddr_storage address;
		char					word[64];
		size_t					length = strcspn(at, ", ");

		if (length < sizeof(word))
		{
			memcpy(word, at, length);
			word[length] = '\0';
			if (rf_address_parse(word, &address))
				rf_address_add(&reach_local, (struct sockaddr *) &address);
		}
		at += length;
	}
}

static void
reach_read_local(void)
{
	struct ifaddrs *interfaces;

	if (getifaddrs(&interfaces) != 0)
	{
		rf_reach_doubt();
		return;
	}
	reach_local.n = 0;
	reach_add_listened();
	for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
	{
		if (i->ifa_addr != NULL)
			rf_address_add(&reach_local, i->ifa_addr);
	}
	freeifaddrs(interfaces);
}

static void
reach_read_limit(void)
{
	struct rlimit limit;

	reach_sockets_max = INT_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < INT_MAX)
		reach_sockets_max = Max(SOCKETS_MIN, (int) limit.rlim_cur - DESCRIPTORS_KEPT);
}

/* Connecting a datagram socket sends nothing, but asks the kernel for a route. */
static bool
reach_leads_to(const struct sockaddr *address)
{
	bool leads;
	int	 fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	leads = connect(fd, address,
					address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
												  : sizeof(struct sockaddr_in6)) == 0;
	close(fd);
	return leads;
}

/* Networks for documentation are nowhere, so what leads to them leads everywhere. */
static bool
reach_leads_everywhere(void)
{
	static const char *const nowhere[] = {"203.0.113.1", "2001:db8::1"};

	for (size_t i = 0; i < lengthof(nowhere); i++)
	{
		struct sockaddr_storage address;

		if (rf_address_parse(nowhere[i], &address) &&
			reach_leads_to((struct sockaddr *) &address))
			return true;
	}
	return false;
}

bool
rf_reach_has_route(const struct sockaddr *address)
{
	return reach_leads_everywhere() || reach_leads_to(address);
}

bool
rf_reach_has_network(void)
{
	return rf_address_has_network(&reach_local);
}

int
rf_reach_sockets_max(void)
{
	return reach_sockets_max;
}

/* ---- settings ----------------------------------------------------------- */

/* They were checked when they were made; a bad list allows nothing. */
static void
reach_read_allowed(void)
{
	const char *text = rf_allowed_networks != NULL ? rf_allowed_networks : "";

	if (reach_allowed_text != NULL && strcmp(reach_allowed_text, text) == 0)
		return;
	free(reach_allowed_text);
	reach_allowed_text = strdup(text);
	(void) rf_address_parse_networks(text, &reach_allowed);
}

static void
reach_read_proxy(void)
{
	const char *text = rf_proxy != NULL ? rf_proxy : "";
	char	   *copy;

	if (strcmp(reach_proxy != NULL ? reach_proxy : "", text) == 0)
		return;
	copy = strdup(text);
	if (copy == NULL)
		return;
	free(reach_proxy);
	reach_proxy = copy;
	reach_proxy_number++;
}

const char *
rf_reach_proxy(int *number)
{
	*number = reach_proxy_number;
	return reach_proxy != NULL && reach_proxy[0] != '\0' ? reach_proxy : NULL;
}

void
rf_reach_refresh(int64_t now)
{
	reach_read_allowed();
	reach_read_proxy();
	if (reach_refreshed != 0 && now - reach_refreshed < REFRESH_MS)
		return;
	reach_refreshed = now;
	reach_read_local();
	reach_read_limit();
}

void
rf_reach_doubt(void)
{
	reach_refreshed = 0;
}

/* ---- addresses ---------------------------------------------------------- */

static int
reach_port(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *) address)->sin_port);
	if (address->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *) address)->sin6_port);
	return 0;
}

static bool
reach_is_own_port(const struct sockaddr *address)
{
	static const RfNetworks none = {0};
	const char			   *reason;

	if (ListenAddresses == NULL || ListenAddresses[0] == '\0' ||
		reach_port(address) != PostPortNumber)
		return false;
	reason = rf_address_forbidden(address, &none, &reach_local);
	return reason != NULL &&
		(strcmp(reason, "loopback") == 0 || strcmp(reason, "address of this server") == 0);
}

const char *
rf_reach_forbidden(const struct sockaddr *address)
{
	if (reach_is_own_port(address))
		return "port of this server";
	return rf_address_forbidden(address, &reach_allowed, &reach_local);
}

const char *
rf_reach_forbidden_host(const char *host)
{
	struct sockaddr_storage address;

	if (!rf_address_parse(host, &address))
		return NULL;
	return rf_reach_forbidden((struct sockaddr *) &address);
}
