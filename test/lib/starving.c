/*
 * starving.c
 *	  Preloaded into a server under test: libcurl, and who calls it, get no memory
 *	  while the file REFERRAL_TEST_STARVING is there. See Preloaded.pm.
 *
 * The server itself has memory all the time. Who asks is told by the address
 * that the call returns to.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

typedef struct Range
{
	uintptr_t from;
	uintptr_t to;
} Range;

#define RANGES_MAX 2

static Range ranges[RANGES_MAX];
static int	 nranges = 0;

/* Where the code of a library lies that is to starve. */
static int
find_range(struct dl_phdr_info *object, size_t size, void *arg)
{
	(void) size;
	(void) arg;
	if (nranges == RANGES_MAX || (strstr(object->dlpi_name, "libcurl.so") == NULL &&
								  strstr(object->dlpi_name, "/referral.so") == NULL))
		return 0;
	for (int i = 0; i < object->dlpi_phnum; i++)
	{
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
			continue;
		ranges[nranges].from = object->dlpi_addr + part->p_vaddr;
		ranges[nranges].to = ranges[nranges].from + part->p_memsz;
		nranges++;
		break;
	}
	return 0;
}

static bool
starves(const void *caller)
{
	static __thread bool looking = false;
	static char			 file[1024]; /* the server moves its environment */
	uintptr_t			 at = (uintptr_t) caller;

	if (looking)
		return false;
	if (file[0] == '\0')
	{
		const char *set = getenv("REFERRAL_TEST_STARVING");

		if (set == NULL || strlen(set) >= sizeof(file))
			return false;
		strcpy(file, set);
	}
	if (access(file, F_OK) != 0)
		return false;
	if (nranges < RANGES_MAX)
	{
		looking = true;
		nranges = 0;
		dl_iterate_phdr(find_range, NULL);
		looking = false;
	}
	for (int i = 0; i < nranges; i++)
	{
		if (at >= ranges[i].from && at < ranges[i].to)
			return true;
	}
	return false;
}

void *
malloc(size_t size)
{
	return starves(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return starves(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	return starves(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}
