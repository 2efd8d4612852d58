/* links: listener/route.c */
/*
 * route.c
 *	  The target of a request, which anybody may send.
 */
#include "fuzz.h"
#include "listener/route.h"

/* What is found in a path goes into statements and logs. */
static void
route_is_clean(const char *part)
{
	for (; *part != '\0'; part++)
		holds((unsigned char) *part >= 0x20 && *part != 0x7f);
}

static void
route_holds(const RfRoute *route, const char *target, size_t length)
{
	const char *parts[] = {route->token, route->action, route->code};

	if (route->kind == RF_ROUTE_CALL)
		holds(route->token != NULL && route->action != NULL);
	if (route->kind == RF_ROUTE_LINK)
		holds(route->code != NULL);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
	{
		if (parts[i] == NULL || parts[i][0] == '\0')
			continue;
		holds(parts[i] > target && parts[i] + strlen(parts[i]) <= target + length);
		route_is_clean(parts[i]);
	}
	if (route->query != NULL)
		holds(route->query > target && route->query <= target + length);
	if (route->everything)
		holds(route->kind == RF_ROUTE_NONE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char   *target = fuzz_string(bytes, length);
	RfRoute route;

	if (rf_route_read(target, &route))
	{
		route_holds(&route, target, length);
		holds(rf_route_allows(&route, RF_METHOD_OPTIONS));
		holds(!rf_route_allows(&route, RF_METHOD_OTHER));
		holds(rf_route_allow(&route)[0] != '\0');
		if (route.kind == RF_ROUTE_LINK)
			holds(!rf_route_allows(&route, RF_METHOD_POST));
	}
	free(target);
	return 0;
}
