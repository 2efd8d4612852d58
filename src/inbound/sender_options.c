/*
 * sender_options.c
 *	  See sender_options.h.
 *
 * Options are judged in the same way when they are given and when a call is
 * checked: a row that its owner wrote by hand fails its calls with the same words.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/formatting.h"

#include "inbound/sender_options.h"

#define HEADER_MAX	64
#define PREFIX_MAX	64
#define CONTENT_MAX 255

typedef enum Option
{
	OPTION_HEADER,
	OPTION_ENCODING,
	OPTION_PREFIX,
	OPTION_ALGORITHM,
	OPTION_TIMESTAMP_HEADER,
	OPTION_ID_HEADER,
	OPTION_CONTENT,
	OPTIONS
} Option;

static const char *const option_names[OPTIONS] = {
	[OPTION_HEADER] = "header",
	[OPTION_ENCODING] = "encoding",
	[OPTION_PREFIX] = "prefix",
	[OPTION_ALGORITHM] = "algorithm",
	[OPTION_TIMESTAMP_HEADER] = "timestamp_header",
	[OPTION_ID_HEADER] = "id_header",
	[OPTION_CONTENT] = "content"};

/* ---- the object ----------------------------------------------------------- */

static Option
option_by_name(const char *name)
{
	for (int i = 0; i < OPTIONS; i++)
	{
		if (strcmp(option_names[i], name) == 0)
			return (Option) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" is not known", name),
			 errhint("The options are header, encoding, prefix, algorithm, timestamp_header, id_header and content.")));
}

static void
options_collect(Jsonb *options, char *values[OPTIONS])
{
	JsonbIterator	  *iterator = JsonbIteratorInit(&options->root);
	JsonbValue		   value;
	JsonbIteratorToken token;
	Option			   option = OPTION_HEADER;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			option = option_by_name(pnstrdup(value.val.string.val, value.val.string.len));
		if (token != WJB_VALUE)
			continue;
		if (value.type != jbvString)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is not a string", option_names[option])));
		values[option] = pnstrdup(value.val.string.val, value.val.string.len);
	}
}

/* ---- what each may be ----------------------------------------------------- */

static void
option_refuse(Option option, const char *value, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" cannot be \"%s\"", option_names[option], value),
			 errhint("%s", hint)));
}

/* The name of a header in lower case; NULL if there is none. */
static char *
option_header(char *values[OPTIONS], Option option)
{
	static const char allowed[] =
		"!#$%&'*+-.^_`|~0123456789"
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char  *name = values[option];
	size_t length;

	if (name == NULL)
		return NULL;
	length = strlen(name);
	if (length == 0 || length > HEADER_MAX || name[strspn(name, allowed)] != '\0')
		option_refuse(option, name,
					  "It is the name of a header: letters, digits and hyphens, 64 at most.");
	return asc_tolower(name, length);
}

static bool
option_is_plain(const char *value, size_t max)
{
	for (const char *c = value; *c != '\0'; c++)
	{
		if (*c < ' ' || *c > '~')
			return false;
	}
	return strlen(value) <= max;
}

static const char *
option_prefix(char *values[OPTIONS])
{
	const char *prefix = values[OPTION_PREFIX];

	if (prefix == NULL)
		return "";
	if (!option_is_plain(prefix, PREFIX_MAX))
		option_refuse(OPTION_PREFIX, prefix, "It is plain text, 64 characters at most.");
	return prefix;
}

static RfSenderEncoding
option_encoding(char *values[OPTIONS])
{
	const char *encoding = values[OPTION_ENCODING];

	if (encoding != NULL && strcmp(encoding, "base64") == 0)
		return RF_SENDER_BASE64;
	if (encoding != NULL && strcmp(encoding, "hex") != 0)
		option_refuse(OPTION_ENCODING, encoding, "Encodings are hex and base64.");
	return RF_SENDER_HEX;
}

static RfSenderDigest
option_algorithm(char *values[OPTIONS])
{
	const char *algorithm = values[OPTION_ALGORITHM];

	if (algorithm == NULL || strcmp(algorithm, "sha256") == 0)
		return RF_SENDER_SHA256;
	if (strcmp(algorithm, "sha512") == 0)
		return RF_SENDER_SHA512;
	if (strcmp(algorithm, "sha1") != 0)
		option_refuse(OPTION_ALGORITHM, algorithm, "Algorithms are sha256, sha512 and sha1.");
	return RF_SENDER_SHA1;
}

/* How often it stands there, 2 at most. */
static int
content_count(const char *content, const char *what)
{
	const char *first = strstr(content, what);

	if (first == NULL)
		return 0;
	return strstr(first + strlen(what), what) == NULL ? 1 : 2;
}

/* A time that is not signed proves nothing, and what no header gives cannot be signed. */
static const char *
option_content(char *values[OPTIONS], const RfSenderScheme *scheme)
{
	const char *content = values[OPTION_CONTENT];

	if (content == NULL)
		return scheme->time_header == NULL ? RF_SENDER_BODY
										   : RF_SENDER_TIMESTAMP "." RF_SENDER_BODY;
	if (!option_is_plain(content, CONTENT_MAX) || content_count(content, RF_SENDER_BODY) != 1)
		option_refuse(OPTION_CONTENT, content,
					  "It is plain text in which " RF_SENDER_BODY " stands once, such as " RF_SENDER_TIMESTAMP "." RF_SENDER_BODY ".");
	if (content_count(content, RF_SENDER_TIMESTAMP) != (scheme->time_header == NULL ? 0 : 1))
		option_refuse(OPTION_CONTENT, content,
					  RF_SENDER_TIMESTAMP " stands in it once if there is a timestamp_header, and else does not.");
	if (content_count(content, RF_SENDER_ID) > (scheme->id_header == NULL ? 0 : 1))
		option_refuse(OPTION_CONTENT, content,
					  RF_SENDER_ID " may stand in it once if there is an id_header.");
	return content;
}

const RfSenderScheme *
rf_sender_options(Jsonb *options)
{
	RfSenderScheme *scheme = palloc0_object(RfSenderScheme);
	char		   *values[OPTIONS] = {NULL};

	if (options != NULL && !JB_ROOT_IS_OBJECT(options))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options are not a JSON object")));
	if (options != NULL)
		options_collect(options, values);
	scheme->header = option_header(values, OPTION_HEADER);
	if (scheme->header == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"header\" is missing"),
				 errhint("It names the header that holds the signature.")));
	scheme->prefix = option_prefix(values);
	scheme->encoding = option_encoding(values);
	scheme->digest = option_algorithm(values);
	scheme->time_header = option_header(values, OPTION_TIMESTAMP_HEADER);
	scheme->id_header = option_header(values, OPTION_ID_HEADER);
	scheme->content = option_content(values, scheme);
	return scheme;
}
