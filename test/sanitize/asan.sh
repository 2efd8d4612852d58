#!/usr/bin/env bash
# asan.sh [STAGE...]: the tests of run-tests.sh, all or the named ones, on a
# server under AddressSanitizer, with our code under it and UndefinedBehavior-
# Sanitizer.
#
# Both abort the process and write to files. A report fails the run even where
# the tests pass: some kill servers on purpose, and a crash may look like that.
# What was reported is left in build/asan.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
source test/sanitize/server.sh

STAGES=(unit regress isolation tap)
RESULTS="$ROOT/build/asan"
REPORTS="$RESULTS/reports"

main() {
	local status=0
	need_packages build tap model
	prepare_server asan
	copy_checkout asan
	export PG_CONFIG COPT='-fsanitize=address,undefined -fno-sanitize-recover=undefined'
	make_work asan
	# The server's user writes here too, and may not read the checkout.
	mkdir -m 1777 "$WORK/reports"
	# Debian's libcurl and libcrypto are not instrumented; they are not ours.
	export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1:quarantine_size_mb=32:log_path=$WORK/reports/report"
	export UBSAN_OPTIONS="print_stacktrace=1:abort_on_error=1:log_path=$WORK/reports/report"
	export PG_TEST_TIMEOUT_DEFAULT=${PG_TEST_TIMEOUT_DEFAULT:-600}
	export REFERRAL_TEST_SLOWNESS=${REFERRAL_TEST_SLOWNESS:-5}
	run bash "$TREE/test/setup/run-tests.sh" "${@:-${STAGES[@]}}" || status=$?
	keep_results
	show_reports || status=1
	return $status
}

keep_results() {
	rm -rf "$RESULTS"
	mkdir -p "$RESULTS"
	[ ! -d "$TREE/build/test" ] || cp -R "$TREE/build/test/." "$RESULTS"
	cp -R "$WORK/reports" "$REPORTS"
}

show_reports() {
	local report status=0
	for report in "$REPORTS"/*; do
		[ -e "$report" ] || { say 'no report of a sanitizer'; break; }
		say "---- $(basename "$report")"
		head -n 60 "$report"
		status=1
	done
	show_failed_assertions || status=1
	return $status
}

# The server aborts then, too, and this is for its log alone.
show_failed_assertions() {
	! grep -rh '^TRAP: ' "$RESULTS/log" 2>/dev/null
}

main "$@"
