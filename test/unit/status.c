/* links: inbound/status.c */
/*
 * status.c
 *	  What an error is over HTTP.
 */
#include "inbound/status.h"

#include <string.h>

#include "tap.h"

static const struct
{
	const char *sqlstate;
	int			status;
	const char *what;
} cases[] = {
	{"RF001", 422, "campaign not open"},
	{"RF002", 422, "unknown code"},
	{"RF008", 422, "key reused"},
	{"RF009", 409, "wrong step"},
	{"RF012", 422, "currency mismatch"},
	{"22P02", 422, "invalid text representation"},
	{"22004", 422, "null value not allowed"},
	{"23505", 422, "unique violation"},
	{"23514", 422, "check violation"},
	{"0A000", 422, "not built"},
	{"P0001", 422, "raised by somebody's trigger"},
	{"P0002", 500, "no data found in somebody's trigger"},
	{"42704", 422, "no such campaign"},
	{"42P01", 500, "no such table"},
	{"42501", 500, "insufficient privilege"},
	{"54001", 422, "statement too complex"},
	{"55000", 409, "not in prerequisite state"},
	{"55P03", 503, "lock not available"},
	{"55006", 500, "object in use"},
	{"40001", 503, "serialization failure"},
	{"40P01", 503, "deadlock"},
	{"25006", 503, "read-only transaction"},
	{"25001", 500, "active transaction"},
	{"53100", 503, "disk full"},
	{"53200", 503, "out of memory"},
	{"57014", 503, "cancelled"},
	{"57P01", 503, "shutdown"},
	{"08006", 503, "connection failure"},
	{"58030", 500, "input or output error"},
	{"XX000", 500, "internal error"},
	{"XX001", 500, "data corrupted"},
	{"00000", 500, "no error at all"},
};

int
main(void)
{
	static const int statuses[] = {400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 431, 503};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(rf_status_of_sqlstate(cases[i].sqlstate) == cases[i].status,
		   "%s, %s: %d", cases[i].sqlstate, cases[i].what, cases[i].status);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
	{
		const char *title = rf_status_title(statuses[i]);

		ok(strcmp(title, rf_status_title(500)) != 0 &&
			   (statuses[i] == 400 || strcmp(title, rf_status_title(400)) != 0),
		   "%d is %s", statuses[i], title);
	}
	ok(strcmp(rf_status_title(500), "Internal Server Error") == 0, "500 has its title");
	return tap_done();
}
