/*
 * route.c
 *	  See route.h.
 */
#include <string.h>

#include "base/percent.h"
#include "listener/route.h"

/* The longest of each that can mean anything. */
#define TOKEN_MAX  128
#define ACTION_MAX 32
#define CODE_MAX   256

/* The deepest path we know, and one more part to see that there is more. */
#define PARTS_MAX 4

typedef struct Parts
{
	int	  n;
	char *part[PARTS_MAX];
} Parts;

/* Decode where it stands. False if a "%" begins nothing, or a control character. */
static bool
route_decode(char *text)
{
	const char *end = text + strlen(text);
	char	   *to = text;

	for (const char *from = text; *from != '\0'; from++, to++)
	{
		unsigned char c = *from;

		if (c == '%')
		{
			int byte = rf_percent_byte(from, end);

			if (byte < 0)
				return false;
			c = byte;
			from += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return false;
		*to = c;
	}
	*to = '\0';
	return true;
}

/* Cut at slashes; a part that is empty makes it no path of ours. */
static bool
route_cut(char *path, Parts *parts)
{
	char *part = path + 1;

	parts->n = 0;
	while (*part != '\0')
	{
		char *slash = strchr(part, '/');

		if (slash == part || parts->n == PARTS_MAX)
			return false;
		parts->part[parts->n++] = part;
		if (slash == NULL)
			break;
		*slash = '\0';
		part = slash + 1;
	}
	for (int i = 0; i < parts->n; i++)
	{
		if (!route_decode(parts->part[i]))
			return false;
	}
	return true;
}

static RfRouteKind
route_call(const Parts *parts, RfRoute *route)
{
	route->token = parts->part[1];
	route->action = parts->n > 2 ? parts->part[2] : "";
	if (strlen(route->token) > TOKEN_MAX || strlen(route->action) > ACTION_MAX)
		return RF_ROUTE_NONE;
	return RF_ROUTE_CALL;
}

static RfRouteKind
route_link(const Parts *parts, RfRoute *route)
{
	route->code = parts->part[1];
	return strlen(route->code) > CODE_MAX ? RF_ROUTE_NONE : RF_ROUTE_LINK;
}

static RfRouteKind
route_kind(const Parts *parts, RfRoute *route)
{
	if (parts->n == 0)
		return RF_ROUTE_NONE;
	if (strcmp(parts->part[0], "webhook") == 0 && (parts->n == 2 || parts->n == 3))
		return route_call(parts, route);
	if (strcmp(parts->part[0], "r") == 0 && parts->n == 2)
		return route_link(parts, route);
	if (strcmp(parts->part[0], "health") == 0 && parts->n == 1)
		return RF_ROUTE_HEALTH;
	if (strcmp(parts->part[0], "metrics") == 0 && parts->n == 1)
		return RF_ROUTE_METRICS;
	return RF_ROUTE_NONE;
}

/* A target as it is given to proxies: only what follows scheme and host counts. */
static char *
route_path(char *target)
{
	static char root[] = "/";
	char	   *host;
	char	   *path;

	if (*target == '/')
		return target;
	if (strncmp(target, "http://", 7) != 0 && strncmp(target, "https://", 8) != 0)
		return NULL;
	host = strchr(target, ':') + 3;
	path = strchr(host, '/');
	return path != NULL ? path : root;
}

static bool
route_clean(const char *target)
{
	for (; *target != '\0'; target++)
	{
		if ((unsigned char) *target <= 0x20 || *target == 0x7f)
			return false;
	}
	return true;
}

bool
rf_route_read(char *target, RfRoute *route)
{
	Parts parts;
	char *path;
	char *query;

	memset(route, 0, sizeof(RfRoute));
	if (!route_clean(target))
		return false;
	if (strcmp(target, "*") == 0)
	{
		route->everything = true;
		return true;
	}
	query = strchr(target, '?');
	if (query != NULL)
	{
		*query = '\0';
		route->query = query + 1;
	}
	path = route_path(target);
	if (path == NULL)
		return false;
	if (route_cut(path, &parts))
		route->kind = route_kind(&parts, route);
	return true;
}

RfMethod
rf_route_method(const char *method)
{
	if (strcmp(method, "GET") == 0)
		return RF_METHOD_GET;
	if (strcmp(method, "POST") == 0)
		return RF_METHOD_POST;
	if (strcmp(method, "HEAD") == 0)
		return RF_METHOD_HEAD;
	if (strcmp(method, "OPTIONS") == 0)
		return RF_METHOD_OPTIONS;
	return RF_METHOD_OTHER;
}

static bool
route_takes_post(const RfRoute *route)
{
	return route->kind == RF_ROUTE_CALL || route->everything;
}

bool
rf_route_allows(const RfRoute *route, RfMethod method)
{
	if (route->everything)
		return method == RF_METHOD_OPTIONS;
	if (method == RF_METHOD_POST)
		return route_takes_post(route);
	return method != RF_METHOD_OTHER;
}

const char *
rf_route_allow(const RfRoute *route)
{
	return route_takes_post(route) ? "GET, HEAD, POST, OPTIONS" : "GET, HEAD, OPTIONS";
}
