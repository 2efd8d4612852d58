/*
 * access_log.c
 *	  See access_log.h.
 */
#include "postgres.h"

#include <stdlib.h>

#include "listener/access_log.h"
#include "server/listen_settings.h"

#define LINE_MAX 512

/* A run of so many characters that tokens are made of may be one. */
#define SECRET_MIN 20

/* Lines, each with its zero. */
static char	 *lines = NULL;
static size_t lines_size = 0;
static size_t lines_used = 0;

static bool
log_room(size_t more)
{
	size_t size = Max(lines_size, 16 * 1024);
	char  *larger;

	while (size < lines_used + more)
		size *= 2;
	if (size == lines_size)
		return true;
	larger = realloc(lines, size);
	if (larger == NULL)
		return false;
	lines = larger;
	lines_size = size;
	return true;
}

static const char *
log_method(RfMethod method)
{
	switch (method)
	{
		case RF_METHOD_GET:
			return "GET";
		case RF_METHOD_HEAD:
			return "HEAD";
		case RF_METHOD_POST:
			return "POST";
		case RF_METHOD_OPTIONS:
			return "OPTIONS";
		case RF_METHOD_OTHER:
			break;
	}
	return "?";
}

static bool
log_secret(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '_' || c == '-' || c == '%';
}

/* Copy text without what might be a token, or harm a log. */
static void
log_clean(const char *text, char *clean, size_t size)
{
	char *end = clean + size - 4;

	while (*text != '\0' && clean < end)
	{
		size_t run = 0;

		while (log_secret(text[run]))
			run++;
		if (run >= SECRET_MIN)
		{
			memcpy(clean, "***", 3);
			clean += 3;
			text += run;
			continue;
		}
		*clean++ = *text > ' ' && *text < 0x7f ? *text : '?';
		text++;
	}
	*clean = '\0';
}

static void
log_path(const RfIncoming *incoming, char *path, size_t size)
{
	const RfRoute *route = &incoming->route;
	char		   part[128];

	switch (route->kind)
	{
		case RF_ROUTE_CALL:
			log_clean(route->action, part, sizeof(part));
			snprintf(path, size, "/webhook/***%s%s", part[0] != '\0' ? "/" : "", part);
			return;
		case RF_ROUTE_LINK:
			log_clean(route->code, part, sizeof(part));
			snprintf(path, size, "/r/%s", part);
			return;
		case RF_ROUTE_HEALTH:
			strlcpy(path, "/health", size);
			return;
		case RF_ROUTE_METRICS:
			strlcpy(path, "/metrics", size);
			return;
		case RF_ROUTE_NONE:
			log_clean(incoming->seen, path, size);
			return;
	}
}

/* Whose call it was, and what became of it. */
static void
log_outcome(const RfIncoming *incoming, char *outcome, size_t size)
{
	const RfResponse *response = &incoming->exchange.response;
	size_t			  used = 0;

	outcome[0] = '\0';
	if (response->token_id != 0)
		used = snprintf(outcome, size, ", token " INT64_FORMAT, response->token_id);
	if (response->sqlstate[0] != '\0')
		snprintf(outcome + used, size - used, ", %s", response->sqlstate);
}

void
rf_access_log_note(const RfIncoming *incoming, int status, TimestampTz now)
{
	char path[256];
	char outcome[64];
	char answer[16] = "no answer";

	if (rf_log_requests == 0 || !log_room(LINE_MAX))
		return;
	log_path(incoming, path, sizeof(path));
	log_outcome(incoming, outcome, sizeof(outcome));
	if (status != 0)
		snprintf(answer, sizeof(answer), "%d", status);
	snprintf(lines + lines_used, LINE_MAX, "%s %s: %s in %.1f ms, %s%s",
			 log_method(incoming->method), path, answer,
			 (now - incoming->exchange.started) / 1000.0,
			 incoming->address[0] != '\0' ? incoming->address : "unix", outcome);
	lines_used += strlen(lines + lines_used) + 1;
}

void
rf_access_log_write(void)
{
	size_t used = lines_used;

	/* First: should writing fail, no line is written twice. */
	lines_used = 0;
	for (size_t at = 0; at < used; at += strlen(lines + at) + 1)
		ereport(rf_log_requests != 0 ? rf_log_requests : LOG,
				(errmsg_internal("%s", lines + at), errhidestmt(true), errhidecontext(true)));
}
