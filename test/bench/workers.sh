#!/usr/bin/env bash
# workers.sh: how fast one, two and more workers (referral.workers) empty the same
# full outbox into nginx, in turns. What a second worker can bring is bounded by the
# processors: the receiver and the server's other processes want theirs, too.
#
#   BENCH_WORKERS      numbers of workers to compare
#   BENCH_WEBHOOKS     that share the deliveries
#   BENCH_DELIVERIES   of one drain
#   BENCH_ROUNDS       drains of each
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/sending.sh"

WORKERS=${BENCH_WORKERS:-1 2}
WEBHOOKS=${BENCH_WEBHOOKS:-8}
DELIVERIES=${BENCH_DELIVERIES:-48000}
ROUNDS=${BENCH_ROUNDS:-3}
IN_FLIGHT=64

main() {
	local round n
	prepare_sending 'max_worker_processes = 24'
	heading "Drain of $DELIVERIES deliveries of $WEBHOOKS webhooks, $(getconf _NPROCESSORS_ONLN) processors"
	printf '%-6s %8s %13s %8s\n' round workers deliveries/s CPU
	for ((round = 1; round <= ROUNDS; round++)); do
		for n in $WORKERS; do
			set_workers "$n"
			drain_shared "$round-$n"
			printf '%-6s %8s %13s %5s µs\n' "$round" "$n" "$RATE" "$MICROSECONDS"
			echo "$RATE" >>"$WORK/rates.$n"
		done
	done
	compare_with_one
}

set_workers() { # N
	local end=$((SECONDS + 30)) settled
	sql -c "ALTER SYSTEM SET referral.workers = $1" -c 'SELECT FROM pg_reload_conf()'
	until settled=$(sql -c "SELECT sum(shares) = 64 AND count(pid) = $1 FROM rf_workers()") && [ "$settled" = t ]; do
		[ $SECONDS -lt $end ] || die "no $1 workers: $(sql -c 'SELECT * FROM rf_workers()')"
		sleep 0.2
	done
}

# Ticks of processor time that all workers have had.
workers_ticks() {
	local pid sum=0
	for pid in $(sql -c 'SELECT pid FROM rf_workers() WHERE pid IS NOT NULL'); do
		sum=$((sum + $(process_ticks "$pid")))
	done
	echo "$sum"
}

# Sets RATE and MICROSECONDS of CPU, of all workers together.
drain_shared() { # NAME
	local campaign before i
	campaign=$(sql -c "INSERT INTO rf_campaign (slug, name) VALUES ('drain-$1', 'Drain $1') RETURNING id")
	for ((i = 0; i < WEBHOOKS; i++)); do
		sql -c "SELECT FROM rf_create_webhook('$RECEIVER', '{referrer.joined}', campaign => 'drain-$1')"
	done
	sql -c "UPDATE rf_webhook SET max_in_flight = $IN_FLIGHT WHERE campaign_id = $campaign"
	before=$(workers_ticks)
	sql -c "INSERT INTO rf_participant (campaign_id, email, name)
		SELECT $campaign, 'person' || n || '@example.com', 'Somebody With A Name ' || n || repeat(' and another', 5)
		FROM generate_series(1, $((DELIVERIES / WEBHOOKS))) n"
	await_shared "$campaign"
	MICROSECONDS=$(calculate "($(workers_ticks) - $before) * 1e6 / $TICKS / $DELIVERIES" 1)
	RATE=$(sql -c "SELECT round(count(*) / extract(epoch FROM
			max(a.started_at + a.total_us * interval '1 us') - min(a.started_at)))
		FROM rf_attempt a JOIN rf_webhook w ON w.id = a.webhook_id
		WHERE w.campaign_id = $campaign AND a.outcome = 'success'")
}

await_shared() { # CAMPAIGN
	local end=$((SECONDS + PATIENCE)) count
	while count=$(sql -c "SELECT count(*) FROM rf_attempt a JOIN rf_webhook w ON w.id = a.webhook_id
			WHERE w.campaign_id = $1") && [ "$count" -lt "$DELIVERIES" ]; do
		[ $SECONDS -lt $end ] || die "only $count deliveries after $PATIENCE s"
		sleep 0.3
	done
}

compare_with_one() {
	local n rates=() one=
	say
	for n in $WORKERS; do
		mapfile -t rates <"$WORK/rates.$n"
		rates=("$(median "${rates[@]}")")
		one=${one:-${rates[0]}}
		say "$n workers: ${rates[0]}/s, $(calculate "${rates[0]} / $one") times the first"
	done
}

main "$@"
