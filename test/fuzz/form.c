/* links: inbound/form.c */
/*
 * form.c
 *	  A form, or a query string: what callers send with curl -d.
 */
#include "fuzz.h"
#include "inbound/form.h"

/* So many parts between ampersands that are not empty. */
static size_t
form_parts(const uint8_t *bytes, size_t length)
{
	size_t parts = 0;

	for (size_t i = 0; i < length; i++)
		parts += bytes[i] != '&' && (i == 0 || bytes[i - 1] == '&');
	return parts;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	/* Exactly as long: no zero follows. */
	char	   *text = malloc(length > 0 ? length : 1);
	RfForm		form;
	RfFormField field;
	const char *end = text;
	size_t		fields = 0;

	memcpy(text, bytes, length);
	form = rf_form(text, length);
	while (rf_form_next(&form, &field))
	{
		holds(field.name >= end && field.value >= field.name + field.name_length);
		end = field.value + field.value_length;
		holds(end <= text + length);
		holds(memchr(field.name, '+', field.name_length) == NULL || memchr(bytes, '%', length));
		fields++;
	}
	holds(fields == form_parts(bytes, length));
	free(text);
	return 0;
}
