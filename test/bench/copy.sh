#!/usr/bin/env bash
# copy.sh: COPY of invited participants into a campaign with a rule and a
# webhook that match each of them, beside COPY of the same rows, the engine's
# columns given, into a bare copy of the table: same columns, checks and
# indexes, no trigger.
#
#   BENCH_ROWS     rows of one COPY; a thousand referrers share them
#   BENCH_ROUNDS   times each is repeated, each time in a new database
#   BENCH_MILLION  set: 1,000,000 rows once more, to see that time is linear
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

ROWS=${BENCH_ROWS:-100000}
ROUNDS=${BENCH_ROUNDS:-3}
TARGET=6

main() {
	prepare
	start_cluster cluster "${STEADY[@]}" "$NO_WORKER"
	sql -c 'CREATE DATABASE prepared'
	sql -d prepared -f "$BENCH/copy.sql"

	heading "COPY of invited participants, seconds"
	printf '%-10s %12s %12s %8s\n' rows referral 'bare copy' ratio
	local round ours=() bare=()
	for ((round = 0; round < ROUNDS; round++)); do
		copy_both "$ROWS"
		ours+=("$OURS")
		bare+=("$BARE")
	done
	OURS=$(median "${ours[@]}")
	BARE=$(median "${bare[@]}")
	show median
	say
	judge 'COPY into rf_participant, times the bare copy' "$(calculate "$OURS / $BARE")" 'at most' "$TARGET"
	[ -z "${BENCH_MILLION:-}" ] || compare_million "$OURS" "$BARE"
}

compare_million() { # SECONDS of ROWS, ours and bare
	say
	copy_both 1000000
	say "a row of the million costs $(calculate "$OURS / 1000000 / ($1 / $ROWS)") times as much as one of $ROWS" \
		"(in the bare copy $(calculate "$BARE / 1000000 / ($2 / $ROWS)") times)"
}

# Sets OURS and BARE.
copy_both() { # ROWS
	sql -c 'CREATE DATABASE target TEMPLATE prepared'
	sql -d target -c "COPY (
			SELECT 1, 'p' || n || '@example.com', 'R' || 1000 + n * 7919::bigint % 1000
			FROM generate_series(1, $1) n
		) TO '$WORK/ours.tsv'" -c CHECKPOINT
	OURS=$(copy_seconds 'rf_participant (campaign_id, email, referred_by)' ours.tsv)
	sql -d target -c "COPY (SELECT $(bare_columns) FROM rf_participant WHERE referrer_id IS NOT NULL ORDER BY id)
		TO '$WORK/bare.tsv'" -c CHECKPOINT
	BARE=$(copy_seconds "bare.rf_participant ($(bare_columns))" bare.tsv)
	check_effect "$1"
	sql -c 'DROP DATABASE target'
	show "$1"
}

# Both leave the number to the table.
bare_columns() {
	sql -d prepared -c "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = 'rf_participant'::regclass AND attnum > 0 AND attname <> 'id'"
}

copy_seconds() { # TABLE FILE
	psql -X -v ON_ERROR_STOP=1 -d target -c '\timing on' -c "COPY $1 FROM '$WORK/$2'" |
		sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | awk '{ print $1 / 1000 }'
}

# A fast COPY that did nothing would be no news.
check_effect() { # ROWS
	local found
	found=$(sql -d target -F ' ' -c "SELECT
		(SELECT sum(invited_count) FROM rf_participant), (SELECT count(*) FROM rf_reward),
		(SELECT count(*) FROM rf_event), (SELECT count(*) FROM rf_outbox)")
	[ "$found" = "$1 $1 $((2 * $1)) $((2 * $1))" ] ||
		die "COPY of $1 rows left these counts of invited, rewards, events, deliveries: $found"
}

show() { printf '%-10s %12.2f %12.2f %8s\n' "$1" "$OURS" "$BARE" "$(calculate "$OURS / $BARE")"; }

main "$@"
