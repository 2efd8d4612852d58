/* links: program/rules.c */
/*
 * rules.c
 *	  What a rule grants when a count moves, and what a count still deserves.
 */
#include <limits.h>

#include "program/rules.h"
#include "tap.h"

static const int ladder[] = {1, 3, 5, 10};
static const int lone[] = {7};

/* Terms of the cases: each differs from the first in what its name says. */
static const RfTerms each = {.earned_on = RF_INVITED_QUALIFIES, .active = true, .every = 1};
static const RfTerms to_invited = {
	.earned_on = RF_INVITED_QUALIFIES, .recipient = RF_TO_INVITED, .active = true, .every = 1};
static const RfTerms welcome = {.earned_on = RF_REFERRER_JOINS, .active = true, .every = 1};
static const RfTerms joins = {.earned_on = RF_INVITED_JOINS, .active = true, .every = 1};
static const RfTerms purchases = {.earned_on = RF_PURCHASE, .active = true, .every = 1};
static const RfTerms asleep = {.earned_on = RF_INVITED_QUALIFIES, .every = 1};
static const RfTerms recurring = {
	.earned_on = RF_INVITED_QUALIFIES, .kind = RF_RECURRING, .active = true, .every = 1};
static const RfTerms recurring_asleep = {
	.earned_on = RF_INVITED_QUALIFIES, .kind = RF_RECURRING, .every = 1};
static const RfTerms every_two = {.earned_on = RF_INVITED_QUALIFIES, .active = true, .every = 2};
static const RfTerms every_three = {.earned_on = RF_INVITED_QUALIFIES, .active = true, .every = 3};
static const RfTerms every_many = {
	.earned_on = RF_INVITED_QUALIFIES, .active = true, .every = INT_MAX};
static const RfTerms milestones = {
	.earned_on = RF_INVITED_QUALIFIES,
	.kind = RF_MILESTONE,
	.active = true,
	.every = 1,
	.nthresholds = 4,
	.thresholds = ladder,
};
static const RfTerms milestone = {
	.earned_on = RF_INVITED_QUALIFIES,
	.kind = RF_MILESTONE,
	.active = true,
	.every = 1,
	.nthresholds = 1,
	.thresholds = lone,
};
static const RfTerms no_milestones = {
	.earned_on = RF_INVITED_QUALIFIES, .kind = RF_MILESTONE, .active = true, .every = 1};
static const RfTerms milestones_asleep = {
	.earned_on = RF_INVITED_QUALIFIES,
	.kind = RF_MILESTONE,
	.every = 1,
	.nthresholds = 4,
	.thresholds = ladder,
};

typedef struct Case
{
	const char	  *name;
	const RfTerms *terms;
	RfEarnedOn	   what;
	int			   before;
	int			   after;
	RfEarnedKind   earned;
	int			   first;
	int			   last;
} Case;

