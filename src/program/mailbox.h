/*
 * mailbox.h
 *	  Which mailbox an e-mail address reaches. Pure: text in, text out.
 *
 * Mail to ann+shop@example.com arrives at ann@example.com, and Gmail looks
 * neither at dots nor at which of its two domains is written. Addresses are given
 * as in email_key: trimmed and in small letters.
 */
#ifndef RF_MAILBOX_H
#define RF_MAILBOX_H

#include <stdbool.h>

/*
 * Write the mailbox of an address: without +tag and without a dot at its end, at
 * Gmail also without dots and with the domain gmail.com. It is never longer than
 * the address, so a buffer of strlen(email) + 1 bytes is enough. Quoted local
 * parts stay as they are.
 */
extern void rf_mailbox_write(const char *email, char *mailbox);

/* Has the address a +tag? */
extern bool rf_mailbox_has_tag(const char *email);

/* Write the domain, without a dot at its end; as long as the address at most. */
extern void rf_mailbox_domain(const char *email, char *domain);

/* The domain above: "b.c" of "a.b.c". Within the string given; NULL: none. */
extern const char *rf_mailbox_parent(const char *domain);

#endif /* RF_MAILBOX_H */
