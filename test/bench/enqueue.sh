#!/usr/bin/env bash
# enqueue.sh: does a session that has written events for long still commit as fast?
# One session, one event a transaction; the first and the last tenth are compared.
#
#   BENCH_ENQUEUES   how many
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

ENQUEUES=${BENCH_ENQUEUES:-1000000}
TARGET=1.1

main() {
	prepare
	start_cluster cluster "${STEADY[@]}" "$NO_WORKER" "synchronous_commit = off"
	sql -c 'SET client_min_messages = error' -c 'CREATE EXTENSION referral'
	sql -c "INSERT INTO rf_campaign (slug, name) VALUES ('enqueue', 'Enqueue')" \
		-c "SELECT FROM rf_create_webhook('https://example.com/', '{referrer.joined}')" \
		-c 'CREATE SEQUENCE person'
	heading "$ENQUEUES enqueues in one session"
	measure
}

measure() {
	local ratio first last
	cat >"$WORK/enqueue.sql" <<-'SQL'
		SELECT rf_join('enqueue', 'person' || nextval('person') || '@example.com');
	SQL
	(cd "$WORK" && pgbench -n -c 1 -t "$ENQUEUES" -M prepared -f enqueue.sql -l --log-prefix=enqueue \
		--aggregate-interval=1 >pgbench.log 2>&1) || { cat "$WORK/pgbench.log" >&2; die 'pgbench failed'; }
	read -r first last < <(cat "$WORK"/enqueue.* | grep -E '^[0-9]+ [0-9]+' | mean_of_tenths)
	printf 'mean, µs: first tenth %s, last tenth %s\n\n' "$first" "$last"
	ratio=$(calculate "$last / $first")
	judge 'last beside first' "$ratio" 'at most' "$TARGET"
}

# Lines of pgbench: second, transactions, sum of latencies, ...
mean_of_tenths() {
	awk '{ n[NR] = $2; sum[NR] = $3 }
		END {
			k = int(NR / 10) > 0 ? int(NR / 10) : 1
			for (i = 1; i <= k; i++) { a += sum[i]; an += n[i]; b += sum[NR + 1 - i]; bn += n[NR + 1 - i] }
			printf "%.1f %.1f\n", a / an, b / bn
		}'
}

main "$@"
