/* links: inbound/sender.c inbound/sender_reading.c base/ed25519.c */
/* libraries: -lcrypto */
/*
 * sender.c
 *	  Whose signatures are believed: the examples that senders publish, what they
 *	  may do, and what nobody may.
 */
#include <string.h>

#include <openssl/evp.h>

#include "inbound/sender.h"
#include "tap.h"

#define NOW 1800000000

/* ---- cases ---------------------------------------------------------------- */

/* A header line and a key each; the first that is NULL ends them. */
typedef struct Case
{
	const char *name;
	const char *scheme;
	const char *body;
	const char *keys[4];	/* "base64:..." or "public:...": decoded; else as they are */
	const char *headers[8]; /* name, value */
	int64_t		now;		/* 0: NOW */
	const char *refused;	/* NULL: genuine */
	const char *message_id; /* if it is */
} Case;

#define STANDARD_KEY  "base64:MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define STANDARD_PAIR "public:1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
#define STANDARD_ID	  "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define STANDARD_BODY "{\"test\": 2432232314}"
#define STANDARD_NOW  1614265330
#define STANDARD_V1	  "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define STANDARD_V1A \
	"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
#define STANDARD(key, signature, when, reason, id) \
	"standard", STANDARD_BODY, {key}, {"webhook-id", STANDARD_ID, "webhook-timestamp", "1614265330", "webhook-signature", signature}, when, reason, id

#define BODY		 "{\"id\":\"evt_1\",\"object\":\"event\"}"
#define STRIPE_KEY	 "whsec_test_secret"
#define STRIPE_V1	 "d0ffffa7434b9a227ebe60bf97ad6137fbc31cbd39613e1ac0e4bc924c41fde7"
#define STRIPE_OTHER "9c9abcdf8ba997ce304f81838a32fadf058f589e9abfc8ba0fa631d8ddbf4935"
#define STRIPE(value, when, reason) \
	"stripe", BODY, {STRIPE_KEY}, {"stripe-signature", value}, when, reason, ""

#define PADDLE_H1	"534c34aa843a871ee5680598122b66628a7befae6aaeb1a0233eb90480488cbc"
#define SHOPIFY_MAC "Y5yh1MBcvmylNdRGRmMjSnWMAU5vK6ZYOwIowkFMvRk="
#define GITHUB_KEY	"It's a Secret to Everybody"
#define GITHUB_MAC	"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
#define GITHUB(key, value, reason) \
	"github", "Hello, World!", {key}, {"x-hub-signature-256", value}, 0, reason, ""

#define WRONG	 "the signature is not right"
#define UNTIMELY "the time of the signature is more than 5 minutes from ours"
#define NO_TIME	 "the time of the signature is not in seconds since 1970"

