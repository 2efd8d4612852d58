/*
 * event_type.h
 *	  The kinds of events, their names, and the patterns that stand for them.
 */
#ifndef RF_EVENT_TYPE_H
#define RF_EVENT_TYPE_H

typedef enum RfEventType
{
	RF_EVENT_REFERRER_JOINED,
	RF_EVENT_INVITED_JOINED,
	RF_EVENT_INVITED_QUALIFIED,
	RF_EVENT_INVITED_UNQUALIFIED,
	RF_EVENT_INVITED_EXPIRED,
	RF_EVENT_INVITED_HELD,
	RF_EVENT_REWARD_PENDING,
	RF_EVENT_REWARD_DUE,
	RF_EVENT_REWARD_ISSUED,
	RF_EVENT_REWARD_FULFILLED,
	RF_EVENT_REWARD_FAILED,
	RF_EVENT_REWARD_CANCELLED,
	RF_EVENT_REWARD_REJECTED,
	RF_EVENT_REWARD_CLAWED_BACK,
	RF_EVENT_COUPON_LOW,
	RF_EVENT_WEBHOOK_DISABLED,
	RF_EVENT_WEBHOOK_EXHAUSTED,
	RF_EVENT_WEBHOOK_TEST,
	RF_EVENT_NONE, /* nothing to tell */
} RfEventType;

#define RF_EVENT_TYPES	   (RF_EVENT_WEBHOOK_TEST + 1)
#define RF_EVENT_BIT(type) (1u << (type))

extern const char *rf_event_name(RfEventType type);

/* Is it an exact name, a group such as "reward.*", or "*"? */
extern bool rf_event_pattern_is_known(const char *pattern);

/* The types a known pattern stands for, as RF_EVENT_BITs. */
extern uint32 rf_event_pattern_types(const char *pattern);

/*
 * The same for all patterns of a text[]; nulls stand for none. Raises 22023 for
 * one that is not known.
 */
extern uint32 rf_event_patterns_types(Datum patterns);

/* The event that tells that a reward reached this state. */
extern RfEventType rf_event_of_reward(const char *state);

#endif /* RF_EVENT_TYPE_H */
