/*
 * past.h
 *	  What has happened so far, for those who ask afterwards: grants, counts, and
 *	  happenings as the engine would see them today.
 *
 * Nothing is locked or written. All functions need an engine scope.
 */
#ifndef RF_PAST_H
#define RF_PAST_H

#include "program/happening.h"

/* Grants of one rule and ordinal to one person, of which the last is shown. */
typedef struct RfGranted
{
	int64		rule_id;
	int			ordinal;  /* 0: none */
	bool		is_above; /* from further down the tree: levels 2 and up */
	bool		is_live;  /* not cancelled, clawed back or rejected */
	int64		id;
	char	   *state;
	char	   *reason; /* may be NULL */
	TimestampTz earned_at;
	int64		times; /* how many there are */
} RfGranted;

typedef struct RfPast
{
	int		   n;
	RfGranted *of;
} RfPast;

/* What this person was granted; `subject_id` 0: whoever earned it, else they alone. */
extern RfPast rf_past_read(int64 participant_id, int64 subject_id);

/*
 * The last of a rule's grants that are live, or of those that are not; of an
 * ordinal, if it is not 0. NULL: none.
 */
extern const RfGranted *rf_past_find(const RfPast *past, const RfRule *rule, int ordinal,
									 bool is_live);

/* Grants of a rule with levels that came from further down the tree, live ones. */
extern int64 rf_past_times_above(const RfPast *past, const RfRule *rule);

/* Purchases that count: of this person, or of the people they invited. */
extern int rf_past_purchases(const RfCampaign *campaign, const RfPerson *person,
							 bool of_their_people);

/*
 * Of the people this one invited who did what the rule rewards, the last. False:
 * there is none.
 */
extern bool rf_past_last_person(const RfPerson *referrer, const RfRule *rule, RfPerson *person);

/* What this person did, as the rule would be asked about it today. */
extern RfHappening rf_past_happening(const RfCampaign *campaign, const RfRule *rule,
									 const RfPerson *person, const RfPerson *referrer);

/*
 * When the next reward of a recurring rule is earned by this person, or by the
 * first of the people they invited; DT_NOEND: none is to come.
 */
extern TimestampTz rf_past_next_time(const RfRule *rule, const RfPerson *person,
									 bool of_their_people);

#endif /* RF_PAST_H */
