#!/usr/bin/env bash
# compare.sh: one worker beside what a team would otherwise run on Node: graphile-worker
# and pg-boss with undici, the same database, receiver and number of messages, in turns.
#
#   BENCH_DELIVERIES   of one drain
#   BENCH_ROUNDS       rounds of all three
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/sending.sh"

DELIVERIES=${BENCH_DELIVERIES:-50000}
ROUNDS=${BENCH_ROUNDS:-3}
IN_FLIGHT=64
TARGET=2.0
RIVALS=(graphile-worker pg-boss)
NODE="$BENCH/node"

main() {
	need_packages demo
	prepare_sending
	install_node_packages "$NODE"
	heading "$DELIVERIES messages to the same nginx: referral and $(versions)"
	measure_all
}

versions() {
	local package
	for package in "${RIVALS[@]}" undici; do
		printf '%s %s, ' "$package" "$(node -p "require('$NODE/node_modules/$package/package.json').version")"
	done
	printf 'Node %s' "$(node --version)"
}

# A fresh database for each: no queue has to live with what another left behind.
rival() { # NAME ROUND; prints RATE CPU FAILED
	local database="rival_$2_${1//-/_}"
	sql -c "CREATE DATABASE $database"
	PGDATABASE=$database node "$NODE/rival.mjs" "$1" "$RECEIVER" "$DELIVERIES" "$(body_bytes)"
	sql -c "DROP DATABASE $database WITH (FORCE)"
}

measure_all() {
	local round name rate cpu failed
	declare -A rates=()
	printf '%-16s %6s %13s %14s\n' queue round deliveries/s 'sender CPU'
	for ((round = 1; round <= ROUNDS; round++)); do
		[ "$round" -eq 1 ] || renew_worker
		drain "$round"
		row referral "$round" "$RATE" "$MICROSECONDS"
		rates[referral]+=" $RATE"
		for name in "${RIVALS[@]}"; do
			read -r rate cpu failed <<<"$(rival "$name" "$round")"
			[ "${failed:-1}" -eq 0 ] || die "$name: requests failed"
			row "$name" "$round" "$rate" "$cpu"
			rates[$name]+=" $rate"
		done
	done
	verdict
}

row() { printf '%-16s %6s %13s %11s µs\n' "$@"; }

verdict() {
	local name best=0 this
	for name in "${RIVALS[@]}"; do
		# shellcheck disable=SC2086
		this=$(median ${rates[$name]})
		say "$name: median $this/s"
		! awk "BEGIN { exit !($this > $best) }" || best=$this
	done
	# shellcheck disable=SC2086
	this=$(median ${rates[referral]})
	say "referral: median $this/s"
	judge 'beside the better of the two' "$(calculate "$this / $best")" 'at least' "$TARGET"
}

main "$@"
