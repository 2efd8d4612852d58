/*
 * mailbox.c
 *	  See mailbox.h.
 */
#include <stddef.h>
#include <string.h>

#include "program/mailbox.h"

/* Domain of an address, behind the last @; its end if it has none. */
static const char *
mailbox_at(const char *email)
{
	const char *at = strrchr(email, '@');

	return at != NULL ? at : email + strlen(email);
}

/* Where the local part ends for the mail server: at its +tag, or at the @. */
static const char *
mailbox_local_end(const char *email, const char *at)
{
	const char *tag = memchr(email, '+', at - email);

	/* A local part that is all tag, or quoted, is nothing but itself. */
	if (tag == NULL || tag == email || email[0] == '"')
		return at;
	return tag;
}

/* A domain may end with a dot, and is the same one without; with more, it is none. */
static size_t
domain_length(const char *domain)
{
	size_t length = strlen(domain);

	while (length > 0 && domain[length - 1] == '.')
		length--;
	return length;
}

static bool
mailbox_is_gmail(const char *at)
{
	size_t length = domain_length(at);

	return (length == strlen("@gmail.com") && strncmp(at, "@gmail.com", length) == 0) ||
		(length == strlen("@googlemail.com") && strncmp(at, "@googlemail.com", length) == 0);
}

/* The local part without dots; if nothing else is left, as it is. */
static size_t
mailbox_write_undotted(const char *email, const char *end, char *mailbox)
{
	size_t length = 0;

	for (const char *c = email; c < end; c++)
	{
		if (*c != '.')
			mailbox[length++] = *c;
	}
	if (length > 0)
		return length;
	memcpy(mailbox, email, end - email);
	return end - email;
}

void
rf_mailbox_write(const char *email, char *mailbox)
{
	const char *at = mailbox_at(email);
	const char *end = mailbox_local_end(email, at);
	size_t		length = end - email;

	if (mailbox_is_gmail(at))
	{
		length = mailbox_write_undotted(email, end, mailbox);
		at = "@gmail.com";
	}
	else
		memcpy(mailbox, email, length);
	memcpy(mailbox + length, at, domain_length(at));
	mailbox[length + domain_length(at)] = '\0';
}

bool
rf_mailbox_has_tag(const char *email)
{
	const char *at = mailbox_at(email);

	return mailbox_local_end(email, at) != at;
}

void
rf_mailbox_domain(const char *email, char *domain)
{
	const char *at = mailbox_at(email);

	at += *at == '@';
	memcpy(domain, at, domain_length(at));
	domain[domain_length(at)] = '\0';
}

const char *
rf_mailbox_parent(const char *domain)
{
	const char *dot = strchr(domain, '.');

	return dot != NULL ? dot + 1 : NULL;
}
