/*
 * template.h
 *	  The format "template": JSON of the user's shape, in whose strings {{path}}
 *	  stands for values of the payload (see placeholder.h and payload_path.h).
 *
 * A string that is one placeholder and nothing else becomes the value as it is:
 * a number, a boolean, an object, null where there is nothing. In the midst of
 * text it becomes text: strings bare, objects and arrays as JSON, nothing where
 * there is nothing. What values hold is never read as a placeholder. Keys are
 * taken as they are.
 */
#ifndef RF_TEMPLATE_H
#define RF_TEMPLATE_H

#include "program/payload_path.h"

/* Longest template, as text, and longest body made of one, in bytes of UTF-8. */
#define RF_TEMPLATE_MAX		 (64 * 1024)
#define RF_TEMPLATE_BODY_MAX (64 * 1024)

/* Objects and arrays within each other, at most. */
#define RF_TEMPLATE_DEPTH_MAX 32

/* Raises 22023, and says where, for a template that cannot be used. */
extern void rf_template_check(Jsonb *template);

/*
 * The body, in the server's encoding; NULL if it would be too large. Palloc'd.
 * Templates that were never checked (restored rows) do no harm: what is broken
 * stays as it stands, and unknown paths are null.
 */
extern char *rf_template_render(Jsonb *template, const RfPayload *payload);

#endif /* RF_TEMPLATE_H */
