#!/usr/bin/env bash
# views.sh: how long the views take in one large campaign: warm, the median of
# several reads, and the first read after a restart of the server.
#
#   BENCH_PEOPLE   in the campaign
#   BENCH_ROUNDS   warm reads of each
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PEOPLE=${BENCH_PEOPLE:-1000000}
ROUNDS=${BENCH_ROUNDS:-7}
TARGET=100 # ms; views that take longer say so in their comments

QUESTIONS=(
	'rf_campaign_stats, all columns|SELECT * FROM rf_campaign_stats WHERE campaign_id = 1'
	'rf_campaign_stats, people|SELECT joined, invited, pending, qualified, held FROM rf_campaign_stats WHERE campaign_id = 1'
	'rf_campaign_stats, rewarded|SELECT rewarded FROM rf_campaign_stats WHERE campaign_id = 1'
	'rf_campaign_rewards|SELECT * FROM rf_campaign_rewards WHERE campaign_id = 1'
	'rf_funnel|SELECT * FROM rf_funnel WHERE campaign_id = 1'
	'rf_daily_stats, the year|SELECT * FROM rf_daily_stats WHERE campaign_id = 1 ORDER BY day'
	"rf_daily_stats, a week|SELECT * FROM rf_daily_stats WHERE campaign_id = 1 AND day > '2026-12-24' ORDER BY day"
	'rf_leaderboard, top ten|SELECT * FROM rf_leaderboard WHERE campaign_id = 1 ORDER BY rank LIMIT 10'
	"rf_leaderboard, a month|SELECT * FROM rf_leaderboard('views', '2026-12-01') LIMIT 10"
	"rf_leaderboard, a day|SELECT * FROM rf_leaderboard('views', '2026-12-31') LIMIT 10"
	'rf_referral_tree, a person|SELECT * FROM rf_referral_tree WHERE participant_id = 999999'
	'rf_referral_tree, a page|SELECT * FROM rf_referral_tree WHERE campaign_id = 1 ORDER BY participant_id LIMIT 100'
	'rf_referral_tree, below one|SELECT * FROM rf_referral_tree(401)'
	'rf_reward_status, a person|SELECT * FROM rf_reward_status WHERE participant_id = 401'
	'rf_reward_status, a page|SELECT * FROM rf_reward_status WHERE campaign_id = 1 ORDER BY reward_id DESC LIMIT 100'
	'rf_approval, the next 100|SELECT * FROM rf_approval WHERE campaign_id = 1 LIMIT 100'
)

main() {
	prepare
	start_cluster cluster "${STEADY[@]}" "$NO_WORKER"
	sql -v people="$PEOPLE" -f "$BENCH/views.sql" >/dev/null

	heading "Views in a campaign of $PEOPLE people, ms"
	say "median of $ROUNDS warm reads, and the first after a restart"
	say
	printf '%-34s %10s %10s  %s\n' view warm first ''
	local question
	for question in "${QUESTIONS[@]}"; do
		show "${question%%|*}" "${question#*|}"
	done
}

show() { # NAME QUESTION
	local warm first
	sql -c "$2" >/dev/null
	# shellcheck disable=SC2046 # a list of numbers
	warm=$(median $(read_ms "$2" "$ROUNDS"))
	restart
	first=$(read_ms "$2" 1)
	printf '%-34s %10.1f %10.1f  %s\n' "$1" "$warm" "$first" \
		"$(awk "BEGIN { if ($warm > $TARGET) print \"above $TARGET\" }")"
}

restart() {
	as_server_user "$PG_BINDIR/pg_ctl" -D "$WORK/cluster" -l "$WORK/cluster/server.log" -w -m fast restart >/dev/null </dev/null ||
		die 'the server did not start again'
}

# One connection, all columns fetched.
read_ms() { # QUESTION TIMES
	local i commands=()
	for ((i = 0; i < $2; i++)); do commands+=(-c "$1"); done
	psql -X -c '\timing on' "${commands[@]}" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
}

main "$@"
