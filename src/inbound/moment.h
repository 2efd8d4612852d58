/*
 * moment.h
 *	  Times as other systems write them, in the form we read.
 */
#ifndef RF_MOMENT_H
#define RF_MOMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Room for what rf_moment_rewrite writes, its zero included. */
#define RF_MOMENT_SIZE 64

/*
 * A JSON number is seconds since 1970, or milliseconds from 100000000000 on; a time
 * without a zone is in UTC. True: "written" says it with its zone. False: the text
 * says all there is to say, or is none of these.
 */
extern bool rf_moment_rewrite(const char *text, bool is_number, char written[RF_MOMENT_SIZE]);

#endif /* RF_MOMENT_H */
