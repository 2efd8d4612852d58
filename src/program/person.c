/*
 * person.c
 *	  See person.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/engine.h"
#include "program/person.h"

/* In the order of RF_PERSON_COLUMNS. */
static const char *const person_columns[RF_PERSON_NCOLUMNS] = {
	"id", "campaign_id", "email", "name", "source", "code", "meta", "joined_at",
	"referrer_id", "state", "qualified_at", "invited_count", "qualified_count",
	"erased_at"};

static const char *const person_states[] = {
	"active", "pending", "qualified", "held", "blocked", "expired"};

const char *
rf_person_state_name(RfPersonState state)
{
	return person_states[state];
}

static RfPersonState
state_of(const char *name, size_t length)
{
	for (size_t i = 0; i < lengthof(person_states); i++)
	{
		if (strlen(person_states[i]) == length && memcmp(person_states[i], name, length) == 0)
			return (RfPersonState) i;
	}
	elog(ERROR, "unexpected state \"%.*s\" of a participant", (int) length, name);
}

RfPersonState
rf_person_state_parse(const char *name)
{
	return state_of(name, strlen(name));
}

RfPersonState
rf_person_state_read(Datum state)
{
	text *name = DatumGetTextPP(state);

	return state_of(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
}

static char *
person_string(Datum value, bool isnull)
{
	return isnull ? NULL : TextDatumGetCString(value);
}

static void
person_fill(RfPerson *person, const Datum *values, const bool *nulls)
{
	person->id = DatumGetInt64(values[0]);
	person->campaign_id = DatumGetInt64(values[1]);
	person->email = person_string(values[2], nulls[2]);
	person->name = person_string(values[3], nulls[3]);
	person->source = person_string(values[4], nulls[4]);
	person->code = person_string(values[5], nulls[5]);
	person->meta = DatumGetJsonbPCopy(values[6]);
	person->joined_at = DatumGetTimestampTz(values[7]);
	person->referrer_id = nulls[8] ? 0 : DatumGetInt64(values[8]);
	person->state = rf_person_state_read(values[9]);
	person->qualified_at = nulls[10] ? DT_NOBEGIN : DatumGetTimestampTz(values[10]);
	person->invited_count = DatumGetInt32(values[11]);
	person->qualified_count = DatumGetInt32(values[12]);
	person->erased = !nulls[13];
}

void
rf_person_read(RfPerson *person, uint64 row, int column)
{
	Datum values[RF_PERSON_NCOLUMNS];
	bool  nulls[RF_PERSON_NCOLUMNS];

	for (int i = 0; i < RF_PERSON_NCOLUMNS; i++)
		values[i] = rf_value(row, column + i, &nulls[i]);
	person_fill(person, values, nulls);
}

RF_STATEMENT(read_people,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = ANY ($1)",
			 INT8ARRAYOID);

static int
person_compare(const void *a, const void *b)
{
	int64 left = ((const RfPerson *) a)->id;
	int64 right = ((const RfPerson *) b)->id;

	return left < right ? -1 : left > right;
}

RfPeople
rf_people_read(Datum ids)
{
	RfPeople people = {.n = (int) rf_execute(&read_people, &ids, NULL)};

	people.of = palloc_array(RfPerson, people.n);
	for (int i = 0; i < people.n; i++)
		rf_person_read(&people.of[i], i, 1);
	qsort(people.of, people.n, sizeof(RfPerson), person_compare);
	return people;
}

RfPerson *
rf_people_find(const RfPeople *people, int64 id)
{
	RfPerson key = {.id = id};

	return bsearch(&key, people->of, people->n, sizeof(RfPerson), person_compare);
}

RF_STATEMENT(read_person,
			 "SELECT " RF_PERSON_COLUMNS
			 " FROM @extschema@.rf_participant p"
			 " WHERE p.id = $1",
			 INT8OID);

bool
rf_person_find(RfPerson *person, int64 id)
{
	Datum values[] = {Int64GetDatum(id)};

	if (rf_execute(&read_person, values, NULL) == 0)
		return false;
	rf_person_read(person, 0, 1);
	return true;
}

void
rf_person_map(RfPersonMap *map, TupleDesc tupdesc)
{
	for (int i = 0; i < RF_PERSON_NCOLUMNS; i++)
		map->attnum[i] = SPI_fnumber(tupdesc, person_columns[i]);
}

void
rf_person_read_slot(RfPerson *person, TupleTableSlot *slot, const RfPersonMap *map)
{
	Datum values[RF_PERSON_NCOLUMNS];
	bool  nulls[RF_PERSON_NCOLUMNS];

	for (int i = 0; i < RF_PERSON_NCOLUMNS; i++)
		values[i] = slot_getattr(slot, map->attnum[i], &nulls[i]);
	person_fill(person, values, nulls);
}
