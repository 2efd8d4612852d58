#!/usr/bin/env bash
# links.sh: links that are followed over HTTP, beside nginx, which answers the same
# requests with a redirect it need not look up; in turns, in the same run.
#
# Each request of wrk is for the next one of many people's links, or all are for one
# person's. nginx and the listener are one process each. That every click was counted is
# checked.
#
#   BENCH_SECONDS of one run
#   BENCH_ROUNDS  runs of each
#   BENCH_CLIENTS connections
#   BENCH_PEOPLE  whose links are followed
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$BENCH/sending.sh"
source "$BENCH/listening.sh"

SECONDS_HTTP=${BENCH_SECONDS:-6}
ROUNDS=${BENCH_ROUNDS:-3}
CLIENTS=${BENCH_CLIENTS:-64}
PEOPLE=${BENCH_PEOPLE:-10000}
TARGET=0.3

declare -A RATES # "variant": one number for each run
declare -A P99

main() {
	export PATH="$PATH:/usr/sbin"
	have wrk || install_packages wrk
	have nginx || install_packages nginx-light
	prepare
	start_receiver
	start_listening
	heading "Links followed over HTTP beside nginx: a second, $CLIENTS connections"
	describe_machine
	measure_all
	report
}

start_listening() {
	LISTEN_PORT=$(free_port)
	start_cluster cluster "${STEADY[@]}" \
		"referral.listen = '127.0.0.1:$LISTEN_PORT/postgres'" \
		'referral.listen_rate = 0' \
		'referral.listen_max_connections_per_address = 0'
	sql -c 'SET client_min_messages = error' -c 'CREATE EXTENSION referral' \
		-c "INSERT INTO rf_campaign (slug, name, landing_url) VALUES ('spring', 'Spring', 'https://shop.example/welcome?lang=en')" \
		-c "INSERT INTO rf_participant (campaign_id, email, code) SELECT 1, 'l' || n || '@people.example', 'LINK' || n FROM generate_series(1, $PEOPLE) n" \
		-c 'VACUUM ANALYZE'
	await_listener
	TICKS=$(getconf CLK_TCK)
}

# ---- one run --------------------------------------------------------------

# Sets RATE and LATE, the 99th percentile in ms.
run_wrk() { # URL PEOPLE
	local errors
	LINKS_PEOPLE=$2 wrk -t 1 -c "$CLIENTS" -d "$SECONDS_HTTP" -s "$BENCH/links.lua" "$1" >"$WORK/wrk.log" 2>&1
	read -r RATE FOLLOWED errors _ LATE < <(sed -n 's/^RESULT //p' "$WORK/wrk.log")
	[ "${errors:-1}" -eq 0 ] || { cat "$WORK/wrk.log" >&2; die "$errors requests were not answered as they should"; }
}

run_nginx() { run_wrk "${RECEIVER%/*}" "$PEOPLE"; }

# Sets COST too: the listener's CPU, in µs for each link.
run_listener() { # PEOPLE
	local before=0 listener
	before=$(clicks)
	listener=$(sql -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'referral listener'")
	local ticks=$((-$(process_ticks "$listener")))
	run_wrk "http://127.0.0.1:$LISTEN_PORT" "$1"
	ticks=$((ticks + $(process_ticks "$listener")))
	COST=$(calculate "$ticks * 1000000 / $TICKS / $FOLLOWED" 1)
	await_clicks $((before + FOLLOWED))
}

clicks() { sql -c 'SELECT coalesce(sum(clicks), 0) FROM rf_click'; }

# Who was led on when time was up, without wrk waiting for it, was counted, too.
await_clicks() { # COUNT
	local end=$((SECONDS + 10))
	until [ "$(clicks)" -ge "$1" ]; do
		[ $SECONDS -lt $end ] || die "$1 links were followed, $(clicks) clicks were counted"
		sleep 0.2
	done
	[ "$(clicks)" -le $(($1 + CLIENTS)) ] || die "$1 links were followed, $(clicks) clicks were counted"
}

# ---- all of it ------------------------------------------------------------

measure_all() {
	local round
	run_listener "$PEOPLE" # to warm up
	sql -c 'VACUUM ANALYZE'
	for ((round = 0; round < ROUNDS; round++)); do
		run_nginx && keep nginx
		run_listener "$PEOPLE" && keep many
		run_listener 1 && keep one
	done
}

keep() { # VARIANT
	RATES[$1]+=" $RATE"
	P99[$1]+=" $LATE"
	[ "$1" = nginx ] || COSTS[$1]+=" $COST"
}
declare -A COSTS

# shellcheck disable=SC2086 # lists of numbers
report() {
	local many one
	printf '%-28s %10s %10s %10s %8s\n' '' 'a second' 'p99, ms' 'CPU, µs' ratio
	row nginx nginx ''
	row many "links of $PEOPLE people" "$(median ${COSTS[many]})"
	row one 'the link of one' "$(median ${COSTS[one]})"
	say
	many=$(ratio many)
	one=$(ratio one)
	judge "links of $PEOPLE people by nginx" "$many" 'at least' "$TARGET"
	judge 'the link of one by nginx' "$one" 'at least' "$TARGET"
}

# shellcheck disable=SC2086 # lists of numbers
row() { # VARIANT TITLE COST
	printf '%-28s %10.0f %10.1f %10s %8s\n' "$2" "$(median ${RATES[$1]})" "$(median ${P99[$1]})" "$3" "$(ratio "$1")"
}

# shellcheck disable=SC2086 # lists of numbers
ratio() { calculate "$(median ${RATES[$1]}) / $(median ${RATES[nginx]})"; } # VARIANT

main "$@"
