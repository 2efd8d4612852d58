/*
 * rules.c
 *	  See rules.h.
 */
#include "program/rules.h"

static const RfEarned nothing = {RF_EARNED_NOTHING, 0, 0};

static RfEarned
earned_ordinals(int every, RfMove move)
{
	RfEarned earned = {
		RF_EARNED_ORDINALS, move.before / every + 1, move.after / every};

	return earned.first <= earned.last ? earned : nothing;
}

static RfEarned
earned_thresholds(const RfTerms *terms, RfMove move)
{
	RfEarned earned = {RF_EARNED_THRESHOLDS, 0, -1};

	while (earned.first < terms->nthresholds &&
		   terms->thresholds[earned.first] <= move.before)
		earned.first++;
	earned.last = earned.first - 1;
	while (earned.last + 1 < terms->nthresholds &&
		   terms->thresholds[earned.last + 1] <= move.after)
		earned.last++;
	return earned.first <= earned.last ? earned : nothing;
}

RfEarned
rf_rules_earned(const RfTerms *terms, RfMove move)
{
	static const RfEarned subject = {RF_EARNED_SUBJECT, 0, 0};
	static const RfEarned recurrence = {RF_EARNED_RECURRENCE, 0, 0};

	if (!terms->active || terms->earned_on != move.what || move.after <= move.before)
		return nothing;
	if (terms->kind == RF_MILESTONE)
		return earned_thresholds(terms, move);
	if (terms->kind == RF_RECURRING)
		return recurrence;
	return terms->every == 1 ? subject : earned_ordinals(terms->every, move);
}

int
rf_rules_deserved(const RfTerms *terms, int count)
{
	return terms->kind == RF_MILESTONE ? count : count / terms->every;
}
