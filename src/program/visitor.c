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
#include "common/hmac.h"
#include "common/sha2.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/engine.h"
#include "program/visitor.h"

#define SALT_LENGTH 32

/* The salt last used, for as long as its row is certain to stay. */
static DateADT salt_day = DATEVAL_NOBEGIN;
static uint8   salt[SALT_LENGTH];

DateADT
rf_visitor_day(void)
{
	return (DateADT) (rf_now() / USECS_PER_DAY);
}

RF_STATEMENT(find_salt,
			 "SELECT salt, xmin FROM @extschema@.rf_click_salt WHERE day = $1",
			 DATEOID);

/* Our own row may still be rolled back: it is read again until it is committed. */
static bool
salt_read(DateADT day)
{
	Datum values[] = {DateADTGetDatum(day)};
	bool  isnull;

	if (rf_execute(&find_salt, values, NULL) == 0)
		return false;
	memcpy(salt, VARDATA_ANY(DatumGetByteaPP(rf_value(0, 1, &isnull))), SALT_LENGTH);
	if (!TransactionIdIsCurrentTransactionId(DatumGetTransactionId(rf_value(0, 2, &isnull))))
		salt_day = day;
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
salt_need(DateADT day)
{
	Datum values[] = {DateADTGetDatum(day), 0};

	if (salt_day == day)
		return;
	salt_day = DATEVAL_NOBEGIN;
	if (salt_read(day))
		return;
	values[1] = salt_draw();
	rf_execute(&make_salt, values, NULL);
	if (!salt_read(day))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the salt of the day was drawn by a concurrent session"),
				 errhint("Try the transaction again.")));
}

static bool
visitor_digest(pg_hmac_ctx *context, const char *address, const char *user_agent,
			   uint8 digest[PG_SHA256_DIGEST_LENGTH])
{
	return pg_hmac_init(context, salt, SALT_LENGTH) >= 0 &&
		/* with the zero at its end: no user agent makes an address longer */
		pg_hmac_update(context, (const uint8 *) address, strlen(address) + 1) >= 0 &&
		pg_hmac_update(context, (const uint8 *) user_agent, strlen(user_agent)) >= 0 &&
		pg_hmac_final(context, digest, PG_SHA256_DIGEST_LENGTH) >= 0;
}

void
rf_visitor_hash(DateADT day, const char *address, const char *user_agent,
				uint8 visitor[RF_VISITOR_LENGTH])
{
	pg_hmac_ctx *context;
	uint8		 digest[PG_SHA256_DIGEST_LENGTH];

	salt_need(day);
	context = pg_hmac_create(PG_SHA256);
	if (context == NULL ||
		!visitor_digest(context, address != NULL ? address : "",
						user_agent != NULL ? user_agent : "", digest))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute the hash of a visitor: %s",
						context == NULL ? "out of memory" : pg_hmac_error(context))));
	pg_hmac_free(context);
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
