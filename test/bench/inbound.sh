#!/usr/bin/env bash
# inbound.sh: people who qualify over HTTP, beside pgbench calling rf_qualify() for as
# many others with as many connections; in turns, in one cluster, with fsync on and
# off.
#
# Each request of wrk is about another person; that all of them were told so, and that
# their rows say so, is checked. What a backend spends on its first calls is not held
# against pgbench: its first seconds are left out.
#
#   BENCH_SECONDS      of one run over HTTP
#   BENCH_TRANSACTIONS of one run of pgbench
#   BENCH_ROUNDS       runs of each
#   BENCH_CLIENTS      connections
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$BENCH/listening.sh"

SECONDS_HTTP=${BENCH_SECONDS:-6}
TRANSACTIONS=${BENCH_TRANSACTIONS:-32000}
ROUNDS=${BENCH_ROUNDS:-3}
CLIENTS=${BENCH_CLIENTS:-64}
WARM_UP=2 # seconds of pgbench that do not count
TARGET=0.5
MOST=12000 # a second: nobody qualifies as many

FIRST=0          # person who comes next
declare -A RATES CPU # "variant fsync": one number for each run

main() {
	have wrk || install_packages wrk
	have curl || install_packages curl
	prepare
	start_bench_cluster
	heading "Qualifications over HTTP beside pgbench: a second, $CLIENTS connections"
	warm_up
	measure_all http simple prepared
	restart_with_two
	warm_up
	measure_all http2
	report
}

# No process of the server's has room but the launcher and the listeners: what is to
# be sent stays where it is.
start_bench_cluster() {
	LISTEN_PORT=$(free_port)
	TICKS=$(getconf CLK_TCK)
	start_cluster cluster "${STEADY[@]}" \
		'max_connections = 200' \
		'max_logical_replication_workers = 0' \
		'max_worker_processes = 2' \
		"referral.listen = '127.0.0.1:$LISTEN_PORT/postgres'" \
		'referral.listen_rate = 0' \
		'referral.listen_max_connections_per_address = 0'
	sql -v supply="$(supply)" -f "$BENCH/campaign.sql" >/dev/null
	sql -c 'VACUUM ANALYZE'
	TOKEN=$(sql -c "SELECT token FROM rf_create_inbound_token('bench')")
	await_listener
}

# Every qualification needs somebody who has not qualified.
supply() {
	local http=$((MOST * SECONDS_HTTP / 2)) pgbench=$((TRANSACTIONS + CLIENTS))
	echo $((((2 + 4 * ROUNDS) * http + 4 * ROUNDS * pgbench) / 10000 * 10000 + 10000))
}

restart_with_two() {
	stop_cluster cluster
	printf '%s\n' 'referral.listeners = 2' 'max_worker_processes = 3' >>"$WORK/cluster/postgresql.conf"
	as_server_user "$PG_BINDIR/pg_ctl" -D "$WORK/cluster" -l "$WORK/cluster/server.log" -w start >/dev/null </dev/null
	await_listener
}

# ---- one run --------------------------------------------------------------

# Sets RATE and MICROSECONDS, of CPU for each.
run_http() {
	local qualified other example before
	before=$(listener_ticks)
	QUALIFY_PATH="/webhook/$TOKEN/qualify" QUALIFY_FIRST=$FIRST \
		wrk -t 1 -c "$CLIENTS" -d "$SECONDS_HTTP" -s "$BENCH/inbound.lua" "http://127.0.0.1:$LISTEN_PORT" >"$WORK/wrk.log" 2>&1
	read -r RATE qualified other example < <(sed -n 's/^RESULT //p' "$WORK/wrk.log")
	[ "${other:-1}" -eq 0 ] || { cat "$WORK/wrk.log" >&2; die "$other requests were not answered as they should: $example"; }
	MICROSECONDS=$(calculate "($(listener_ticks) - $before) * 1e6 / $TICKS / $qualified" 1)
	check_qualified "$FIRST" "$qualified"
	FIRST=$((FIRST + qualified + 4 * CLIENTS))
}

