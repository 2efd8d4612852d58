#!/usr/bin/env bash
# age.sh: does the queue age? How long the worker's reads of the outbox take (auto_explain
# in the worker's own process) while bursts of events come in: with nothing else there,
# with a million deliveries waiting for another endpoint, and after as many were sent while
# a session holds an old snapshot.
#
#   BENCH_BACKLOG   deliveries that wait, or were sent
#   BENCH_BURSTS    bursts of 100 events
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/sending.sh"

BACKLOG=${BENCH_BACKLOG:-1000000}
BURSTS=${BENCH_BURSTS:-200}
DELIVERIES=$BACKLOG
IN_FLIGHT=64
PATIENCE=1200
TARGET=1.2

main() {
	prepare_sending "shared_preload_libraries = 'referral, auto_explain'" \
		'auto_explain.log_nested_statements = on' 'auto_explain.log_min_duration = -1'
	heading "Reads of the outbox, $BURSTS bursts of 100 events"
	measure_all
}

# What the reads of pages and of payloads took, sorted.
reads() { # WHAT, a pattern of the query
	awk -v what="$1" '/LOG:  duration: / { ms = $0; sub(/.*duration: /, "", ms); sub(/ ms.*/, "", ms); next }
		/Query Text:/ && $0 ~ what { print ms }' "$WORK/explained" | sort -g
}

percentile() { # P, of sorted lines
	awk -v p="$1" '{ v[NR] = $1 } END { i = int(NR * p / 100 + 0.999); print v[i < 1 ? 1 : i] }'
}

explain() { # on|off
	local least=-1
	[ "$1" = off ] || least=0
	sql -c "ALTER SYSTEM SET auto_explain.log_min_duration = $least" -c 'SELECT FROM pg_reload_conf()'
	sleep 1
}

# Sets P99 of the pages.
measure() { # NAME
	local log="$WORK/cluster/server.log" begin i
	explain on
	begin=$(stat -c %s "$log")
	for ((i = 0; i < BURSTS; i++)); do
		sql -c "INSERT INTO rf_participant (campaign_id, email)
			SELECT $CAMPAIGN, '$1-$i-' || n || '@example.com' FROM generate_series(1, 100) n"
	done
	await_sent
	tail -c +"$begin" "$log" >"$WORK/explained"
	explain off
	P99=$(reads 'rf_outbox +WHERE id >' | percentile 99)
	printf '%-28s %8s %8s %8s %10s %10s\n' "$1" "$(reads 'rf_outbox +WHERE id >' | wc -l)" \
		"$(reads 'rf_outbox +WHERE id >' | percentile 50)" "$P99" \
		"$(reads 'JOIN .*rf_event e ON e.id = w.id' | percentile 50)" \
		"$(reads 'JOIN .*rf_event e ON e.id = w.id' | percentile 99)"
}

await_sent() {
	local end=$((SECONDS + PATIENCE))
	until [ "$(sql -c "SELECT pending FROM rf_webhook_status WHERE webhook_id = $WEBHOOK")" = 0 ]; do
		[ $SECONDS -lt $end ] || die 'the bursts are not sent'
		sleep 0.2
	done
}

campaign() { sql -c "INSERT INTO rf_campaign (slug, name) VALUES ('$1', '$1') RETURNING id"; }
webhook() { sql -c "SELECT webhook_id FROM rf_create_webhook('$RECEIVER', '{referrer.joined}', campaign => '$1')"; }

measure_all() {
	local fresh waiting pinned slow
	CAMPAIGN=$(campaign bursts)
	WEBHOOK=$(webhook bursts)
	printf '%-28s %8s %8s %8s %10s %10s\n' '' reads 'p50 ms' 'p99 ms' 'load p50' 'load p99'
	measure fresh >/dev/null
	measure empty
	fresh=$P99

	# A million wait for an endpoint that takes one in a thousand seconds.
	campaign slow >/dev/null
	slow=$(webhook slow)
	sql -c "UPDATE rf_webhook SET rate_limit = 0.001 WHERE id = $slow" \
		-c "INSERT INTO rf_participant (campaign_id, email)
			SELECT c.id, 'slow' || n || '@example.com' FROM rf_campaign c, generate_series(1, $BACKLOG) n WHERE slug = 'slow'"
	await_sent
	sleep 5
	measure backlog
	waiting=$P99

	# They are sent while somebody holds a snapshot from before.
	coproc HOLDER { psql -X -q -At; }
	printf '%s\n' 'BEGIN ISOLATION LEVEL REPEATABLE READ;' 'SELECT count(*) FROM rf_campaign;' >&"${HOLDER[1]}"
	read -r _ <&"${HOLDER[0]}"
	sql -c "UPDATE rf_webhook SET rate_limit = NULL, max_in_flight = 64 WHERE id = $slow"
	await_recorded "$slow"
	measure snapshot
	pinned=$P99
	say
	judge 'p99 with a backlog beside none' "$(calculate "$waiting / $fresh")" 'at most' "$TARGET"
	judge 'p99 under an old snapshot beside none' "$(calculate "$pinned / $fresh")" 'at most' "$TARGET"
}

main "$@"
