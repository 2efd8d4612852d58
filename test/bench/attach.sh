#!/usr/bin/env bash
# attach.sh: what an attached table costs the rows that are no referral, beside
# the same table bare: INSERTs of one row, by pgbench, and of many in one
# statement; and an UPDATE that completes no row.
#
#   BENCH_TRANSACTIONS   INSERTs of one row in one run
#   BENCH_ROWS           rows of the statements of many
#   BENCH_ROUNDS         runs of each
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

TRANSACTIONS=${BENCH_TRANSACTIONS:-20000}
ROWS=${BENCH_ROWS:-100000}
ROUNDS=${BENCH_ROUNDS:-5}

main() {
	prepare
	start_cluster cluster "${STEADY[@]}" "$NO_WORKER"
	sql -c "SET client_min_messages = error" -c "CREATE EXTENSION referral" \
		-c "INSERT INTO rf_campaign (slug, name, currency) VALUES ('bench', 'Bench', 'EUR')" \
		-c "CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer bigint,
			ref text, total numeric, note text, created_at timestamptz DEFAULT now())" \
		-c "CREATE TABLE attached (LIKE bare INCLUDING ALL)" \
		-c "SELECT rf_attach_purchases('attached', 'bench', code => 'ref', amount => 'total', external_id => 'id')" >/dev/null

	heading 'Rows of an attached table that are no referral, times the bare table'
	printf '%-32s %12s %12s %8s\n' statement attached bare ratio
	measure 'INSERT of one row, µs' one
	measure "INSERT of $ROWS rows, ms" many
	measure "UPDATE of $ROWS rows, ms" update
}

# The two take turns.
measure() { # NAME WHAT
	local round attached=() bare=()
	for ((round = 0; round < ROUNDS; round++)); do
		sql -c 'TRUNCATE bare, attached' -c CHECKPOINT
		bare+=("$("$2" bare)")
		attached+=("$("$2" attached)")
	done
	printf '%-32s %12s %12s %8s\n' "$1" "$(median "${attached[@]}")" "$(median "${bare[@]}")" \
		"$(calculate "$(median "${attached[@]}") / $(median "${bare[@]}")" 3)"
}

# Without waiting for the disk at commit, which would hide the difference.
one() { # TABLE
	echo "INSERT INTO $1 (customer, total, note) VALUES (1, 9.99, 'a note of usual length');" >"$WORK/one.pgbench"
	PGOPTIONS='-c synchronous_commit=off' pgbench -n -M prepared -t "$TRANSACTIONS" -f "$WORK/one.pgbench" 2>/dev/null |
		awk '/^latency average/ { print $4 * 1000 }'
}

many() { # TABLE
	milliseconds "INSERT INTO $1 (customer, total, note) SELECT n, 9.99, 'a note of usual length' FROM generate_series(1, $ROWS) n"
}

update() { # TABLE
	many "$1" >/dev/null
	milliseconds "UPDATE $1 SET note = 'another note'"
}

milliseconds() { # STATEMENT
	sql -c '\timing on' -c "$1" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
}

main "$@"