static const Case cases[] = {
	/* standard, one for each */
	{"each: from 0 to 1", &each, RF_INVITED_QUALIFIES, 0, 1, RF_EARNED_SUBJECT, 0, 0},
	{"each: from 41 to 42", &each, RF_INVITED_QUALIFIES, 41, 42, RF_EARNED_SUBJECT, 0, 0},
	{"each: for the invited person", &to_invited, RF_INVITED_QUALIFIES, 0, 1, RF_EARNED_SUBJECT, 0, 0},
	{"each: joining on one's own moves a count of nobody", &welcome, RF_REFERRER_JOINS, 0, 1, RF_EARNED_SUBJECT, 0, 0},
	{"each: joining with a code", &joins, RF_INVITED_JOINS, 3, 4, RF_EARNED_SUBJECT, 0, 0},
	{"each: not for another trigger", &each, RF_INVITED_JOINS, 0, 1, RF_EARNED_NOTHING, 0, 0},
	{"each: not for a purchase", &each, RF_PURCHASE, 0, 1, RF_EARNED_NOTHING, 0, 0},
	{"each: not while asleep", &asleep, RF_INVITED_QUALIFIES, 0, 1, RF_EARNED_NOTHING, 0, 0},
	{"each: not where nothing moved", &each, RF_INVITED_QUALIFIES, 1, 1, RF_EARNED_NOTHING, 0, 0},
	{"each: not on the way down", &each, RF_INVITED_QUALIFIES, 2, 1, RF_EARNED_NOTHING, 0, 0},
	{"a purchase earns, whatever the count", &purchases, RF_PURCHASE, 0, 1, RF_EARNED_SUBJECT, 0, 0},
	{"a purchase: not for a qualification", &purchases, RF_INVITED_QUALIFIES, 0, 1, RF_EARNED_NOTHING, 0, 0},
	{"a recurring rule: not while asleep", &recurring_asleep, RF_INVITED_QUALIFIES, 0, 1, RF_EARNED_NOTHING, 0, 0},
	{"a recurring rule: not for a purchase", &recurring, RF_PURCHASE, 0, 1, RF_EARNED_NOTHING, 0, 0},
	{"a recurring rule: not where nobody qualified", &recurring, RF_INVITED_QUALIFIES, 1, 1, RF_EARNED_NOTHING, 0, 0},
	{"a recurring rule: the hundredth like the first", &recurring, RF_INVITED_QUALIFIES, 99, 100, RF_EARNED_RECURRENCE, 0, 0},
	{"a recurring rule enrols whoever qualifies", &recurring, RF_INVITED_QUALIFIES, 0, 1, RF_EARNED_RECURRENCE, 0, 0},
	/* standard, one for every so many: floor(before / n) < k <= floor(after / n) */
	{"every 2: from 0 to 1", &every_two, RF_INVITED_QUALIFIES, 0, 1, RF_EARNED_NOTHING, 0, 0},
	{"every 2: from 1 to 2", &every_two, RF_INVITED_QUALIFIES, 1, 2, RF_EARNED_ORDINALS, 1, 1},
	{"every 2: from 2 to 3", &every_two, RF_INVITED_QUALIFIES, 2, 3, RF_EARNED_NOTHING, 0, 0},
	{"every 2: from 3 to 4", &every_two, RF_INVITED_QUALIFIES, 3, 4, RF_EARNED_ORDINALS, 2, 2},
	{"every 3: from 0 to 9 in one leap", &every_three, RF_INVITED_QUALIFIES, 0, 9, RF_EARNED_ORDINALS, 1, 3},
	{"every 3: from 2 to 7", &every_three, RF_INVITED_QUALIFIES, 2, 7, RF_EARNED_ORDINALS, 1, 2},
	{"every 3: from 3 to 5", &every_three, RF_INVITED_QUALIFIES, 3, 5, RF_EARNED_NOTHING, 0, 0},
	{"every 3: from 3 to 3", &every_three, RF_INVITED_QUALIFIES, 3, 3, RF_EARNED_NOTHING, 0, 0},
	{"every 3: from 7 to 2", &every_three, RF_INVITED_QUALIFIES, 7, 2, RF_EARNED_NOTHING, 0, 0},
	{"every so many that nobody has them", &every_many, RF_INVITED_QUALIFIES, 0, INT_MAX - 1, RF_EARNED_NOTHING, 0, 0},
	{"every so many, to the last", &every_many, RF_INVITED_QUALIFIES, INT_MAX - 1, INT_MAX, RF_EARNED_ORDINALS, 1, 1},
	/* milestones at 1, 3, 5 and 10: every threshold with before < t <= after */
	{"milestones: from 0 to 1", &milestones, RF_INVITED_QUALIFIES, 0, 1, RF_EARNED_THRESHOLDS, 0, 0},
	{"milestones: from 1 to 2", &milestones, RF_INVITED_QUALIFIES, 1, 2, RF_EARNED_NOTHING, 0, 0},
	{"milestones: from 2 to 3", &milestones, RF_INVITED_QUALIFIES, 2, 3, RF_EARNED_THRESHOLDS, 1, 1},
	{"milestones: from 0 to 7 in one leap", &milestones, RF_INVITED_QUALIFIES, 0, 7, RF_EARNED_THRESHOLDS, 0, 2},
	{"milestones: from 4 to 12 in one leap", &milestones, RF_INVITED_QUALIFIES, 4, 12, RF_EARNED_THRESHOLDS, 2, 3},
	{"milestones: crossing, not equality", &milestones, RF_INVITED_QUALIFIES, 9, 11, RF_EARNED_THRESHOLDS, 3, 3},
	{"milestones: the threshold one stands on was crossed before", &milestones, RF_INVITED_QUALIFIES, 5, 9, RF_EARNED_NOTHING, 0, 0},
	{"milestones: beyond the last", &milestones, RF_INVITED_QUALIFIES, 10, 1000, RF_EARNED_NOTHING, 0, 0},
	{"milestones: not on the way down", &milestones, RF_INVITED_QUALIFIES, 7, 0, RF_EARNED_NOTHING, 0, 0},
	{"milestones: not while asleep", &milestones_asleep, RF_INVITED_QUALIFIES, 0, 7, RF_EARNED_NOTHING, 0, 0},
	{"milestones: not for another trigger", &milestones, RF_INVITED_JOINS, 0, 7, RF_EARNED_NOTHING, 0, 0},
	{"one milestone: before it", &milestone, RF_INVITED_QUALIFIES, 0, 6, RF_EARNED_NOTHING, 0, 0},
	{"one milestone: across it", &milestone, RF_INVITED_QUALIFIES, 6, 8, RF_EARNED_THRESHOLDS, 0, 0},
	{"no milestones at all", &no_milestones, RF_INVITED_QUALIFIES, 0, 7, RF_EARNED_NOTHING, 0, 0},
};

