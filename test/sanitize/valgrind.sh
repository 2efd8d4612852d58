#!/usr/bin/env bash
# valgrind.sh [TEST...]: TAP tests of sending, the named files or those below, on
# a server under Valgrind's memcheck, which sees what AddressSanitizer does not:
# memory that is read before it was written.
#
# Everything takes some thirty times as long, so tests that wait for clocks of
# the outside world, and those that need many deliveries, are not among them.
# An error with a function of ours in its stack fails the run even where the
# tests pass; others are counted. What was reported is left in build/valgrind.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
source test/sanitize/server.sh

TESTS=(100_signed_requests 101_retries 102_hostile_endpoints 104_commit_order 105_two_databases
	110_one_stops_all 130_rotated_secrets 140_formats 212_erase_deliveries)
RESULTS="$ROOT/build/valgrind"

main() {
	local status=0
	need_packages build tap model
	prepare_server valgrind
	put_wrapper
	copy_checkout valgrind
	export PG_CONFIG
	make_work valgrind
	# The server's user writes here too.
	mkdir -m 1777 "$WORK/reports"
	[ $# -gt 0 ] || set -- "${TESTS[@]/%/.pl}"
	export VALGRIND_REPORTS="$WORK/reports" PROVE_TESTS="${*/#/test/t/}"
	export PG_TEST_TIMEOUT_DEFAULT=${PG_TEST_TIMEOUT_DEFAULT:-3000}
	export REFERRAL_TEST_SLOWNESS=${REFERRAL_TEST_SLOWNESS:-50}
	run bash "$TREE/test/setup/run-tests.sh" tap || status=$?
	keep_results
	show_errors || status=1
	return $status
}

put_wrapper() {
	local bin="$SANITIZED/valgrind/postgresql/bin"
	[ -e "$bin/postgres.plain" ] || mv "$bin/postgres" "$bin/postgres.plain"
	install -m 755 test/sanitize/postgres.sh "$bin/postgres"
	install -m 644 "$(source_tree)/src/tools/valgrind.supp" "$bin/../valgrind.supp"
}

keep_results() {
	rm -rf "$RESULTS"
	mkdir -p "$RESULTS"
	[ ! -d "$TREE/build/test" ] || cp -R "$TREE/build/test/." "$RESULTS"
	cp -R "$WORK/reports" "$RESULTS/"
}

# Errors are parted by lines that are empty but for "==PID==".
show_errors() {
	cat "$RESULTS"/reports/* 2>/dev/null | sed 's/^==[0-9]*== \{0,1\}//' | awk -v ours="$TREE/src/" '
		BEGIN { RS = ""; FS = "\n" }
		!/(^|\n) +at 0x/ { next }
		index($0, ours) { print $0 "\n"; ours_found++; next }
		{ elsewhere++ }
		END {
			printf "%d errors in our code, %d elsewhere\n", ours_found, elsewhere
			exit ours_found > 0
		}'
}

main "$@"
