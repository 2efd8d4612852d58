/*
 * event_type.c
 *	  See event_type.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "program/event_type.h"

/* In the order of RfEventType. */
static const char *const event_names[RF_EVENT_TYPES] = {
	"referrer.joined", "invited.joined", "invited.qualified", "invited.unqualified",
	"invited.expired", "invited.held", "reward.pending", "reward.due", "reward.issued",
	"reward.fulfilled", "reward.failed", "reward.cancelled", "reward.rejected",
	"reward.clawed_back", "coupon.low", "webhook.disabled", "webhook.exhausted",
	"webhook.test"};

const char *
rf_event_name(RfEventType type)
{
	return event_names[type];
}

uint32
rf_event_pattern_types(const char *pattern)
{
	size_t length = strlen(pattern);
	bool   group = length > 0 && pattern[length - 1] == '*';
	uint32 types = 0;

	if (group && length > 1 && pattern[length - 2] != '.')
		return 0;
	for (int i = 0; i < RF_EVENT_TYPES; i++)
	{
		if (group ? strncmp(event_names[i], pattern, length - 1) == 0
				  : strcmp(event_names[i], pattern) == 0)
			types |= RF_EVENT_BIT(i);
	}
	return types;
}

bool
rf_event_pattern_is_known(const char *pattern)
{
	return rf_event_pattern_types(pattern) != 0;
}

uint32
rf_event_patterns_types(Datum patterns)
{
	Datum *elements;
	bool  *nulls;
	int	   n;
	uint32 types = 0;

	deconstruct_array(DatumGetArrayTypeP(patterns), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		char *pattern = nulls[i] ? NULL : TextDatumGetCString(elements[i]);

		if (pattern != NULL && !rf_event_pattern_is_known(pattern))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("event \"%s\" does not exist", pattern),
					 errhint("Use names such as \"invited.qualified\", groups such as \"reward.*\", or \"*\".")));
		if (pattern != NULL)
			types |= rf_event_pattern_types(pattern);
	}
	return types;
}

RfEventType
rf_event_of_reward(const char *state)
{
	for (int i = RF_EVENT_REWARD_PENDING; i <= RF_EVENT_REWARD_CLAWED_BACK; i++)
	{
		if (strcmp(event_names[i] + strlen("reward."), state) == 0)
			return (RfEventType) i;
	}
	elog(ERROR, "unexpected state \"%s\" of a reward", state);
}
