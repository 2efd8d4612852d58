#!/usr/bin/env bash
# run.sh: random operations on the database and on an independent model of the
# rules, which must agree (see model.py). A sequence that fails is made short and
# printed as SQL.
#
#   SEEDS=1000          sequences, one for each seed
#   FIRST=1             the first seed
#   BLOCK=100           seeds of one test, which is a line "ok" or "not ok"
#   CONNECTIONS=1       more: several at once (see crowd.py)
#   MODES='whole each'  on one connection. whole: a sequence in one transaction,
#                       rolled back; each: a transaction for each operation
#
# Without PGHOST it builds and makes a cluster of its own. With it, the server
# there is used, and its database "model" made anew.
set -euo pipefail
GIVEN=("${PGHOST:-}" "${PGPORT:-5432}" "${PGUSER:-postgres}")
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

main() {
	need_packages build model
	if [ -n "${GIVEN[0]}" ]; then
		export PGHOST=${GIVEN[0]} PGPORT=${GIVEN[1]} PGUSER=${GIVEN[2]}
		make_database
		exec "${REPLAY[@]}"
	fi
	make_work model
	build_and_install
	start_cluster cluster 'fsync = off'
	make_database
	run "${REPLAY[@]}"
}

make_database() {
	export PGDATABASE=model PGOPTIONS='-c client_min_messages=error'
	psql -X -q -v ON_ERROR_STOP=1 -d postgres -c 'DROP DATABASE IF EXISTS model' -c 'CREATE DATABASE model'
	psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION referral'
	REPLAY=("$(python_for_model)" -B "$ROOT/test/model/run.py" --seeds "${SEEDS:-1000}" --first "${FIRST:-1}"
		--block "${BLOCK:-100}" --connections "${CONNECTIONS:-1}" --modes "${MODES:-whole each}")
}

main "$@"
