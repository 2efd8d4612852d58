/*
 * code.c
 *	  See code.h.
 *
 * Codes are drawn in batches, each twice as large as the one before, and
 * a whole batch is compared with the codes in use by one query: a COPY of a
 * million people asks a thousand times, a single sign-up once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/string.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "program/code.h"

/* Without 0 and O, 1, I and L, and U, which reads like V. */
static const char alphabet[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

#define CODE_BATCH_MAX 1024

struct RfCodeSource
{
	int64		  campaign_id;
	MemoryContext batch; /* what one batch needs */
	const char	 *prefix;
	int			  length;
	int			  batch_size; /* of the next batch */
	char		**codes;	  /* the batch, sorted */
	int			  ncodes;
	int			  next;
	int			  nbytes; /* of randomness left */
	uint8		  bytes[256];
};

char *
rf_code_key(const char *code)
{
	char *key = palloc(strlen(code) + 1);
	char *to = key;

	for (; *code != '\0'; code++)
	{
		if (*code != '-' && *code != ' ')
			*to++ = pg_ascii_toupper((unsigned char) *code);
	}
	*to = '\0';
	return key;
}

bool
rf_code_is_valid(const char *code)
{
	size_t length = strlen(code);

	for (const char *c = code; *c != '\0'; c++)
	{
		if ((unsigned char) *c >= 0x80 || (!isalnum((unsigned char) *c) && *c != '-'))
			return false;
	}
	return length >= 3 && length <= 64 && strlen(rf_code_key(code)) >= 3;
}

RfCodeSource *
rf_code_source(const RfCampaign *campaign)
{
	RfCodeSource *source = palloc0_object(RfCodeSource);

	source->campaign_id = campaign->id;
	source->batch = AllocSetContextCreate(CurrentMemoryContext, "referral codes",
										  ALLOCSET_SMALL_SIZES);
	source->prefix = campaign->code_prefix != NULL ? campaign->code_prefix : "";
	source->length = campaign->code_length;
	source->batch_size = 1;
	return source;
}

bool
rf_code_source_is_of(const RfCodeSource *source, const RfCampaign *campaign)
{
	return source->campaign_id == campaign->id;
}

/* A random number below the length of the alphabet. Bytes beyond it are thrown
 * away, so that all characters are equally likely. */
static int
code_draw_index(RfCodeSource *source)
{
	for (;;)
	{
		int index;

		if (source->nbytes == 0)
		{
			if (!pg_strong_random(source->bytes, sizeof(source->bytes)))
				ereport(ERROR,
						(errcode(ERRCODE_INTERNAL_ERROR),
						 errmsg("could not generate a random code")));
			source->nbytes = sizeof(source->bytes);
		}
		index = source->bytes[--source->nbytes] & 31;
		if (index < (int) sizeof(alphabet) - 1)
			return index;
	}
}

static char *
code_draw(RfCodeSource *source)
{
	size_t prefix = strlen(source->prefix);
	char  *code = palloc(prefix + source->length + 1);

	memcpy(code, source->prefix, prefix);
	for (int i = 0; i < source->length; i++)
		code[prefix + i] = alphabet[code_draw_index(source)];
	code[prefix + source->length] = '\0';
	return code;
}

static int
code_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Draw a batch without doubles. */
static void
code_draw_batch(RfCodeSource *source)
{
	int n = 1;

	source->codes = palloc_array(char *, source->batch_size);
	for (int i = 0; i < source->batch_size; i++)
		source->codes[i] = code_draw(source);
	qsort(source->codes, source->batch_size, sizeof(char *), code_compare);
	for (int i = 1; i < source->batch_size; i++)
	{
		if (strcmp(source->codes[i], source->codes[n - 1]) != 0)
			source->codes[n++] = source->codes[i];
	}
	source->ncodes = n;
	source->next = 0;
	source->batch_size = Min(source->batch_size * 2, CODE_BATCH_MAX);
}

RF_STATEMENT(codes_in_use,
			 "SELECT array_position($1, p.code_key)"
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.code_key = ANY ($1)"
			 " UNION ALL"
			 " SELECT array_position($2, e.hash)"
			 " FROM @extschema@.rf_erased_code e"
			 " WHERE e.hash = ANY ($2)",
			 TEXTARRAYOID, BYTEAARRAYOID);

/* Strike out what is in use: those entries become NULL. */
static void
code_strike_used(RfCodeSource *source)
{
	RfColumn keys;
	RfColumn hashes; /* of erased people only these are kept; the keys are ASCII */
	Datum	 values[2];
	uint64	 nused;

	rf_column_init(&keys, TEXTOID);
	rf_column_init(&hashes, BYTEAOID);
	for (int i = 0; i < source->ncodes; i++)
	{
		Datum key = CStringGetTextDatum(rf_code_key(source->codes[i]));

		rf_column_add(&keys, key);
		rf_column_add(&hashes, DirectFunctionCall1(sha256_bytea, key));
	}
	values[0] = rf_column_array(&keys);
	values[1] = rf_column_array(&hashes);
	nused = rf_execute(&codes_in_use, values, NULL);
	for (uint64 row = 0; row < nused; row++)
		source->codes[rf_int32(row, 1) - 1] = NULL;
}

static void
code_refill(RfCodeSource *source, RfLazyEngine *lazy)
{
	MemoryContext caller;

	MemoryContextReset(source->batch);
	caller = MemoryContextSwitchTo(source->batch);
	code_draw_batch(source);
	rf_engine_need(lazy);
	code_strike_used(source);
	MemoryContextSwitchTo(caller);
}

const char *
rf_code_next(RfCodeSource *source, RfLazyEngine *lazy)
{
	const char *code = NULL;

	while (code == NULL)
	{
		if (source->next == source->ncodes)
			code_refill(source, lazy);
		code = source->codes[source->next++];
	}
	return code;
}
