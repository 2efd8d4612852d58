#!/usr/bin/env bash
# run.sh: two databases send to receivers of every temper while the server, its
# workers, the receivers and the tables are killed, restarted and changed under
# them. Then all calm down, and everything that was committed must have arrived,
# nothing else may have, and the server's log must hold nothing that was not done
# to it.
#
#   DURATION=600    seconds of trouble
#   PATIENCE=300    seconds for the rest to arrive afterwards
#   SOAK_SEED=...   random numbers as in another run
#   SOAK_ACTIONS=RE only the troubles of chaos.pl whose names match
#   SOAK_KEEP=DIR   keep the logs there
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

DURATION=${DURATION:-600}
PATIENCE=${PATIENCE:-300}
SOAK="$ROOT/test/soak"
BUSY=(shop club)
FAILED=0

main() {
	need_packages build demo
	make_work soak
	build_and_install
	cp -R "$SOAK" "$WORK/soak"
	DATA="$WORK/cluster"
	PORT=$(free_ports)
	start_cluster cluster \
		"shared_preload_libraries = 'referral'" \
		"referral.allow_http = on" \
		"referral.allowed_networks = '127.0.0.0/8'" \
		"max_prepared_transactions = 50" \
		"log_line_prefix = '%m [%p] %b/%d '" \
		"log_checkpoints = off" \
		"max_wal_size = 2GB"
	run_behind as_server_user bash -c "while :; do node soak/receiver.mjs $PORT; sleep 2; done 2>>receiver.err"
	set_up
	run_behind as_server_user perl soak/sample.pl "$DATA"
	local database
	for database in "${BUSY[@]}"; do load "$database"; done
	say "trouble for $DURATION seconds"
	run as_server_user perl soak/chaos.pl "$DURATION" "$DATA" "$PORT" || fail 'chaos ended early'
	calm_down
	verdict
}

