/*
 * status.c
 *	  See status.h.
 */
#include "inbound/status.h"

#include <stddef.h>
#include <string.h>

/* The first that fits counts. */
static const struct
{
	const char *prefix; /* of the SQLSTATE */
	int			status;
} statuses[] = {
	{"RF009", 409}, /* wrong step in a reward's life */
	{"RF", 422},
	{"22", 422},	/* data exception */
	{"23", 422},	/* integrity constraint violation */
	{"0A", 422},	/* feature not supported */
	{"P0001", 422}, /* somebody's own trigger refuses it */
	{"42704", 422}, /* a campaign, purchase or reward that does not exist */
	{"55000", 409}, /* object not in prerequisite state */
	{"54", 422},	/* nested too deeply, and other program limits */
	{"55P03", 503}, /* lock not available */
	{"40", 503},	/* serialization failure, deadlock */
	{"53", 503},	/* insufficient resources */
	{"57", 503},	/* operator intervention */
	{"25006", 503}, /* read-only transaction: a standby */
	{"08", 503},	/* connection exception */
};

int
rf_status_of_sqlstate(const char *sqlstate)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
	{
		if (strncmp(sqlstate, statuses[i].prefix, strlen(statuses[i].prefix)) == 0)
			return statuses[i].status;
	}
	return 500;
}

const char *
rf_status_title(int status)
{
	switch (status)
	{
		case 400:
			return "Bad Request";
		case 401:
			return "Unauthorized";
		case 403:
			return "Forbidden";
		case 404:
			return "Not Found";
		case 405:
			return "Method Not Allowed";
		case 408:
			return "Request Timeout";
		case 409:
			return "Conflict";
		case 411:
			return "Length Required";
		case 413:
			return "Content Too Large";
		case 414:
			return "URI Too Long";
		case 415:
			return "Unsupported Media Type";
		case 417:
			return "Expectation Failed";
		case 422:
			return "Unprocessable Content";
		case 429:
			return "Too Many Requests";
		case 431:
			return "Request Header Fields Too Large";
		case 501:
			return "Not Implemented";
		case 503:
			return "Service Unavailable";
		case 505:
			return "HTTP Version Not Supported";
		default:
			return status < 500 ? "Bad Request" : "Internal Server Error";
	}
}
