/* links: listener/route.c */
/*
 * route.c
 *	  What a request is about, by its method and target.
 */
#include <stdlib.h>
#include <string.h>

#include "listener/route.h"
#include "tap.h"

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

typedef struct Case
{
	const char *target;
	RfRouteKind kind;
	const char *one; /* token or code */
	const char *action;
	const char *query;
} Case;

static const Case cases[] = {
	{"/webhook/rfi_abc/qualify", RF_ROUTE_CALL, "rfi_abc", "qualify", NULL},
	{"/webhook/rfi_abc/qualify/", RF_ROUTE_CALL, "rfi_abc", "qualify", NULL},
	{"/webhook/rfi_abc", RF_ROUTE_CALL, "rfi_abc", "", NULL},
	{"/webhook/rfi_abc/", RF_ROUTE_CALL, "rfi_abc", "", NULL},
	{"/webhook/a/participant?code=K7&x=%20", RF_ROUTE_CALL, "a", "participant", "code=K7&x=%20"},
	{"/webhook/a?", RF_ROUTE_CALL, "a", "", ""},
	{"/webhook/a?b?c/d", RF_ROUTE_CALL, "a", "", "b?c/d"},
	{"/webhook/rfi%5Fabc/%71ualify", RF_ROUTE_CALL, "rfi_abc", "qualify", NULL},
	{"http://shop.example/webhook/a/join", RF_ROUTE_CALL, "a", "join", NULL},
	{"https://shop.example:8480/health?x", RF_ROUTE_HEALTH, NULL, NULL, "x"},
	{"/r/K7M29QXT", RF_ROUTE_LINK, "K7M29QXT", NULL, NULL},
	{"/r/K7M29QXT/", RF_ROUTE_LINK, "K7M29QXT", NULL, NULL},
	{"/r/k7%2Fm2", RF_ROUTE_LINK, "k7/m2", NULL, NULL},
	{"/r/%C3%A4?utm=1", RF_ROUTE_LINK, "\xc3\xa4", NULL, "utm=1"},
	{"/r/%25", RF_ROUTE_LINK, "%", NULL, NULL},
	{"/r/a%252fb", RF_ROUTE_LINK, "a%2fb", NULL, NULL},
	{"/health", RF_ROUTE_HEALTH, NULL, NULL, NULL},
	{"/health/", RF_ROUTE_HEALTH, NULL, NULL, NULL},
	{"/metrics", RF_ROUTE_METRICS, NULL, NULL, NULL},
	{"/", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"//", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"//health", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/health//", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/Health", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/healthy", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/health/x", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/metrics/x", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/webhook", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/webhook/", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/webhook//qualify", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/webhook/a/b/c", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/webhook/a/b/c/d/e/f", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/webhook/" LONG LONG "/qualify", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/webhook/a/" LONG, RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/r/" LONG LONG LONG LONG, RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/r", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/r/", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/r/a/b", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/r/a%", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/r/a%2", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/r/a%zz", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/r/a%00b", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/r/a%0d%0aSet-Cookie:x", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/r/a%7f", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"/../health", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"http://shop.example", RF_ROUTE_NONE, NULL, NULL, NULL},
	{"http://shop.example?x", RF_ROUTE_NONE, NULL, NULL, "x"},
};

/* None of these is a target at all. */
static const char *const senseless[] = {
	"", "health", "?x", "ftp://a/b", "http:/health", "shop.example:443",
	"/health x", " /health", "/r/\x01", "/r/\t", "/r/a?b c", "**"};

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
test_targets(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case *wanted = &cases[i];
		char	   *target = strdup(wanted->target);
		RfRoute		route;

		ok(rf_route_read(target, &route) && route.kind == wanted->kind,
		   "kind of %s", wanted->target);
		if (wanted->kind == RF_ROUTE_CALL)
			ok(same(route.token, wanted->one) && same(route.action, wanted->action),
			   "its token and action");
		if (wanted->kind == RF_ROUTE_LINK)
			ok(same(route.code, wanted->one), "its code");
		ok(same(route.query, wanted->query), "its query");
		free(target);
	}
}

static void
test_senseless(void)
{
	for (size_t i = 0; i < sizeof(senseless) / sizeof(senseless[0]); i++)
	{
		char   *target = strdup(senseless[i]);
		RfRoute route;

		ok(!rf_route_read(target, &route), "no target: number %d", (int) i);
		free(target);
	}
}

static void
test_methods(void)
{
	char	everything[] = "*";
	RfRoute call = {.kind = RF_ROUTE_CALL};
	RfRoute link = {.kind = RF_ROUTE_LINK};
	RfRoute all;

	ok(rf_route_method("POST") == RF_METHOD_POST, "POST");
	ok(rf_route_method("post") == RF_METHOD_OTHER, "post is another method");
	ok(rf_route_method("POSTS") == RF_METHOD_OTHER, "and POSTS");
	ok(rf_route_allows(&call, RF_METHOD_POST), "calls are posted");
	ok(rf_route_allows(&call, RF_METHOD_GET), "or read");
	ok(!rf_route_allows(&call, RF_METHOD_OTHER), "and nothing else");
	ok(!rf_route_allows(&link, RF_METHOD_POST), "nobody posts to a link");
	ok(rf_route_allows(&link, RF_METHOD_HEAD), "looking at its head is allowed");
	ok(strcmp(rf_route_allow(&link), "GET, HEAD, OPTIONS") == 0, "as Allow says");
	ok(strcmp(rf_route_allow(&call), "GET, HEAD, POST, OPTIONS") == 0, "and for calls");
	ok(rf_route_read(everything, &all) && all.everything, "everything");
	ok(rf_route_allows(&all, RF_METHOD_OPTIONS), "may be asked about");
	ok(!rf_route_allows(&all, RF_METHOD_GET), "and not be got");
}

int
main(void)
{
	test_targets();
	test_senseless();
	test_methods();
	return tap_done();
}
