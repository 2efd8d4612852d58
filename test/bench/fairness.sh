#!/usr/bin/env bash
# fairness.sh: what endpoints cost each other. 99 endpoints get their deliveries with
# and without a troublesome one beside them, in turns: one that hangs, one with a
# backlog of 500,000, or 10,000 idle ones.
#
# Each measurement is a drain (a batch for all 99 in one transaction: deliveries a
# second, first to last) and a trickle (small transactions at a steady rate: from their
# begin to the start of the request).
#
#   BENCH_DELIVERIES   of one drain
#   BENCH_ROUNDS       measurements with, and as many without
#   BENCH_BACKLOG      of the endpoint that has one
#   BENCH_IDLE         idle endpoints
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$BENCH/sending.sh"

DELIVERIES=${BENCH_DELIVERIES:-20000}
ROUNDS=${BENCH_ROUNDS:-3}
BACKLOG=${BENCH_BACKLOG:-500000}
IDLE=${BENCH_IDLE:-10000}
IN_FLIGHT=64
OTHERS=99
TRICKLE=200 # transactions a second
SECONDS_OF_TRICKLE=10
TARGET_LOSS=0.95
TARGET_MS=10

main() {
	prepare_sending
	start_hung
	create_others
	heading "99 endpoints, with and without a troublesome one: drains of $DELIVERIES, trickles of $TRICKLE/s"
	measure_drain >"$WORK/warm" # plans, connections
	compare 'one hangs' hang unhang
	compare "one has $BACKLOG pending" pile_up clear_pile
	compare "$IDLE idle ones" add_idle remove_idle
}

# Takes connections, and never answers.
start_hung() {
	run_behind perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(Listen => 500, LocalAddr => "127.0.0.1") or die;
		open my $f, ">", $ARGV[0] or die; print $f $s->sockport; close $f;
		my @held; while (my $c = $s->accept) { push @held, $c }' "$WORK/hung"
	until [ -s "$WORK/hung" ]; do sleep 0.1; done
	HUNG="http://127.0.0.1:$(cat "$WORK/hung")/"
}

# A campaign for each endpoint, so that an event has one delivery.
create_endpoints() { # KIND COUNT URL
	sql -c "WITH c AS (
			INSERT INTO rf_campaign (slug, name)
			SELECT '$1-' || n, '$1' FROM generate_series(1, $2) n RETURNING id)
		INSERT INTO rf_webhook (campaign_id, name, url, events) SELECT id, '$1', '$3', '{referrer.joined}' FROM c"
}

create_others() { create_endpoints other "$OTHERS" "$RECEIVER"; }

# People of a kind's campaigns, in turn.
join_people() { # KIND COUNT
	JOINED=$((${JOINED:-0} + $2))
	sql -c "INSERT INTO rf_participant (campaign_id, email)
		SELECT c.ids[1 + n % cardinality(c.ids)], 'person' || n || '@example.com'
		FROM (SELECT array_agg(id) AS ids FROM rf_campaign WHERE name = '$1') c,
		generate_series($((JOINED - $2 + 1)), $JOINED) n"
}

# ---- the trouble -----------------------------------------------------------

hang() {
	create_endpoints hung 1 "$HUNG"
	join_people hung 1000
}
unhang() { sql -c "DELETE FROM rf_webhook WHERE name = 'hung'" -c "UPDATE rf_campaign SET name = 'past', slug = 'past-' || id WHERE name = 'hung'"; }

pile_up() {
	create_endpoints pile 1 "$RECEIVER"
	join_people pile "$BACKLOG"
	sleep 5 # the worker has read past it
}
clear_pile() { sql -c "DELETE FROM rf_webhook WHERE name = 'pile'" -c "UPDATE rf_campaign SET name = 'past', slug = 'past-' || id WHERE name = 'pile'"; }

add_idle() { create_endpoints idle "$IDLE" "$RECEIVER"; }
remove_idle() { sql -c "DELETE FROM rf_webhook WHERE name = 'idle'" -c "DELETE FROM rf_campaign WHERE name = 'idle'"; }

# ---- measuring -------------------------------------------------------------

