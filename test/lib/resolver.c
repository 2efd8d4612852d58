/*
 * resolver.c
 *	  Preloaded into a server under test: name servers that answer what a test
 *	  wants. See Preloaded.pm.
 *
 * The file REFERRAL_TEST_NAMES is read at each look-up. A line of it is a name
 * and what to answer: addresses separated by commas, "none" (there is no such
 * name), "again" (name servers do not answer) or "later" (the same, after a
 * long time). The name "*" stands for all others. Who is in no line is looked
 * up as always. Look-ups are counted in that file's neighbour ".asked", one
 * line each.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*Lookup)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static Lookup
real_lookup(void)
{
	return (Lookup) dlsym(RTLD_NEXT, "getaddrinfo");
}

static void
remember(const char *path, const char *host)
{
	char  asked[1024];
	FILE *file;

	snprintf(asked, sizeof(asked), "%s.asked", path);
	file = fopen(asked, "ae");
	if (file == NULL)
		return;
	fprintf(file, "%s\n", host);
	fclose(file);
}

/* What the file says of a host; false: nothing. */
static int
find_answer(const char *host, char *answer)
{
	const char *path = getenv("REFERRAL_TEST_NAMES");
	FILE	   *file = path != NULL ? fopen(path, "re") : NULL;
	char		name[256];
	int			found = 0;

	if (file == NULL)
		return 0;
	remember(path, host);
	while (!found && fscanf(file, "%255s %255s", name, answer) == 2)
		found = strcmp(name, host) == 0 || strcmp(name, "*") == 0;
	fclose(file);
	return found;
}

/* All of a list; freeaddrinfo() takes one chain as well as another. */
static int
answer_addresses(char *list, const char *service, const struct addrinfo *hints,
				 struct addrinfo **result)
{
	struct addrinfo	  numeric = hints != NULL ? *hints : (struct addrinfo){0};
	struct addrinfo **end = result;
	char			 *rest = list;
	char			 *address;

	numeric.ai_flags = (numeric.ai_flags | AI_NUMERICHOST) & ~AI_ADDRCONFIG;
	*result = NULL;
	while ((address = strsep(&rest, ",")) != NULL)
	{
		if (real_lookup()(address, service, &numeric, end) != 0)
			*end = NULL;
		while (*end != NULL)
			end = &(*end)->ai_next;
	}
	return *result != NULL ? 0 : EAI_NONAME;
}

int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
			struct addrinfo **result)
{
	char answer[256];

	if (host == NULL || (hints != NULL && (hints->ai_flags & AI_NUMERICHOST)) ||
		!find_answer(host, answer))
		return real_lookup()(host, service, hints, result);
	if (strcmp(answer, "none") == 0)
		return EAI_NONAME;
	if (strcmp(answer, "later") == 0)
		sleep(20);
	if (strcmp(answer, "later") == 0 || strcmp(answer, "again") == 0)
		return EAI_AGAIN;
	return answer_addresses(answer, service, hints, result);
}
