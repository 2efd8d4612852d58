/*
 * visitor.c
 *	  See visitor.h.
 *
 * A visitor is HMAC-SHA256 of address and user agent, cut to 16 bytes, with a key
 * that is drawn for each day and kept nowhere but in its row, which no dump takes
 * along. When the day is over the row is deleted: from then on nobody can tell
 * whose hash it was, not even by trying all addresses there are.
 *
 * Whoever comes first in a day writes the salt, others wait for it. Since that may
 * be the transaction of an application, and a long one, the salt of the day after
 * is prepared by the worker while the day lasts, if links are followed at all.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/engine.h"
#include "base/keyed_hash.h"
#include "program/visitor.h"

#define SALT_LENGTH 32

/* With the salt last used; its day and table, if its row is certain to stay. */
static RfKeyedHash *salted = NULL;
static DateADT		salted_day = DATEVAL_NOBEGIN;
static Oid			salted_from = InvalidOid;

DateADT
rf_visitor_day(void)
{
	return (DateADT) (rf_now() / USECS_PER_DAY);
}

RF_STATEMENT(find_salt,
			 "SELECT salt, xmin FROM @extschema@.rf_click_salt WHERE day = $1",
			 DATEOID);

static void
salt_set(const bytea *salt)
{
	if (salted == NULL)
		salted = rf_keyed_hash_create();
	if (salted == NULL ||
		!rf_keyed_hash_set_key(salted, (const uint8 *) VARDATA_ANY(salt), VARSIZE_ANY_EXHDR(salt)))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not prepare the hashes of visitors")));
}

/* Our own row may still be rolled back: it is read again until it is committed. */
static bool
salt_read(DateADT day)
{
	Datum values[] = {DateADTGetDatum(day)};
	bool  isnull;

	if (rf_execute(&find_salt, values, NULL) == 0)
		return false;
	salt_set(DatumGetByteaPP(rf_value(0, 1, &isnull)));
	if (!TransactionIdIsCurrentTransactionId(DatumGetTransactionId(rf_value(0, 2, &isnull))))
		salted_day = day;
	return true;
}

RF_STATEMENT(make_salt,
			 "INSERT INTO @extschema@.rf_click_salt (day, salt)"
			 " VALUES ($1, $2)"
			 " ON CONFLICT (day) DO NOTHING",
			 DATEOID, BYTEAOID);

static Datum
salt_draw(void)
{
	bytea *drawn = palloc(VARHDRSZ + SALT_LENGTH);

	SET_VARSIZE(drawn, VARHDRSZ + SALT_LENGTH);
	if (!pg_strong_random(VARDATA(drawn), SALT_LENGTH))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random salt")));
	return PointerGetDatum(drawn);
}

static void
salt_make(DateADT day)
{
	Datum values[] = {DateADTGetDatum(day), salt_draw()};

	rf_execute(&make_salt, values, NULL);
	if (!salt_read(day))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the salt of the day was drawn by a concurrent session"),
				 errhint("Try the transaction again.")));
}

/* The table is another one if the extension was made anew. */
static void
salt_need(DateADT day)
{
	Oid from = rf_engine_relation("rf_click_salt");

	if (salted_day == day && salted_from == from)
		return;
	salted_day = DATEVAL_NOBEGIN;
	salted_from = from;
	if (!salt_read(day))
		salt_make(day);
}

static bool
visitor_digest(const char *address, const char *user_agent, uint8 digest[RF_KEYED_HASH_LENGTH])
{
	return rf_keyed_hash_begin(salted) &&
		/* with the zero at its end: no user agent makes an address longer */
		rf_keyed_hash_add(salted, address, strlen(address) + 1) &&
		rf_keyed_hash_add(salted, user_agent, strlen(user_agent)) &&
		rf_keyed_hash_end(salted, digest);
}

void
rf_visitor_hash(DateADT day, const char *address, const char *user_agent,
				uint8 visitor[RF_VISITOR_LENGTH])
{
	uint8 digest[RF_KEYED_HASH_LENGTH];

	salt_need(day);
	if (!visitor_digest(address != NULL ? address : "", user_agent != NULL ? user_agent : "", digest))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not compute the hash of a visitor")));
	memcpy(visitor, digest, RF_VISITOR_LENGTH);
}

RF_STATEMENT(prepare_salt,
			 "INSERT INTO @extschema@.rf_click_salt (day, salt)"
			 " SELECT $1 + 1, $2"
			 " WHERE EXISTS (SELECT FROM @extschema@.rf_click_salt WHERE day = $1)"
			 " AND NOT EXISTS (SELECT FROM @extschema@.rf_click_salt WHERE day = $1 + 1)"
			 " ON CONFLICT (day) DO NOTHING",
			 DATEOID, BYTEAOID);
/* What another session is forgetting is left to it. */
RF_STATEMENT(forget_salts,
			 "DELETE FROM @extschema@.rf_click_salt"
			 " WHERE day IN ("
			 "  SELECT day FROM @extschema@.rf_click_salt"
			 "  WHERE day < $1"
			 "  FOR UPDATE SKIP LOCKED)",
			 DATEOID);

int
rf_visitor_salts_turn(void)
{
	Datum values[] = {DateADTGetDatum(rf_visitor_day()), salt_draw()};

	rf_execute(&prepare_salt, values, NULL);
	return (int) rf_execute(&forget_salts, values, NULL);
}
