/*
 * particulars.h
 *	  What a person tells of themselves: e-mail, name, source. Is it sound?
 */
#ifndef RF_PARTICULARS_H
#define RF_PARTICULARS_H

#include "program/refusal.h"

/* Longest source, and code given as referred_by, in bytes. */
#define RF_SOURCE_MAX 255

/* Trimmed; palloc'd. */
extern char *rf_email_trim(const char *email);

/* What an e-mail is compared by; palloc'd. */
extern char *rf_email_key(const char *trimmed);

/*
 * The address that an inet stands for: without netmask, and IPv4 where it came
 * mapped into IPv6 (::ffff:192.0.2.1), as dual-stack servers report it. palloc'd.
 */
extern Datum rf_ip_host(Datum ip);

/* Is it an address in form? On false, `refusal` says why not. */
extern bool rf_email_is_valid(const char *email, RfRefusal *refusal);

/*
 * Text that can be sent: no control characters, and UTF-8 where the server does
 * not check; at most `max` bytes. NULL is fine.
 */
extern bool rf_text_is_valid(const char *value, const char *column, int max, RfRefusal *refusal);

/*
 * What may change later besides the e-mail; strings may be NULL. meta is text,
 * and only needed where the server checks no encoding.
 */
extern bool rf_particulars_are_valid(const char *name, const char *source, const char *meta,
									 RfRefusal *refusal);

#endif /* RF_PARTICULARS_H */
