/* links: program/mailbox.c */
/*
 * mailbox.c
 *	  The e-mail address that somebody typed.
 */
#include "program/mailbox.h"
#include "fuzz.h"

static char *
mailbox_of(const char *email)
{
	char *mailbox = malloc(strlen(email) + 1);

	rf_mailbox_write(email, mailbox);
	return mailbox;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *email = fuzz_string(bytes, length);
	char *mailbox = mailbox_of(email);
	char *again = mailbox_of(mailbox);
	char *domain = malloc(strlen(email) + 1);

	holds(strlen(mailbox) <= strlen(email));
	holds(strcmp(mailbox, again) == 0);
	holds(!rf_mailbox_has_tag(mailbox));
	rf_mailbox_domain(email, domain);
	holds(strlen(domain) <= strlen(email));
	for (const char *parent = domain; parent != NULL; parent = rf_mailbox_parent(parent))
		holds(parent >= domain && parent <= domain + strlen(domain));
	free(domain);
	free(again);
	free(mailbox);
	free(email);
	return 0;
}