last_event() { sql -c 'SELECT coalesce(max(id), 0) FROM rf_event'; }

# Attempts of the 99 to events after that one.
THEIRS="FROM rf_attempt a JOIN rf_webhook w ON w.id = a.webhook_id AND w.name = 'other' WHERE a.event_id >"

await_theirs() { # EVENT COUNT
	local end=$((SECONDS + PATIENCE)) count
	while count=$(sql -c "SELECT count(*) $THEIRS $1") && [ "$count" -lt "$2" ]; do
		[ $SECONDS -lt $end ] || die "only $count deliveries after $PATIENCE s"
		sleep 0.5
	done
}

# Deliveries a second, and microseconds of the worker's CPU for each.
measure_drain() {
	local event before
	event=$(last_event)
	before=$(process_ticks "$WORKER")
	join_people other "$DELIVERIES"
	await_theirs "$event" "$DELIVERIES"
	sql -c "SELECT round(count(*) / extract(epoch FROM
		max(started_at + total_us * interval '1 us') - min(started_at))) $THEIRS $event"
	calculate "($(process_ticks "$WORKER") - $before) * 1e6 / $TICKS / $DELIVERIES" 1
}

# Milliseconds: p50 and p99.
measure_trickle() {
	local event
	event=$(last_event)
	JOINED=$((JOINED + 1000000))
	cat >"$WORK/join.sql" <<-SQL
		\\set n random(1, $OTHERS)
		\\set person random(1, 1000000000)
		INSERT INTO rf_participant (campaign_id, email) VALUES (
			(SELECT id FROM rf_campaign WHERE slug = 'other-' || :n),
			'trickle' || :person || '-$JOINED-' || :client_id || '@example.com');
	SQL
	pgbench -n -f "$WORK/join.sql" -R "$TRICKLE" -T "$SECONDS_OF_TRICKLE" -c 2 >"$WORK/pgbench.log" 2>&1 ||
		die "$(cat "$WORK/pgbench.log")"
	await_theirs "$event" "$(sql -c "SELECT count(*) FROM rf_event WHERE id > $event")"
	sql -F ' ' -c "SELECT round(1e3 * percentile_cont(0.5) WITHIN GROUP (ORDER BY took)::numeric, 2),
			round(1e3 * percentile_cont(0.99) WITHIN GROUP (ORDER BY took)::numeric, 2)
		FROM (SELECT extract(epoch FROM a.started_at - e.created_at) AS took
			FROM rf_attempt a JOIN rf_event e ON e.id = a.event_id
			JOIN rf_webhook w ON w.id = a.webhook_id AND w.name = 'other' WHERE a.event_id > $event) t"
}

measure() { # 'with'|'without': appends to RATE_…, P50_…, P99_…
	local rate cpu p50 p99
	read -r rate cpu < <(measure_drain | xargs)
	JOINED=$((JOINED + DELIVERIES))
	read -r p50 p99 < <(measure_trickle)
	JOINED=$((JOINED + 2000000))
	printf '  %-8s %8s/s %8s µs   p50 %8s ms   p99 %8s ms\n' "$1" "$rate" "$cpu" "$p50" "$p99"
	declare -ga "RATE_$1+=($rate)" "P50_$1+=($p50)" "P99_$1+=($p99)"
}

# In turns.
compare() { # WHAT BEGIN END
	local round
	RATE_with=() RATE_without=() P50_with=() P50_without=() P99_with=() P99_without=()
	say "$1"
	for ((round = 1; round <= ROUNDS; round++)); do
		measure without
		"$2"
		measure with
		"$3"
	done
	judge 'deliveries a second of the others, with by without' \
		"$(calculate "$(median "${RATE_with[@]}") / $(median "${RATE_without[@]}")")" 'at least' "$TARGET_LOSS"
	judge 'added to their p50, ms' "$(calculate "$(median "${P50_with[@]}") - $(median "${P50_without[@]}")")" 'at most' "$TARGET_MS"
	judge 'added to their p99, ms' "$(calculate "$(median "${P99_with[@]}") - $(median "${P99_without[@]}")")" 'at most' "$TARGET_MS"
	say
}

main "$@"
