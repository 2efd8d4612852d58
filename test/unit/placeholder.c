/* links: program/placeholder.c */
/*
 * placeholder.c
 *	  How a string of a template falls into text and placeholders.
 */
#include <stdlib.h>
#include <string.h>

#include "program/placeholder.h"
#include "tap.h"

typedef struct Case
{
	const char *string;
	const char *pieces; /* text in '', paths in <>, what is broken after ! */
} Case;

static const Case cases[] = {
	{"", ""},
	{"hello", "'hello'"},
	/* placeholders */
	{"{{type}}", "<type>"},
	{"{{ type }}", "<type>"},
	{"{{   participant.meta.full name  }}", "<participant.meta.full name>"},
	{"hello {{participant.name}}!", "'hello '<participant.name>'!'"},
	{"{{a}}{{b}}", "<a><b>"},
	{" {{a}} ", "' '<a>' '"},
	{"{{\ta}}", "<\ta>"},
	/* braces that are text */
	{"{", "'{'"},
	{"}", "'}'"},
	{"{}", "'{}'"},
	{"a{b}c", "'a{b}c'"},
	{"{\"a\": {{a}}}", "'{\"a\": '<a>'}'"},
	{"{{{{", "'{{'"},
	{"}}}}", "'}}'"},
	{"{{{{a}}}}", "'{{''a''}}'"},
	{"{{{{{{a}}}}}}", "'{{'<a>'}}'"},
	{"{{{{{{{{", "'{{''{{'"},
	{"{{a}}}", "<a>'}'"},
	{"{{{{{", "'{{''{'"},
	{"}}}}}", "'}}''}'"},
	{"{ {", "'{ {'"},
	/* broken */
	{"{{", "!0 \"{{\" without \"}}\""},
	{"}}", "!0 \"}}\" without \"{{\""},
	{"}}}", "!0 \"}}\" without \"{{\""},
	{"{{a", "!0 \"{{\" without \"}}\""},
	{"{{a}", "!0 \"{{\" without \"}}\""},
	{"{{a} }", "!0 \"{{\" without \"}}\""},
	{"text {{a", "'text '!5 \"{{\" without \"}}\""},
	{"{{a}} b}}", "<a>' b'!7 \"}}\" without \"{{\""},
	{"{{a}}}}", "<a>!5 \"}}\" without \"{{\""},
	{"{{}}", "!0 a placeholder without a path"},
	{"{{  }}", "!0 a placeholder without a path"},
	{"{{a{b}}", "!0 a brace within a placeholder"},
	{"{{a {{b}} }}", "!0 a brace within a placeholder"},
	{"{{{a}}}", "!0 three braces in a row"},
	{"x{{{a}}}", "'x'!1 three braces in a row"},
	/* bytes that are no ASCII */
	{"\xc3\xb6{{\xc3\xb6}}", "'\xc3\xb6'<\xc3\xb6>"},
	{"\xff\xfe{{\xff}}", "'\xff\xfe'<\xff>"},
};

/* The pieces as the table of cases writes them. */
static void
describe(const char *string, size_t length, char *out, size_t size)
{
	RfPieces pieces = {string, length, 0};
	RfPiece	 piece;
	size_t	 n = 0;

	out[0] = '\0';
	while (rf_pieces_next(&pieces, &piece))
	{
		if (piece.kind == RF_PIECE_BROKEN)
			n += snprintf(out + n, size - n, "!%zu %s", piece.at, piece.reason);
		else
			n += snprintf(out + n, size - n,
						  piece.kind == RF_PIECE_TEXT ? "'%.*s'" : "<%.*s>",
						  (int) piece.length, piece.start);
	}
}

static void
test_case(const Case *c)
{
	/* No zero byte at the end. */
	size_t length = strlen(c->string);
	char  *string = malloc(length > 0 ? length : 1);
	char   got[200];

	memcpy(string, c->string, length);
	describe(string, length, got, sizeof(got));
	ok(strcmp(got, c->pieces) == 0, "'%s': %s", c->string, got);
	free(string);
}

static void
test_one_placeholder(const char *string, const char *path)
{
	RfPiece piece;
	bool	one = rf_pieces_is_one_placeholder(string, strlen(string), &piece);

	if (path == NULL)
		ok(!one, "'%s' is not one placeholder", string);
	else
		ok(one && piece.length == strlen(path) && memcmp(piece.start, path, piece.length) == 0,
		   "'%s' is the placeholder '%s'", string, path);
}

/* Whatever the bytes: pieces follow each other, none is empty, and they end. */
static void
test_any_string(void)
{
	static const char alphabet[] = "{} a";
	char			  string[8];
	int				  bad = 0;

	for (int n = 0; n < 65536; n++)
	{
		RfPieces pieces = {string, sizeof(string), 0};
		RfPiece	 piece;
		size_t	 before = 0;

		for (size_t i = 0; i < sizeof(string); i++)
			string[i] = alphabet[(n >> (2 * i)) & 3];
		while (rf_pieces_next(&pieces, &piece))
		{
			bad += piece.length == 0 || piece.at != before || pieces.at <= before;
			bad += (piece.reason != NULL) != (piece.kind == RF_PIECE_BROKEN);
			bad += piece.start + piece.length > string + sizeof(string);
			before = pieces.at;
		}
		bad += before != sizeof(string);
	}
	ok(bad == 0, "all strings of braces, blanks and letters fall into pieces");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(&cases[i]);
	test_one_placeholder("{{a}}", "a");
	test_one_placeholder("{{ a.b }}", "a.b");
	test_one_placeholder("", NULL);
	test_one_placeholder("a", NULL);
	test_one_placeholder(" {{a}}", NULL);
	test_one_placeholder("{{a}} ", NULL);
	test_one_placeholder("{{a}}{{b}}", NULL);
	test_one_placeholder("{{a", NULL);
	test_any_string();
	return tap_done();
}
