/* links: inbound/moment.c */
/*
 * moment.c
 *	  Times as other systems write them.
 */
#include <string.h>

#include "inbound/moment.h"
#include "tap.h"

typedef struct Case
{
	const char *text;
	bool		is_number;
	const char *written; /* NULL: left as it is */
} Case;

static const Case cases[] = {
	{"0", true, "1970-01-01T00:00:00.000000Z"},
	{"1767610800", true, "2026-01-05T11:00:00.000000Z"},
	{"1767610800.25", true, "2026-01-05T11:00:00.250000Z"},
	{"1767610800678", true, "2026-01-05T11:00:00.678000Z"},
	{"1767610799.9999999", true, "2026-01-05T11:00:00.000000Z"},
	{"99999999999", true, "5138-11-16T09:46:39.000000Z"},
	{"100000000000", true, "1973-03-03T09:46:40.000000Z"},
	{"4102444800123", true, "2100-01-01T00:00:00.123000Z"},
	{"100000000000000", true, NULL},
	{"1e300", true, NULL},
	{"-1", true, NULL},
	{"NaN", true, NULL},
	{"Infinity", true, NULL},
	{"2026-01-05", false, "2026-01-05 UTC"},
	{"2026-01-05T11:00:00", false, "2026-01-05T11:00:00 UTC"},
	{"2026-01-05 11:00:00.123456", false, "2026-01-05 11:00:00.123456 UTC"},
	{"2026-01-05T11:00:00Z", false, NULL},
	{"2026-01-05T11:00:00+01:00", false, NULL},
	{"2026-01-05T11:00:00-05:00", false, NULL},
	{"2026-01-05T11:00:00 CET", false, NULL},
	{"1767610800", false, NULL},
	{"2026-01", false, NULL},
	{"2026-1-5 11:00", false, NULL},
	{"05.01.2026", false, NULL},
	{"soon", false, NULL},
	{"", false, NULL},
	{"2026-01-05 0000000000000000000000000000000000000000000000000000000000", false, NULL},
};

int
main(void)
{
	char written[RF_MOMENT_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case *c = &cases[i];
		bool		rewritten = rf_moment_rewrite(c->text, c->is_number, written);

		ok(rewritten == (c->written != NULL) && (!rewritten || strcmp(written, c->written) == 0),
		   "%s %s", c->is_number ? "number" : "text", c->text);
	}
	return tap_done();
}
