#!/usr/bin/env bash
# run.sh: a referral programme from CREATE EXTENSION to the webhooks, on a
# throw-away cluster, with a receiver that is not ours. Exit status 0 only if
# every expected webhook arrived and none was refused by the receiver.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

DEMO="$ROOT/test/demo"
PATIENCE=60 # seconds for the last webhook to arrive

main() {
	need_packages build demo
	make_work demo
	install_node_packages "$DEMO"
	build_and_install
	mkdir "$WORK/desk"
	cp "$DEMO"/*.csv "$WORK/desk"
	cd "$WORK/desk"

	start_cluster cluster \
		"shared_preload_libraries = 'referral'" \
		"referral.allow_http = on" \
		"referral.allowed_networks = '127.0.0.0/8'"
	start_receiver
	run sql --echo-all -v receiver="http://127.0.0.1:$(cat receiver.port)" -f "$DEMO/programme.sql"
	await_webhooks || true
	show_arrived
	run sql --echo-all -f "$DEMO/report.sql"
	verdict
}

sql() { psql -X -q -v ON_ERROR_STOP=1 -P pager=off "$@"; }

start_receiver() {
	run_behind node "$DEMO/receiver.mjs"
	RECEIVER=$LAST_JOB
	local i
	for ((i = 0; i < 100; i++)); do
		[ ! -s receiver.port ] || return 0
		kill -0 "$RECEIVER" 2>/dev/null || break
		sleep 0.1
	done
	die 'the receiver did not start'
}

# ---- what must arrive, and what did ---------------------------------------

# One line for each webhook and event that it asked for.
expect() {
	sql -At -F ' ' -c "
		SELECT '/everything', rf_message_id(home, id) FROM rf_event
		UNION ALL
		SELECT '/rewards', rf_message_id(home, id) FROM rf_event WHERE type LIKE 'reward.%'
	" | sort >expected.txt
}

# An event may arrive more than once; it counts once.
arrive() { cut -f 1,2 --output-delimiter=' ' received.tsv | sort -u >arrived.txt; }

all_arrived() {
	expect
	arrive
	[ -s expected.txt ] && cmp -s expected.txt arrived.txt
}

await_webhooks() {
	local end=$((SECONDS + PATIENCE))
	until all_arrived; do
		[ $SECONDS -lt $end ] && [ ! -s rejected.tsv ] || return 1
		sleep 0.3
	done
}

show_arrived() {
	say
	say '==== What arrived, verified by the standardwebhooks package'
	say
	sort -u received.tsv | cut -f 1,3 | sort | uniq -c | awk '{ printf "%6d  %-12s %s\n", $1, $2, $3 }'
}

verdict() {
	local missing unknown
	missing=$(comm -23 expected.txt arrived.txt | wc -l)
	unknown=$(comm -13 expected.txt arrived.txt | wc -l)
	say
	if [ -s rejected.tsv ]; then
		say 'refused by the receiver:'
		head -n 10 rejected.tsv
	fi
	say "$(wc -l <expected.txt) webhooks expected, $missing missing, $unknown unknown, $(wc -l <rejected.tsv) refused"
	if [ "$missing" -gt 0 ]; then tail -n 20 "$WORK/cluster/server.log"; fi
	[ -s expected.txt ] && [ "$missing" -eq 0 ] && [ "$unknown" -eq 0 ] && [ ! -s rejected.tsv ]
}

main "$@"