static const Case cases[] = {
	/* As published. */
	{"Standard Webhooks", STANDARD(STANDARD_KEY, STANDARD_V1, STANDARD_NOW, NULL, STANDARD_ID)},
	{"Standard Webhooks, key pair", STANDARD(STANDARD_PAIR, STANDARD_V1A, STANDARD_NOW, NULL, STANDARD_ID)},
	{"GitHub", GITHUB(GITHUB_KEY, "sha256=" GITHUB_MAC, NULL)},

	/* What senders do. */
	{"Svix", "standard", STANDARD_BODY, {STANDARD_KEY}, {"svix-id", STANDARD_ID, "svix-timestamp", "1614265330", "svix-signature", STANDARD_V1}, STANDARD_NOW, NULL, STANDARD_ID},
	{"among others", STANDARD(STANDARD_KEY, "v1,AAAA v2,BBBB " STANDARD_V1 " " STANDARD_V1A, STANDARD_NOW, NULL, STANDARD_ID)},
	{"in both ways, one is right", STANDARD(STANDARD_PAIR, "v1,AAAA " STANDARD_V1A, STANDARD_NOW, NULL, STANDARD_ID)},
	{"blanks between", STANDARD(STANDARD_KEY, "  v1,AAAA   \t" STANDARD_V1 "  ", STANDARD_NOW, NULL, STANDARD_ID)},
	{"Stripe", STRIPE("t=1800000000,v1=" STRIPE_V1, 0, NULL)},
	{"Stripe, with others", STRIPE("t=1800000000,v1=" STRIPE_OTHER ",v1=" STRIPE_V1 ",v0=abc", 0, NULL)},
	{"Stripe, the time last", STRIPE("v1=" STRIPE_V1 ",t=1800000000", 0, NULL)},
	{"Stripe, blanks", STRIPE("t=1800000000, v1=" STRIPE_V1, 0, NULL)},
	{"Stripe, two secrets", "stripe", BODY, {"whsec_other", STRIPE_KEY}, {"stripe-signature", "t=1800000000,v1=" STRIPE_V1}, 0, NULL, ""},
	{"Stripe, two secrets, the first one", "stripe", BODY, {"whsec_other", STRIPE_KEY}, {"stripe-signature", "t=1800000000,v1=" STRIPE_OTHER}, 0, NULL, ""},
	{"Paddle", "paddle", BODY, {"pdl_ntfset_secret"}, {"paddle-signature", "ts=1800000000;h1=" PADDLE_H1}, 0, NULL, ""},
	{"Paddle, rotating", "paddle", BODY, {"pdl_ntfset_secret"}, {"paddle-signature", "ts=1800000000;h1=" STRIPE_V1 ";h1=" PADDLE_H1}, 0, NULL, ""},
	{"Shopify", "shopify", BODY, {"hush"}, {"x-shopify-topic", "orders/paid", "x-shopify-hmac-sha256", SHOPIFY_MAC, "x-shopify-webhook-id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"}, 0, NULL, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"},
	{"Shopify, no id", "shopify", BODY, {"hush"}, {"x-shopify-hmac-sha256", SHOPIFY_MAC}, 0, NULL, ""},
	{"GitHub, with an id", "github", "Hello, World!", {GITHUB_KEY}, {"x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958", "x-hub-signature-256", "sha256=" GITHUB_MAC, "x-hub-signature", "sha1=abc"}, 0, NULL, "72d3162e-cc78-11e3-81ab-4c9367dc0958"},
	{"hex in capitals", GITHUB(GITHUB_KEY, "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17", NULL)},

	/* Time: both ends belong to it. */
	{"as early as may be", STRIPE("t=1800000000,v1=" STRIPE_V1, NOW - 300, NULL)},
	{"as late as may be", STRIPE("t=1800000000,v1=" STRIPE_V1, NOW + 300, NULL)},
	{"too early", STRIPE("t=1800000000,v1=" STRIPE_V1, NOW - 301, UNTIMELY)},
	{"too late", STRIPE("t=1800000000,v1=" STRIPE_V1, NOW + 301, UNTIMELY)},
	{"too late, Standard Webhooks", STANDARD(STANDARD_KEY, STANDARD_V1, STANDARD_NOW + 301, UNTIMELY, "")},
	{"in milliseconds", STRIPE("t=1800000000000,v1=" STRIPE_V1, 0, UNTIMELY)},
	{"as many digits as there may be", STRIPE("t=999999999999999999,v1=" STRIPE_V1, 0, UNTIMELY)},
	{"too many digits", STRIPE("t=18446744075509551616,v1=" STRIPE_V1, 0, NO_TIME)},
	{"before 1970", STRIPE("t=-1,v1=" STRIPE_V1, 0, NO_TIME)},
	{"a plus", STRIPE("t=+1800000000,v1=" STRIPE_V1, 0, NO_TIME)},
	{"a fraction", STRIPE("t=1800000000.0,v1=" STRIPE_V1, 0, NO_TIME)},
	{"an exponent", STRIPE("t=18e8,v1=" STRIPE_V1, 0, NO_TIME)},
	{"no digits", STRIPE("t=,v1=" STRIPE_V1, 0, NO_TIME)},
	{"leading zeros are not what was signed", STRIPE("t=01800000000,v1=" STRIPE_V1, 0, WRONG)},
	{"no time", STRIPE("v1=" STRIPE_V1, 0, "header \"stripe-signature\" has no time, \"t=\"")},
	{"two times", STRIPE("t=1,t=1800000000,v1=" STRIPE_V1, 0, "header \"stripe-signature\" names two times")},
	{"another time", STRIPE("t=1800000001,v1=" STRIPE_V1, 0, WRONG)},

	/* What is missing, or there twice. */
	{"no header", "stripe", BODY, {STRIPE_KEY}, {NULL}, 0, "header \"stripe-signature\" is missing", ""},
	{"an empty header", STRIPE("", 0, "header \"stripe-signature\" is missing")},
	{"a blank header", STRIPE(" \t ", 0, "header \"stripe-signature\" is missing")},
	{"nothing but commas", STRIPE(",,,,", 0, "header \"stripe-signature\" has no signature that can be checked")},
	{"only an old version", STRIPE("t=1800000000,v0=" STRIPE_V1, 0, "header \"stripe-signature\" has no signature that can be checked")},
	{"a version without the rest", STRIPE("t=1800000000,v1", 0, "header \"stripe-signature\" has no signature that can be checked")},
	{"two headers", "stripe", BODY, {STRIPE_KEY}, {"stripe-signature", "t=1800000000,v1=" STRIPE_V1, "stripe-signature", "t=1800000000,v1=" STRIPE_V1}, 0, "header \"stripe-signature\" is given twice", ""},
	{"no id", "standard", STANDARD_BODY, {STANDARD_KEY}, {"webhook-timestamp", "1614265330", "webhook-signature", STANDARD_V1}, STANDARD_NOW, "header \"webhook-id\" is missing", ""},
	{"no timestamp", "standard", STANDARD_BODY, {STANDARD_KEY}, {"webhook-id", STANDARD_ID, "webhook-signature", STANDARD_V1}, STANDARD_NOW, "header \"webhook-timestamp\" is missing", ""},
	{"two ids", "standard", STANDARD_BODY, {STANDARD_KEY}, {"webhook-id", STANDARD_ID, "webhook-id", "b", "webhook-timestamp", "1614265330", "webhook-signature", STANDARD_V1}, STANDARD_NOW, "header \"webhook-id\" is given twice", ""},
	{"the names of both", "standard", STANDARD_BODY, {STANDARD_KEY}, {"svix-id", STANDARD_ID, "svix-timestamp", "1614265330", "webhook-signature", STANDARD_V1}, STANDARD_NOW, "header \"webhook-id\" is missing", ""},
	{"two ids that are not signed", "shopify", BODY, {"hush"}, {"x-shopify-hmac-sha256", SHOPIFY_MAC, "x-shopify-webhook-id", "a", "x-shopify-webhook-id", "b"}, 0, "header \"x-shopify-webhook-id\" is given twice", ""},
	{"an id of other characters", "shopify", BODY, {"hush"}, {"x-shopify-hmac-sha256", SHOPIFY_MAC, "x-shopify-webhook-id", "a\303\244"}, 0, "header \"x-shopify-webhook-id\" is not plain text", ""},
	{"an id with a blank", "shopify", BODY, {"hush"}, {"x-shopify-hmac-sha256", SHOPIFY_MAC, "x-shopify-webhook-id", "a b"}, 0, "header \"x-shopify-webhook-id\" is not plain text", ""},

	/* What is not right. */
	{"another body", "stripe", BODY " ", {STRIPE_KEY}, {"stripe-signature", "t=1800000000,v1=" STRIPE_V1}, 0, WRONG, ""},
	{"no body", "stripe", "", {STRIPE_KEY}, {"stripe-signature", "t=1800000000,v1=" STRIPE_V1}, 0, WRONG, ""},
	{"another secret", "stripe", BODY, {"whsec_another"}, {"stripe-signature", "t=1800000000,v1=" STRIPE_V1}, 0, WRONG, ""},
	{"no secret at all", "stripe", BODY, {NULL}, {"stripe-signature", "t=1800000000,v1=" STRIPE_V1}, 0, WRONG, ""},
	{"an empty signature", STRIPE("t=1800000000,v1=", 0, WRONG)},
	{"half a signature", STRIPE("t=1800000000,v1=d0ffffa7434b9a227ebe60bf97ad6137", 0, WRONG)},
	{"one and a half", STRIPE("t=1800000000,v1=" STRIPE_V1 "d0ffffa7434b9a227ebe60bf97ad6137", 0, WRONG)},
	{"one digit off", STRIPE("t=1800000000,v1=e0ffffa7434b9a227ebe60bf97ad6137fbc31cbd39613e1ac0e4bc924c41fde7", 0, WRONG)},
	{"the signature of another scheme", "paddle", BODY, {STRIPE_KEY}, {"paddle-signature", "ts=1800000000;h1=" STRIPE_V1}, 0, WRONG, ""},
	{"GitHub, without its prefix", GITHUB(GITHUB_KEY, GITHUB_MAC, "header \"x-hub-signature-256\" has no signature that can be checked")},
	{"GitHub, sha1", GITHUB(GITHUB_KEY, "sha1=" GITHUB_MAC, "header \"x-hub-signature-256\" has no signature that can be checked")},
	{"GitHub, several are not one", GITHUB(GITHUB_KEY, "sha256=a,sha256=" GITHUB_MAC, WRONG)},
	{"base64 in the wrong case", "shopify", BODY, {"hush"}, {"x-shopify-hmac-sha256", "y5yh1MBcvmylNdRGRmMjSnWMAU5vK6ZYOwIowkFMvRk="}, 0, WRONG, ""},
	{"base64 without its end", "shopify", BODY, {"hush"}, {"x-shopify-hmac-sha256", "Y5yh1MBcvmylNdRGRmMjSnWMAU5vK6ZYOwIowkFMvRk"}, 0, WRONG, ""},
	{"a shared secret is no key pair", STANDARD(STANDARD_KEY, STANDARD_V1A, STANDARD_NOW, WRONG, "")},
	{"a key pair is no shared secret", STANDARD(STANDARD_PAIR, STANDARD_V1, STANDARD_NOW, WRONG, "")},
	{"a pair, another id", "standard", STANDARD_BODY, {STANDARD_PAIR}, {"webhook-id", "msg_2", "webhook-timestamp", "1614265330", "webhook-signature", STANDARD_V1A}, STANDARD_NOW, WRONG, ""},
	{"a pair, no base64", STANDARD(STANDARD_PAIR, "v1a,!!!!f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==", STANDARD_NOW, WRONG, "")},
	{"a pair, blanks in it", STANDARD(STANDARD_PAIR, "v1a,\t\t\t\tf9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==", STANDARD_NOW, WRONG, "")},
	{"a pair, more bytes", STANDARD(STANDARD_PAIR, "v1a,AAAA"
												   "hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
									STANDARD_NOW, WRONG, "")},
	{"a pair, nothing", STANDARD(STANDARD_PAIR, "v1a,", STANDARD_NOW, WRONG, "")},
};

/* ---- trying them ---------------------------------------------------------- */

static void
case_key(const char *text, unsigned char *bytes, RfSenderKey *key)
{
	bool encoded = strncmp(text, "base64:", 7) == 0;

	key->is_public = strncmp(text, "public:", 7) == 0;
	key->bytes = (const unsigned char *) text;
	key->length = strlen(text);
	if (encoded || key->is_public)
	{
		text += 7;
		key->length = EVP_DecodeBlock(bytes, (const unsigned char *) text, strlen(text)) -
			(strchr(text, '=') != NULL);
		key->bytes = bytes;
	}
}

static bool
verify(const RfSenderScheme *scheme, const Case *c, RfSenderVerdict *verdict)
{
	unsigned char	bytes[4][256];
	RfSenderKey		keys[4];
	RfRequestHeader headers[4];
	RfSenderMessage message = {
		headers, 0, c->body, strlen(c->body), c->now != 0 ? c->now : NOW};
	int nkeys = 0;

	while (nkeys < 4 && c->keys[nkeys] != NULL)
	{
		case_key(c->keys[nkeys], bytes[nkeys], &keys[nkeys]);
		nkeys++;
	}
	for (; message.nheaders < 4 && c->headers[2 * message.nheaders] != NULL; message.nheaders++)
		headers[message.nheaders] = (RfRequestHeader){
			c->headers[2 * message.nheaders], c->headers[2 * message.nheaders + 1]};
	memset(verdict, 'x', sizeof(*verdict));
	return rf_sender_verify(scheme, keys, nkeys, &message, verdict);
}

static void
try(const RfSenderScheme *scheme, const Case *c)
{
	RfSenderVerdict verdict;
	bool			genuine = verify(scheme, c, &verdict);
	const char	   *reason = c->refused == NULL ? "" : c->refused;
	const char	   *id = c->message_id == NULL ? "" : c->message_id;
	bool			passed = genuine == (c->refused == NULL) &&
		strcmp(verdict.reason, reason) == 0 && strcmp(verdict.message_id, id) == 0;

	ok(passed, "%s%s%s", c->name, genuine || c->refused == NULL ? "" : ": ", genuine ? "" : reason);
	if (!passed)
		printf("# %s, \"%s\", id \"%s\"\n", genuine ? "genuine" : "refused", verdict.reason,
			   verdict.message_id);
}

/* ---- schemes of one's own ------------------------------------------------- */

/* As Slack publishes it. */
static void
test_own_scheme(void)
{
	RfSenderScheme slack = {
		.header = "x-slack-signature",
		.prefix = "v0=",
		.time_header = "x-slack-request-timestamp",
		.content = "v0:{timestamp}:{body}",
		.encoding = RF_SENDER_HEX};
	Case c = {
		"Slack", NULL, "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
					   "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
					   "&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
					   "%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
					   "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
		{"8f742231b10e8888abcd99yyyzzz85a5"},
		{"x-slack-request-timestamp", "1531420618", "x-slack-signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
		1531420618,
		NULL,
		""};

	try(&slack, &c);
	c.name = "Slack, late";
	c.now += 301;
	c.refused = UNTIMELY;
	try(&slack, &c);
}

static void
test_digests(void)
{
	RfSenderScheme own = {
		.header = "x-mac", .prefix = "", .id_header = "x-id", .content = "{body}", .encoding = RF_SENDER_BASE64, .digest = RF_SENDER_SHA512};
	Case c = {"SHA-512", NULL, BODY, {"hush"}, {"x-mac", "nxIkLura6o4vIOKq8kF9Sib2Kwy0GX16plQfV8RPJdNCWOTh/CrsvLCk+Vmpc1fJEL2hqbJ2uEdU5HTpugN2mA==", "x-id", "7"}, 0, NULL, "7"};

	try(&own, &c);
	own.encoding = RF_SENDER_HEX;
	own.digest = RF_SENDER_SHA1;
	c.name = "SHA-1";
	c.headers[1] = "ac5d45bd1c0a6f7ad6cc2c66935689037a6ec023";
	try(&own, &c);
	own.content = "{body}{";
	c.name = "a brace is a brace";
	c.refused = WRONG;
	c.message_id = "";
	try(&own, &c);
}

/* ---- much of it ----------------------------------------------------------- */

static char many[200000];

static void
test_many_signatures(void)
{
	const RfSenderScheme *stripe = rf_sender_scheme("stripe");
	Case				  c = {"sixteen signatures", STRIPE(many, 0, NULL)};

	strcpy(many, "t=1800000000");
	for (int i = 1; i < RF_SENDER_SIGNATURES_MAX; i++)
		strcat(many, ",v1=" STRIPE_OTHER);
	strcat(many, ",v1=" STRIPE_V1);
	try(stripe, &c);
	strcat(many, ",v1=" STRIPE_V1);
	c.name = "seventeen";
	c.refused = "header \"stripe-signature\" has more than 16 signatures";
	try(stripe, &c);
	memset(many, ',', sizeof(many) - 1);
	c.name = "a long list of nothing";
	c.refused = "header \"stripe-signature\" has no signature that can be checked";
	try(stripe, &c);
}

static void
test_long_id(void)
{
	const RfSenderScheme *shopify = rf_sender_scheme("shopify");
	Case				  c = {"as long an id as there may be", "shopify", BODY, {"hush"}, {"x-shopify-hmac-sha256", SHOPIFY_MAC, "x-shopify-webhook-id", many}, 0, NULL, many};

	memset(many, 'a', sizeof(many));
	many[RF_SENDER_ID_MAX] = '\0';
	try(shopify, &c);
	strcat(many, "a");
	c.name = "a longer one";
	c.refused = "header \"x-shopify-webhook-id\" is longer than 255 bytes";
	c.message_id = "";
	try(shopify, &c);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		try(rf_sender_scheme(cases[i].scheme), &cases[i]);
	test_own_scheme();
	test_digests();
	test_many_signatures();
	test_long_id();
	ok(rf_sender_scheme("hmac") == NULL, "a scheme of one's own is not among ours");
	return tap_done();
}
