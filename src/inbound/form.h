/*
 * form.h
 *	  Forms and query strings: application/x-www-form-urlencoded, as the WHATWG URL
 *	  standard reads it. No such text is malformed; what its bytes mean in an
 *	  encoding is not asked here.
 */
#ifndef RF_FORM_H
#define RF_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* What is left to read. */
typedef struct RfForm
{
	char *at;
	char *end;
} RfForm;

typedef struct RfFormField
{
	const char *name;
	size_t		name_length;
	const char *value; /* empty if there is no "=" */
	size_t		value_length;
} RfFormField;

/* Read "length" bytes of text, which are decoded in their place. */
extern RfForm rf_form(char *text, size_t length);

/* The next field, whose bytes may be any, zeros too. False: there is none. */
extern bool rf_form_next(RfForm *form, RfFormField *field);

#endif /* RF_FORM_H */
