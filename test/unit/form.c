/* links: inbound/form.c */
/*
 * form.c
 *	  Forms and query strings, as browsers and shops write them.
 */
#include "inbound/form.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* The fields as name>value, one after the other, each in brackets. */
static void
read_all(const char *text, size_t length, char *all)
{
	/* No more than its length may be touched. */
	char	   *copy = malloc(length > 0 ? length : 1);
	RfForm		form;
	RfFormField field;

	memcpy(copy, text, length);
	form = rf_form(copy, length);
	all[0] = '\0';
	while (rf_form_next(&form, &field))
		all += sprintf(all, "[%.*s>%.*s]", (int) field.name_length, field.name,
					   (int) field.value_length, field.value);
	free(copy);
}

static void
reads(const char *text, const char *expected)
{
	char all[1000];

	read_all(text, strlen(text), all);
	ok(strcmp(all, expected) == 0, "%s: %s", text, all);
}

int
main(void)
{
	RfForm		form;
	RfFormField field;
	char		zero[] = "a%00b=%00";

	reads("", "");
	reads("&", "");
	reads("&&a=1&&", "[a>1]");
	reads("code=K7M29QXT", "[code>K7M29QXT]");
	reads("a=1&b=2", "[a>1][b>2]");
	reads("a", "[a>]");
	reads("a=", "[a>]");
	reads("=a", "[>a]");
	reads("=", "[>]");
	reads("a=b=c", "[a>b=c]");
	reads("a==", "[a>=]");
	reads("a=1&a=2", "[a>1][a>2]");
	reads("a;b=1", "[a;b>1]");

	/* escapes */
	reads("a=%41%4a%4A", "[a>AJJ]");
	reads("%61%3D=%26", "[a=>&]");
	reads("a=1+1", "[a>1 1]");
	reads("a=1%2B1", "[a>1+1]");
	reads("a=%2541", "[a>%41]");

	/* what is no escape stands for itself */
	reads("a=%", "[a>%]");
	reads("a=%4", "[a>%4]");
	reads("a=%zz", "[a>%zz]");
	reads("a=%4g%41", "[a>%4gA]");
	reads("a=100%&b=%", "[a>100%][b>%]");
	reads("a=%%41", "[a>%A]");

	form = rf_form(zero, strlen(zero));
	ok(rf_form_next(&form, &field) && field.name_length == 3 &&
		   memcmp(field.name, "a\0b", 3) == 0 && field.value_length == 1 && field.value[0] == '\0',
	   "zeros are bytes like others");
	ok(!rf_form_next(&form, &field) && !rf_form_next(&form, &field), "an end stays one");
	return tap_done();
}