at_leave() {
	[ -z "${SOAK_KEEP:-}" ] || { mkdir -p "$SOAK_KEEP"; cp "$WORK"/*.txt "$WORK"/*.out "$WORK"/*.err "$DATA/server.log" "$SOAK_KEEP" || true; }
}

# Two in a row that nobody listens to.
free_ports() {
	node -e "
		const { createServer } = require('node:net');
		const server = createServer().listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			createServer().on('error', () => process.exit(1)).listen(port + 1, '127.0.0.1', () => {
				console.log(port);
				process.exit();
			});
		});"
}

sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

set_up() {
	local database
	for database in "${BUSY[@]}"; do
		sql -c "CREATE DATABASE $database"
		sql -d "$database" -v database="$database" -v port="$PORT" -f "$SOAK/setup.sql"
	done
	sql -c 'CREATE DATABASE third'
	sql -d third -c 'CREATE EXTENSION referral'
}

# Clients that come again when the server was away, until there is a file "calm".
load() { # DATABASE
	clients "$1" -c 4 -R "${RATE:-25}" -T 20 -f soak/load/small.sql@8 -f soak/load/hot.sql@2 -f soak/load/rolled_back.sql@2 \
		-f soak/load/savepoint.sql@2 -f soak/load/rare.sql@1
	clients "$1" -c 3 -T 20 -f soak/load/prepared.sql
	clients "$1" -c 3 -T 20 -f soak/load/late.sql
	clients "$1" -c 1 -T 20 -f soak/load/burst.sql
}

clients() { # DATABASE ARGUMENT...
	run_behind as_server_user bash -c '
		while [ ! -e calm ]; do pgbench -n "${@:2}" "$1" >>load.out 2>&1 || sleep 0.5; done' clients "$@"
	CLIENTS+=("$LAST_JOB")
}

fail() {
	say "FAILED: $*"
	FAILED=1
}

# ---- afterwards -----------------------------------------------------------

calm_down() {
	as_server_user touch calm
	local job
	for job in "${CLIENTS[@]}"; do wait "$job" || true; done
	say "calm since $(date +%T)"
	local database gid
	sql -F ' ' -c 'SELECT database, gid FROM pg_prepared_xacts' | while read -r database gid; do
		sql -d "$database" -c "COMMIT PREPARED '$gid'" </dev/null
	done
	local end=$((SECONDS + PATIENCE))
	until all_sent; do
		[ $SECONDS -lt $end ] || { fail "still waiting after $PATIENCE seconds"; break; }
		sleep 2
	done
	say "nothing waits since $(date +%T)"
}

# A hold that ends makes an event by itself; tables of what was sent are emptied one a second.
all_sent() {
	local database
	for database in "${BUSY[@]}"; do
		[ "$(sql -d "$database" -c "SELECT (SELECT count(*) FROM rf_retry) + (SELECT count(*) FROM rf_reward WHERE state = 'pending')")" = 0 ] &&
			[ "$(sql -d "$database" -c 'SELECT pending + retrying + parked FROM rf_status')" = 0 ] &&
			[ "$(sql -d "$database" -c 'SELECT count(*) <= 10000 FROM rf_outbox')" = t ] || return 1
	done
}

verdict() {
	local database
	for database in "${BUSY[@]}"; do
		check_arrived "$database"
		check_state "$database"
	done
	if grep -q '^/copy/' "$WORK/received.txt"; then fail 'a copy was not silent'; fi
	check_idle
	say '' 'memory of the workers that lived longest (kB: first, last, most):'
	memory
	say '' 'outbox tables: how many files each had, and the largest (kB):'
	outbox
	say '' 'what was done:'
	sed -n 's/^\S* done: /  /p' "$WORK/chaos.txt"
	stop_cluster cluster
	if pgrep -f "^postgres: .*referral.*$WORK" >/dev/null; then fail 'a process is left'; fi
	say '' "the server's log:"
	perl "$SOAK/log.pl" "$DATA/server.log" || fail 'the log holds more than was done'
	[ "$FAILED" = 0 ] && say '' 'all well'
}

check_arrived() { # DATABASE
	local missing unknown strange total
	(
		cd "$WORK"
		sql -d "$1" -F ' ' -f "$SOAK/expected.sql" | sort -u >"expected-$1.txt"
		sql -d "$1" -c 'SELECT rf_message_id(home, id) FROM rf_event' | sort -u >"events-$1.txt"
		grep "^/$1/" received.txt | grep ' accepted$' | cut -d ' ' -f 1,2 | sort >"accepted-$1.txt"
		sort -u "accepted-$1.txt" >"once-$1.txt"
		grep "^/$1/" received.txt | cut -d ' ' -f 2 | sort -u >"arrived-$1.txt"
	)
	total=$(wc -l <"$WORK/expected-$1.txt")
	missing=$(comm -23 "$WORK/expected-$1.txt" "$WORK/once-$1.txt" | tee "$WORK/missing-$1.txt" | wc -l)
	unknown=$(comm -13 "$WORK/events-$1.txt" "$WORK/arrived-$1.txt" | tee "$WORK/unknown-$1.txt" | wc -l)
	strange=$(comm -13 "$WORK/expected-$1.txt" "$WORK/once-$1.txt" | grep -cv /changing || true)
	say '' "$1: $(wc -l <"$WORK/events-$1.txt") events, $total deliveries expected, $missing missing, $unknown of no event, $strange not wanted"
	say "  $(grep -c "^/$1/" "$WORK/received.txt") requests, of which accepted $(wc -l <"$WORK/accepted-$1.txt")," \
		"  accepted again $(uniq -d "$WORK/accepted-$1.txt" | wc -l)"
	[ "$missing" = 0 ] && [ "$unknown" = 0 ] && [ "$strange" = 0 ] || fail "$1: not what was committed"
}

check_state() { # DATABASE
	local what n
	while IFS='|' read -r what n; do
		[ "$n" = 0 ] || fail "$1: $what: $n"
	done < <(sql -d "$1" -f "$SOAK/state.sql")
}

ticks() { tail -n 30 "$WORK/samples.txt" | awk '{ last[$3] = $5 } END { for (pid in last) sum += last[pid]; print sum + 0 }'; }

check_idle() {
	sleep 5
	local before after
	before=$(ticks)
	sleep 10
	after=$(ticks)
	say '' "CPU of all workers in ten idle seconds: $((after - before)) hundredths of a second"
	[ $((after - before)) -lt 30 ] || fail 'workers are busy though nothing waits'
}

memory() {
	awk '{ if (!($3 in first)) { first[$3] = $4; born[$3] = $1; oid[$3] = $2 }
			last[$3] = $4; died[$3] = $1; if ($4 > most[$3]) most[$3] = $4 }
		END { for (pid in first) print died[pid] - born[pid] " s, database " oid[pid] ": " first[pid], last[pid], most[pid] }' \
		"$WORK/samples.txt" | sort -rn | head -n 8 | sed 's/^/  /'
	awk '$4 > most { most = $4 } END { print "  most of any worker: " most " kB" }' "$WORK/samples.txt"
}

outbox() {
	awk 'NF == 6 { table = $2 " " $3; if (!seen[table, $4]++) files[table]++; if ($5 > most[table]) most[table] = $5 }
		END { for (table in files) print "  " table ": " files[table] ", " most[table] + 0 " kB" }' "$WORK/outbox.txt" | sort
}

CLIENTS=()
main "$@"
