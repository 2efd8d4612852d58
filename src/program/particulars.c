/*
 * particulars.c
 *	  See particulars.h.
 */
#include "postgres.h"

#include <limits.h>
#include <sys/socket.h>

#include "catalog/pg_collation.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/formatting.h"
#include "utils/inet.h"

#include "program/particulars.h"

#define EMAIL_MAX	   320 /* bytes: 64 + 1 + 255, RFC 3696 erratum 1690 */
#define NAME_MAX_BYTES 1024

char *
rf_email_trim(const char *email)
{
	size_t length;

	email += strspn(email, " \t\r\n");
	length = strlen(email);
	while (length > 0 && strchr(" \t\r\n", email[length - 1]) != NULL)
		length--;
	return pnstrdup(email, length);
}

char *
rf_email_key(const char *trimmed)
{
	return str_tolower(trimmed, strlen(trimmed), C_COLLATION_OID);
}

bool
rf_text_is_valid(const char *value, const char *column, int max, RfRefusal *refusal)
{
	if (value == NULL)
		return true;
	if (strlen(value) > (size_t) max)
		return rf_refuse(refusal, ERRCODE_STRING_DATA_RIGHT_TRUNCATION,
						 psprintf("%s is too long", column),
						 psprintf("It has %zu bytes, the limit is %d.", strlen(value), max), NULL);
	for (const char *c = value; *c != '\0'; c++)
	{
		if ((unsigned char) *c < 0x20 || *c == 0x7f)
			return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
							 psprintf("%s contains a control character", column), NULL, NULL);
	}
	if (GetDatabaseEncoding() == PG_SQL_ASCII &&
		!pg_verify_mbstr(PG_UTF8, value, strlen(value), true))
		return rf_refuse(refusal, ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
						 psprintf("%s is not valid UTF-8", column), NULL,
						 "Events are sent as UTF-8, and a database with encoding SQL_ASCII does not check.");
	return true;
}

Datum
rf_ip_host(Datum ip)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	inet					  *host = (inet *) PG_DETOAST_DATUM_COPY(ip);

	if (ip_family(host) == PGSQL_AF_INET6 &&
		memcmp(ip_addr(host), mapped, sizeof(mapped)) == 0)
	{
		memmove(ip_addr(host), ip_addr(host) + sizeof(mapped), 4);
		ip_family(host) = PGSQL_AF_INET;
	}
	ip_bits(host) = ip_maxbits(host);
	SET_INET_VARSIZE(host);
	return InetPGetDatum(host);
}

bool
rf_email_is_valid(const char *email, RfRefusal *refusal)
{
	const char *at;

	if (email == NULL)
		return rf_refuse(refusal, ERRCODE_NOT_NULL_VIOLATION, "email must not be null", NULL,
						 "A participant is known by e-mail.");
	if (!rf_text_is_valid(email, "email", EMAIL_MAX, refusal))
		return false;
	at = strrchr(email, '@');
	if (at == NULL || at == email || at[1] == '\0' || strpbrk(email, " \t") != NULL)
		return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
						 psprintf("invalid e-mail address: \"%s\"", email), NULL,
						 "An address has the form name@domain.");
	return true;
}

bool
rf_particulars_are_valid(const char *name, const char *source, const char *meta,
						 RfRefusal *refusal)
{
	if (source != NULL && source[0] == '\0')
		return rf_refuse(refusal, ERRCODE_INVALID_PARAMETER_VALUE,
						 "source is empty", NULL, "Leave it null to have it filled.");
	return rf_text_is_valid(name, "name", NAME_MAX_BYTES, refusal) &&
		rf_text_is_valid(source, "source", RF_SOURCE_MAX, refusal) &&
		rf_text_is_valid(meta, "meta", INT_MAX, refusal);
}
