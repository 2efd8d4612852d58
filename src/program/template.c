/*
 * template.c
 *	  See template.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/json.h"

#include "program/placeholder.h"
#include "program/template.h"

/* ---- making a body ------------------------------------------------------ */

/*
 * No body that fits takes more in any server's encoding: where text of many
 * values is gathered it stops here. What fits is said by its bytes of UTF-8.
 */
#define RENDER_STOP (2 * RF_TEMPLATE_BODY_MAX)

/* The text of a string that is more than a placeholder. */
static char *
render_text(const JsonbValue *string, const RfPayload *payload)
{
	RfPieces	   pieces = {string->val.string.val, string->val.string.len, 0};
	RfPiece		   piece;
	JsonbValue	   value;
	StringInfoData text;

	initStringInfo(&text);
	while (text.len <= RENDER_STOP && rf_pieces_next(&pieces, &piece))
	{
		if (piece.kind != RF_PIECE_PLACEHOLDER)
			appendBinaryStringInfo(&text, piece.start, piece.length);
		else if (rf_payload_value(payload, piece.start, piece.length, &value))
			rf_payload_append_text(&text, &value);
	}
	return text.data;
}

static void
render_string(StringInfo out, const JsonbValue *string, const RfPayload *payload)
{
	RfPiece	   piece;
	JsonbValue value;

	if (!rf_pieces_is_one_placeholder(string->val.string.val, string->val.string.len, &piece))
		escape_json(out, render_text(string, payload));
	else if (rf_payload_value(payload, piece.start, piece.length, &value))
		rf_payload_append_json(out, &value);
	else
		appendStringInfoString(out, "null");
}

/* A comma, unless what comes is the first of its kind or the value of a key. */
static void
render_comma(StringInfo out)
{
	if (out->len > 0 && strchr("[{:", out->data[out->len - 1]) == NULL)
		appendStringInfoChar(out, ',');
}

static void
render_token(StringInfo out, JsonbIteratorToken token, JsonbValue *item, const RfPayload *payload)
{
	if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
	{
		appendStringInfoChar(out, token == WJB_END_ARRAY ? ']' : '}');
		return;
	}
	render_comma(out);
	if (token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT)
		appendStringInfoChar(out, token == WJB_BEGIN_ARRAY ? '[' : '{');
	else if (token != WJB_KEY && item->type == jbvString)
		render_string(out, item, payload);
	else
		rf_payload_append_json(out, item);
	if (token == WJB_KEY)
		appendStringInfoChar(out, ':');
}

static bool
body_fits(const StringInfoData *body)
{
	return body->len <= RENDER_STOP &&
		strlen(pg_server_to_any(body->data, body->len, PG_UTF8)) <= RF_TEMPLATE_BODY_MAX;
}

char *
rf_template_render(Jsonb *template, const RfPayload *payload)
{
	JsonbIterator	  *iterator = JsonbIteratorInit(&template->root);
	JsonbIteratorToken token;
	JsonbValue		   item;
	StringInfoData	   body;
	/* The iterator shows a lone value as an array of one. */
	bool lone = JB_ROOT_IS_SCALAR(template);

	initStringInfo(&body);
	while (body.len <= RENDER_STOP &&
		   (token = JsonbIteratorNext(&iterator, &item, false)) != WJB_DONE)
	{
		if (!lone || token == WJB_ELEM)
			render_token(&body, token, &item, payload);
	}
	return body_fits(&body) ? body.data : NULL;
}

/* ---- what may not be one ------------------------------------------------ */

/* Where in the template we are. */
typedef struct Place
{
	const struct Place *above; /* NULL: the template itself */
	const char		   *key;   /* NULL: an element of an array */
	int					index;
	int					depth;
} Place;

static void
place_append(StringInfo out, const Place *place)
{
	if (place->above == NULL)
	{
		appendStringInfoChar(out, '$');
		return;
	}
	place_append(out, place->above);
	if (place->key != NULL)
		appendStringInfo(out, ".%s", place->key);
	else
		appendStringInfo(out, "[%d]", place->index);
}

/* As a jsonpath, more or less: $.blocks[0].text */
static char *
place_text(const Place *place)
{
	StringInfoData out;

	initStringInfo(&out);
	place_append(&out, place);
	return out.data;
}

/* Which character of a string a piece begins with, counted from 1. */
static int
piece_character(const JsonbValue *string, const RfPiece *piece)
{
	return pg_mbstrlen_with_len(string->val.string.val, piece->at) + 1;
}

static void
check_piece(const JsonbValue *string, const RfPiece *piece, const Place *place)
{
	char *path;

	if (piece->kind == RF_PIECE_BROKEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("template is not valid: %s", piece->reason),
				 errdetail("It stands in %s, at character %d.", place_text(place),
						   piece_character(string, piece)),
				 errhint("A placeholder is written {{participant.name}}; the text \"{{\" is written \"{{{{\", and \"}}\" is written \"}}}}\".")));
	if (piece->kind != RF_PIECE_PLACEHOLDER)
		return;
	path = pnstrdup(piece->start, piece->length);
	if (!rf_payload_path_is_known(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path \"%s\" of the template does not exist", path),
				 errdetail("It stands in %s, at character %d.", place_text(place),
						   piece_character(string, piece)),
				 errhint(RF_PAYLOAD_PATHS_HINT)));
	pfree(path);
}

static void
check_string(const JsonbValue *string, const Place *place)
{
	RfPieces pieces = {string->val.string.val, string->val.string.len, 0};
	RfPiece	 piece;

	while (rf_pieces_next(&pieces, &piece))
		check_piece(string, &piece, place);
}

static void
check_key(const char *key, const Place *place)
{
	if (strstr(key, "{{") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key \"%s\" of the template holds a placeholder", key),
				 errdetail("It stands in %s.", place_text(place)),
				 errhint("Placeholders may stand in values only.")));
}

static void
check_depth(const Place *place)
{
	if (place->depth > RF_TEMPLATE_DEPTH_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("template is nested too deeply"),
				 errdetail("%s lies on level %d, the limit is %d.", place_text(place),
						   place->depth, RF_TEMPLATE_DEPTH_MAX),
				 errhint("Put objects and arrays into fewer others.")));
}

static void
check_container(JsonbContainer *container, const Place *place)
{
	JsonbIterator	  *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue		   item;
	Place			   below = {place, NULL, -1, place->depth + 1};
	const Place		  *here = JsonContainerIsScalar(container) ? place : &below;

	check_depth(place);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			below.key = pnstrdup(item.val.string.val, item.val.string.len);
			check_key(below.key, place);
		}
		if (token != WJB_VALUE && token != WJB_ELEM)
			continue;
		below.index++;
		if (item.type == jbvString)
			check_string(&item, here);
		else if (item.type == jbvBinary)
			check_container(item.val.binary.data, here);
	}
}

void
rf_template_check(Jsonb *template)
{
	const Place top = {NULL, NULL, 0, 1};
	int			length = strlen(JsonbToCString(NULL, &template->root, VARSIZE(template)));

	if (length > RF_TEMPLATE_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("template is too large"),
				 errdetail("It has %d bytes, the limit is %d.", length, RF_TEMPLATE_MAX),
				 errhint("What was made of it could not be sent either.")));
	check_container(&template->root, &top);
}