# Who was answered when time was up, without wrk waiting for it, is there too.
check_qualified() { # FIRST COUNT
	local found
	found=$(sql -c "SELECT count(*) FROM rf_participant
		WHERE code_key IN (SELECT 'Q' || n FROM generate_series($1, $1 + $2 + 4 * $CLIENTS - 1) n) AND state = 'qualified'")
	if [ "$found" -lt "$2" ] || [ "$found" -gt $(($2 + CLIENTS)) ]; then
		die "$2 were told that they qualified, $found have"
	fi
}

# The same.
run_pgbench() { # PROTOCOL
	local each=$((TRANSACTIONS / CLIENTS)) before
	before=$(backend_ticks)
	printf '%s\n' '\set n :n + 1' '\set who :first + :n * :clients + :client_id' \
		"SELECT * FROM rf_qualify('Q' || :who);" >"$WORK/qualify.pgbench"
	pgbench -n -M "$1" -c "$CLIENTS" -j 1 -t "$each" -P 1 -D n=-1 -D clients="$CLIENTS" -D first="$FIRST" \
		-f "$WORK/qualify.pgbench" >"$WORK/pgbench.log" 2>&1 ||
		{ cat "$WORK/pgbench.log" >&2; die 'pgbench failed'; }
	RATE=$(steady_rate <"$WORK/pgbench.log")
	MICROSECONDS=$(calculate "($(backend_ticks) - $before) * 1e6 / $TICKS / ($each * $CLIENTS)" 1)
	check_qualified "$FIRST" $((each * CLIENTS))
	FIRST=$((FIRST + each * CLIENTS))
}

listener_ticks() {
	local pid sum=0
	for pid in $(sql -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'referral listener'"); do
		sum=$((sum + $(process_ticks "$pid")))
	done
	echo "$sum"
}

# Of backends that ended, once all have; their first calls included.
backend_ticks() {
	local postmaster
	postmaster=$(head -n 1 "$WORK/cluster/postmaster.pid")
	while [ "$(sql -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")" -gt 1 ]; do sleep 0.1; done
	ended_children_ticks "$postmaster"
}

# The seconds after the first ones, and before those in which clients were done.
steady_rate() {
	awk -v skip="$WARM_UP" '/^progress:/ { n++; if (n > skip) { sum += before; count += n > skip + 1; before = $4 } }
		/^tps = / { whole = $3 } END { rate = count > 0 ? sum / count : whole; printf "%.1f", rate }'
}

# ---- all of it ------------------------------------------------------------

# Statements planned for empty tables would scan them whole ever after, which
# autovacuum prevents in production.
warm_up() {
	run_http
	sql -c 'VACUUM ANALYZE'
}

measure_all() { # VARIANT...
	local fsync round variant
	for fsync in on off; do
		sql -c "ALTER SYSTEM SET fsync = $fsync" -c 'SELECT pg_reload_conf()' -c 'VACUUM' -c 'CHECKPOINT' >/dev/null
		for ((round = 0; round < ROUNDS; round++)); do
			for variant in "$@"; do measure "$variant" "$fsync"; done
		done
	done
}

measure() { # VARIANT FSYNC
	case $1 in
	http*) run_http ;;
	*) run_pgbench "$1" ;;
	esac
	RATES[$1 $2]+=" $RATE"
	CPU[$1 $2]+=" $MICROSECONDS"
}

# shellcheck disable=SC2086 # a list of numbers
rate() { median ${RATES[$1 $2]}; } # VARIANT FSYNC
# shellcheck disable=SC2086
cpu() { median ${CPU[$1 $2]}; } # VARIANT FSYNC

report() {
	local fsync
	printf '%-6s %10s %14s %10s %10s %8s %8s\n' fsync listener 'two listeners' simple prepared ratio ratio
	for fsync in on off; do
		printf '%-6s %10.0f %14.0f %10.0f %10.0f %8s %8s\n' "$fsync" "$(rate http $fsync)" "$(rate http2 $fsync)" \
			"$(rate simple $fsync)" "$(rate prepared $fsync)" "$(ratio $fsync simple)" "$(ratio $fsync prepared)"
	done
	say
	for fsync in on off; do
		say "fsync $fsync: CPU of the server for each, µs: listener $(cpu http $fsync), backends $(cpu simple $fsync) and $(cpu prepared $fsync)"
	done
	say
	for fsync in on off; do
		judge "fsync $fsync: one listener by pgbench, simple" "$(ratio $fsync simple)" 'at least' "$TARGET"
		judge "fsync $fsync: one listener by pgbench, prepared" "$(ratio $fsync prepared)" 'at least' "$TARGET"
	done
}

ratio() { calculate "$(rate http "$1") / $(rate "$2" "$1")"; } # FSYNC PROTOCOL

main "$@"