static void
test_earned(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case *c = &cases[i];
		RfEarned	got = rf_rules_earned(c->terms, (RfMove){c->what, c->before, c->after});
		bool		same = got.kind == c->earned &&
			(got.kind == RF_EARNED_NOTHING ||
			 (got.first == c->first && got.last == c->last));

		ok(same, "%s", c->name);
	}
}

/* A leap grants what the same way in steps of one grants. */
static void
test_leap(const char *name, const RfTerms *terms)
{
	int leap = 0;
	int steps = 0;

	for (int after = 0; after <= 40; after++)
	{
		RfEarned earned = rf_rules_earned(terms, (RfMove){terms->earned_on, 0, after});
		RfEarned step = rf_rules_earned(terms, (RfMove){terms->earned_on, after - 1, after});

		leap = earned.kind == RF_EARNED_NOTHING ? 0 : earned.last - earned.first + 1;
		steps += after == 0 || step.kind == RF_EARNED_NOTHING ? 0 : step.last - step.first + 1;
		if (leap != steps)
			break;
	}
	ok(leap == steps, "%s: a leap grants what its steps grant", name);
}

typedef struct CountCase
{
	const char	  *name;
	const RfTerms *terms;
	int			   count;
	int			   expected;
} CountCase;

static const CountCase deserved[] = {
	{"every 2: 0 deserve nothing", &every_two, 0, 0},
	{"every 2: 1 deserves nothing", &every_two, 1, 0},
	{"every 2: 5 deserve two", &every_two, 5, 2},
	{"every 3: 9 deserve three", &every_three, 9, 3},
	{"every 3: 8 deserve two", &every_three, 8, 2},
	{"milestones: thresholds up to the count", &milestones, 4, 4},
	{"milestones: 0 deserve none", &milestones, 0, 0},
};

static void
test_counts(const char		*what, int (*rule)(const RfTerms *, int),
			const CountCase *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		int got = rule(list[i].terms, list[i].count);

		ok(got == list[i].expected, "%s: %s (%d)", what, list[i].name, got);
	}
}

int
main(void)
{
	test_earned();
	test_leap("every 2", &every_two);
	test_leap("every 3", &every_three);
	test_leap("milestones", &milestones);
	test_counts("deserved", rf_rules_deserved, deserved, sizeof(deserved) / sizeof(deserved[0]));
	return tap_done();
}
