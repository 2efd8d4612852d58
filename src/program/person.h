/*
 * person.h
 *	  A participant as the engine reads one.
 */
#ifndef RF_PERSON_H
#define RF_PERSON_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

typedef enum RfPersonState
{
	RF_ACTIVE,
	RF_PENDING,
	RF_QUALIFIED,
	RF_HELD,
	RF_BLOCKED,
	RF_EXPIRED,
} RfPersonState;

typedef struct RfPerson
{
	int64		  id;
	int64		  campaign_id;
	char		 *email;
	char		 *name; /* may be NULL */
	char		 *source;
	char		 *code;
	Jsonb		 *meta;
	TimestampTz	  joined_at;
	int64		  referrer_id; /* 0: joined on their own */
	RfPersonState state;
	TimestampTz	  qualified_at; /* DT_NOBEGIN: not qualified */
	int			  invited_count;
	int			  qualified_count;
	bool		  erased; /* anonymous: see erase.c */
} RfPerson;

/* The columns rf_person_read() expects, in its order. */
#define RF_PERSON_COLUMNS \
	"p.id, p.campaign_id, p.email, p.name, p.source, p.code, p.meta, p.joined_at, " \
	"p.referrer_id, p.state, p.qualified_at, p.invited_count, p.qualified_count, " \
	"p.erased_at"
#define RF_PERSON_NCOLUMNS 14

/*
 * Read a person from row i of the last statement, whose columns start at the
 * given one; all memory palloc'd.
 */
extern void rf_person_read(RfPerson *person, uint64 row, int column);

/* People by id. */
typedef struct RfPeople
{
	RfPerson *of; /* ascending by id */
	int		  n;
} RfPeople;

/* Those with these ids (bigint[]); palloc'd. Inside an engine scope. */
extern RfPeople rf_people_read(Datum ids);

/* One of them; NULL: not there. */
extern RfPerson *rf_people_find(const RfPeople *people, int64 id);

/* A person by id; false: there is none. Inside an engine scope. */
extern bool rf_person_find(RfPerson *person, int64 id);

/* Where a person's columns are in rows of rf_participant. */
typedef struct RfPersonMap
{
	AttrNumber attnum[RF_PERSON_NCOLUMNS];
} RfPersonMap;

extern void rf_person_map(RfPersonMap *map, TupleDesc tupdesc);

/* Read a person from a row of rf_participant; all memory palloc'd. */
extern void rf_person_read_slot(RfPerson *person, TupleTableSlot *slot, const RfPersonMap *map);

extern const char	*rf_person_state_name(RfPersonState state);
extern RfPersonState rf_person_state_parse(const char *name);

/* The same from a column's value, without memory of its own. */
extern RfPersonState rf_person_state_read(Datum state);

#endif /* RF_PERSON_H */
