/*
 * share.h
 *	  Shares: the parts into which the webhooks of a database are divided among
 *	  its workers. Pure.
 *
 * The number of shares is fixed, so that a webhook keeps its share for ever and
 * only shares move when workers come and go. The hash multiplies by the golden
 * ratio: the ids of any few webhooks made one after the other, or one of each
 * pair, spread evenly over the range of shares, which a random hash would not do.
 */
#ifndef RF_SHARE_H
#define RF_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define RF_SHARES 64

/* Who holds this share does what a database needs done once: time's work, the
 * emptying of tables. */
#define RF_SHARE_KEEPER 0

/* A set of shares, as bits. */
typedef uint64_t RfShareSet;

#define RF_SHARES_NONE		UINT64_C(0)
#define RF_SHARES_ALL		(~RF_SHARES_NONE)
#define RF_SHARE_BIT(share) (UINT64_C(1) << (share))

static inline int
rf_share_of(int64_t webhook_id)
{
	return (int) ((((uint64_t) webhook_id & 0x7fffffff) * 2654435769u & 0xffffffff) >> 26);
}

static inline bool
rf_share_is_in(RfShareSet set, int64_t webhook_id)
{
	return (set & RF_SHARE_BIT(rf_share_of(webhook_id))) != 0;
}

/* The same in SQL; the set is a bigint. */
#define RF_SHARE_IS_IN(set, webhook_id) \
	" ((" set " >> (((" webhook_id " & 2147483647) * 2654435769 & 4294967295) >> 26)::integer)" \
	" & 1) = 1"

#endif /* RF_SHARE_H */
