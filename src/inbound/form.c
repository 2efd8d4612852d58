/*
 * form.c
 *	  See form.h.
 */
#include <string.h>

#include "base/percent.h"
#include "inbound/form.h"

RfForm
rf_form(char *text, size_t length)
{
	RfForm form = {text, text + length};

	return form;
}

/* Decode in place, which never takes more room. Returns the length. */
static size_t
decode(char *text, size_t length)
{
	char *out = text;

	for (size_t i = 0; i < length; i++)
	{
		int byte = text[i] == '%' ? rf_percent_byte(text + i, text + length) : -1;

		if (byte >= 0)
		{
			*out++ = (char) byte;
			i += 2;
		}
		else
			*out++ = text[i] == '+' ? ' ' : text[i];
	}
	return out - text;
}

bool
rf_form_next(RfForm *form, RfFormField *field)
{
	char *start;
	char *end;
	char *equals;

	while (form->at < form->end && *form->at == '&')
		form->at++;
	if (form->at >= form->end)
		return false;
	start = form->at;
	end = memchr(start, '&', form->end - start);
	if (end == NULL)
		end = form->end;
	equals = memchr(start, '=', end - start);
	form->at = end;

	field->name = start;
	field->name_length = decode(start, (equals != NULL ? equals : end) - start);
	field->value = equals != NULL ? equals + 1 : end;
	field->value_length = equals != NULL ? decode(equals + 1, end - equals - 1) : 0;
	return true;
}
