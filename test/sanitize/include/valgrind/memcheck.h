/*
 * memcheck.h
 *	  What PostgreSQL tells Valgrind about its memory, told to AddressSanitizer.
 *
 * The server takes memory in blocks of many kB and hands out pieces of them, so
 * that a tool which knows malloc() alone sees neither the end of a piece nor
 * that it was freed. With -DUSE_VALGRIND the server says both, by the requests
 * below; found in front of Valgrind's own header, this one makes them poison
 * memory and take the poison away. Whether memory was written before it is read
 * is beyond AddressSanitizer: "undefined" means accessible here.
 */
#ifndef REFERRAL_MEMCHECK_H
#define REFERRAL_MEMCHECK_H

#include <sanitizer/asan_interface.h>

#define VALGRIND_MAKE_MEM_NOACCESS(address, size) __asan_poison_memory_region(address, size)
#define VALGRIND_MAKE_MEM_DEFINED(address, size) __asan_unpoison_memory_region(address, size)
#define VALGRIND_MAKE_MEM_UNDEFINED(address, size) __asan_unpoison_memory_region(address, size)

/* Freed pieces are poisoned by the request that says they are inaccessible. */
#define VALGRIND_CREATE_MEMPOOL(pool, redzone, zeroed) ((void) (pool))
#define VALGRIND_DESTROY_MEMPOOL(pool) ((void) (pool))
#define VALGRIND_MEMPOOL_FREE(pool, address) ((void) (pool), (void) (address))
#define VALGRIND_MEMPOOL_ALLOC(pool, address, size) \
	((void) (pool), __asan_unpoison_memory_region(address, size))
#define VALGRIND_MEMPOOL_CHANGE(pool, before, address, size) \
	((void) (pool), (void) (before), __asan_unpoison_memory_region(address, size))

#define VALGRIND_CHECK_MEM_IS_DEFINED(address, size) ((void) (address), (void) (size))

#endif
