/* links: program/mailbox.c */
/*
 * mailbox.c
 *	  Which addresses reach the same mailbox, and the domains of an address.
 */
#include <string.h>

#include "program/mailbox.h"
#include "tap.h"

typedef struct Case
{
	const char *email;
	const char *mailbox;
	bool		has_tag;
} Case;

static const Case cases[] = {
	{"ann@example.com", "ann@example.com", false},
	/* tags */
	{"ann+shop@example.com", "ann@example.com", true},
	{"ann+@example.com", "ann@example.com", true},
	{"ann+a+b@example.com", "ann@example.com", true},
	{"+ann@example.com", "+ann@example.com", false},
	{"ann@exam+ple.com", "ann@exam+ple.com", false},
	{"\"ann+shop\"@example.com", "\"ann+shop\"@example.com", false},
	/* dots count everywhere but at Gmail */
	{"an.n@example.com", "an.n@example.com", false},
	{"an.n@gmail.com", "ann@gmail.com", false},
	{"a.n.n+x.y@gmail.com", "ann@gmail.com", true},
	{"ann@googlemail.com", "ann@gmail.com", false},
	{"a.nn+x@googlemail.com", "ann@gmail.com", true},
	{"an.n@gmail.com.", "ann@gmail.com", false},
	{"ann+x@googlemail.com.", "ann@gmail.com", true},
	{"ann@people.example.", "ann@people.example", false},
	{"an.n@googlemail.com..", "ann@gmail.com", false},
	{"...@gmail.com", "...@gmail.com", false},
	{"an.n@notgmail.com", "an.n@notgmail.com", false},
	{"an.n@mail.gmail.com", "an.n@mail.gmail.com", false},
	{"an.n@gmail.com.example", "an.n@gmail.com.example", false},
	/* more than one @, none, nothing */
	{"ann+a@b@example.com", "ann@example.com", true},
	{"ann+shop", "ann", true},
	{"", "", false},
};

static void
test_mailboxes(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case *c = &cases[i];
		char		mailbox[100];
		char		again[100];

		rf_mailbox_write(c->email, mailbox);
		ok(strcmp(mailbox, c->mailbox) == 0, "'%s' reaches '%s'", c->email, mailbox);
		ok(strlen(mailbox) <= strlen(c->email), "'%s': no longer than the address", c->email);
		rf_mailbox_write(mailbox, again);
		ok(strcmp(mailbox, again) == 0, "'%s' reaches itself", mailbox);
		ok(rf_mailbox_has_tag(c->email) == c->has_tag, "'%s' has %s tag", c->email,
		   c->has_tag ? "a" : "no");
	}
}

static void
test_domain(const char *email, const char *domain)
{
	char got[100];

	rf_mailbox_domain(email, got);
	ok(strcmp(got, domain) == 0, "'%s' is at '%s'", email, got);
}

static void
test_parents(void)
{
	const char *domain = "a.b.c";

	domain = rf_mailbox_parent(domain);
	ok(domain != NULL && strcmp(domain, "b.c") == 0, "above a.b.c is b.c");
	domain = rf_mailbox_parent(domain);
	ok(domain != NULL && strcmp(domain, "c") == 0, "above b.c is c");
	ok(rf_mailbox_parent(domain) == NULL, "above c is nothing");
}

int
main(void)
{
	test_mailboxes();
	test_domain("ann@example.com", "example.com");
	test_domain("ann@mail.example.com", "mail.example.com");
	test_domain("ann@example.com.", "example.com");
	test_domain("ann@b@example.com", "example.com");
	test_domain("ann", "");
	test_parents();
	return tap_done();
}
