/*
 * rules.h
 *	  What a reward rule grants. Pure: values in, values out; used by the
 *	  engine when a count moves and by rf_explain to say why.
 *
 * A count moves from `before` to `after`. A standard rule with every = 1
 * rewards the person whose joining or qualifying moved it; with every = N it
 * grants ordinal k whenever the count crosses k * N; a milestone rule grants
 * every threshold t with before < t <= after. Crossing decides, not equality.
 * A recurring rule enrols the person: the rewards come with time.
 */
#ifndef RF_RULES_H
#define RF_RULES_H

#include <stdbool.h>

typedef enum RfEarnedOn
{
	RF_REFERRER_JOINS,
	RF_INVITED_JOINS,
	RF_INVITED_QUALIFIES,
	RF_PURCHASE,
} RfEarnedOn;

typedef enum RfRecipient
{
	RF_TO_REFERRER,
	RF_TO_INVITED,
} RfRecipient;

typedef enum RfRuleKind
{
	RF_STANDARD,
	RF_MILESTONE,
	RF_RECURRING,
} RfRuleKind;

typedef struct RfTerms
{
	RfEarnedOn	earned_on;
	RfRecipient recipient;
	RfRuleKind	kind;
	bool		active;
	int			every;		 /* standard: >= 1 */
	int			nthresholds; /* milestone */
	const int  *thresholds;	 /* ascending */
} RfTerms;

typedef struct RfMove
{
	RfEarnedOn what;
	int		   before;
	int		   after;
} RfMove;

/* What a move earns under a rule. */
typedef enum RfEarnedKind
{
	RF_EARNED_NOTHING,
	RF_EARNED_SUBJECT,	  /* one grant, for the person who moved it */
	RF_EARNED_ORDINALS,	  /* grants first to last */
	RF_EARNED_THRESHOLDS, /* grants thresholds[first] to [last] */
	RF_EARNED_RECURRENCE, /* one grant now, and more to come */
} RfEarnedKind;

typedef struct RfEarned
{
	RfEarnedKind kind;
	int			 first;
	int			 last;
} RfEarned;

extern RfEarned rf_rules_earned(const RfTerms *terms, RfMove move);

/*
 * Highest ordinal (milestones: threshold) that a count of `count` still
 * deserves: what is above it is taken back.
 */
extern int rf_rules_deserved(const RfTerms *terms, int count);

#endif /* RF_RULES_H */
