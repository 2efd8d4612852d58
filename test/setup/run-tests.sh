#!/usr/bin/env bash
# run-tests.sh [STAGE...]: everything that can be tested on this machine, set-up
# included; or the named stages of: checks, unit, regress, isolation, model, tap.
#
# A test is a file: a unit program, a pg_regress script, an isolation spec, a
# TAP script; or a block of seeds of test/model. A check (META.json, format) adds to the count only when it fails.
# What the tests wrote is left in build/test. The last line is
# "N passed, N failed"; no test at all is a failure.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PASSED=0
FAILED=0
EXECUTED=0
REPORTED=
STAGES=
RESULTS="$ROOT/build/test"

main() {
	STAGES="${*:-checks unit regress isolation model tap}"
	need_packages build tap model clients
	make_work test
	mkdir "$WORK/log"

	if wanted checks; then
		check META.json bash test/setup/check-meta.sh "$(version)"
		check format bash test/setup/format.sh check
	fi
	if wanted tap; then fetch_promtool; fi
	if build; then run_stages; fi
	report
}

build() {
	heading build
	if ( build_and_install ); then return; fi
	count 0 1 'the build'
	return 1
}

run_stages() {
	copy_tree "$WORK/tree"
	stage unit count_prove run_unit
	start_cluster cluster 'fsync = off'
	stage regress count_regress in_tree make installcheck ISOLATION=
	stage isolation count_regress in_tree make installcheck REGRESS=
	stage model count_model run_model
	stop_cluster cluster || true
	unset PGHOST PGPORT PGUSER PGDATABASE
	make_small_volume
	install_clients
	stage tap count_prove in_tree make check-tap
	keep_results
}

# ---- one stage ------------------------------------------------------------

heading() { say; say "== $1"; }

wanted() { [[ " $STAGES " == *" $1 "* ]]; }

run_unit() { make -s PG_CONFIG="$PG_CONFIG" check-unit; }

# 60 to 90 seconds. The seeds are always the same ones, so that a failure here
# comes from a change; test/model/run.sh takes others.
run_model() {
	SEEDS=500 BLOCK=125 MODES=whole bash test/model/run.sh &&
		SEEDS=200 MODES=each bash test/model/run.sh &&
		SEEDS=200 CONNECTIONS=4 bash test/model/run.sh
}

in_tree() { as_server_user "$@" -s -C "$WORK/tree" PG_CONFIG="$PG_CONFIG"; }

stage() { # NAME COUNTER CMD...
	local name=$1 counter=$2 log="$WORK/log/$1.log" status=0 job
	wanted "$name" || return 0
	shift 2
	heading "$name"
	: >"$log"
	run_behind "$@" >"$log" 2>&1
	job=$LAST_JOB
	run tail -n +1 -f -s 0.2 --pid="$job" "$log" || true
	wait "$job" || status=$?
	$counter "$name" "$log" "$status"
}

# Senders' own packages. Without them their test is skipped, which is a failure here.
install_clients() {
	wanted tap || return 0
	if ( install_node_packages test/clients ); then
		cp -R test/clients/node_modules "$WORK/tree/test/clients/"
		if is_root; then chown -R "$SERVER_USER" "$WORK/tree/test/clients"; fi
	else
		count 0 1 'the packages of test/clients'
	fi
}

# A file system that can be filled up, if we may make one.
make_small_volume() {
	wanted tap && is_root || return 0
	mkdir "$WORK/small"
	if mount -t tmpfs -o size=40m,mode=777 tmpfs "$WORK/small" 2>/dev/null; then
		export REFERRAL_SMALL_VOLUME="$WORK/small"
	fi
}

# check NAME CMD...: exit status 77 means that it could not be made.
check() {
	local name=$1 status=0
	shift
	heading "$name"
	"$@" || status=$?
	case $status in
	0) say ok ;;
	77) say skipped ;;
	*) count 0 1 "$name" ;;
	esac
}

# ---- counting -------------------------------------------------------------

count() { # PASSED FAILED NAME
	PASSED=$((PASSED + $1))
	FAILED=$((FAILED + $2))
	say "$3: $1 passed, $2 failed"
}

# A stage that ends badly without naming a failed test has failed all the same.
count_stage() { # NAME STATUS PASSED FAILED
	local failed=$4
	EXECUTED=$((EXECUTED + $3 + $4))
	if [ "$2" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
	count "$3" "$failed" "$1"
	[ "$failed" -eq 0 ] || show_failure "$1"
}

matches() { grep -cE "$1" "$2" || true; }

# pg_regress speaks TAP since PostgreSQL 16.
count_regress() { # NAME LOG STATUS
	count_stage "$1" "$3" \
		"$(matches '^ok [0-9]+ |^(test|    ) .* \.\.\. ok' "$2")" \
		"$(matches '^not ok [0-9]+ |^(test|    ) .* \.\.\. FAILED' "$2")"
}

count_model() { # NAME LOG STATUS
	count_stage "$1" "$3" "$(matches '^ok [0-9]+ ' "$2")" "$(matches '^not ok [0-9]+ ' "$2")"
}

# prove names a file once as it runs, and a failed one again in its summary. A
# skipped file counts on neither side.
count_prove() { # NAME LOG STATUS
	count_stage "$1" "$3" \
		"$(matches ' \.+ ok( |$)' "$2")" \
		"$(matches ' +\(Wstat: ' "$2")"
}

# ---- what failed, and how ------------------------------------------------

show_failure() { # NAME
	case $1 in
	regress) show_file "$WORK/tree/regression.diffs" head ;;
	isolation) show_file "$WORK/tree/output_iso/regression.diffs" head ;;
	tap)
		local log
		for log in $(failed_tap_logs); do show_file "$log" tail; done
		;;
	esac
}

failed_tap_logs() {
	local name
	sed -n 's,^\(.*[^ ]\) *(Wstat: .*,\1,p' "$WORK/log/tap.log" | while read -r name; do
		ls "$WORK/tree/tmp_check/log/"*"_$(basename "$name" .pl)"* 2>/dev/null || true
	done
}

show_file() { # FILE head|tail
	[ -s "$1" ] || return 0
	say "---- $(basename "$1")"
	if [ "$2" = head ]; then head -n 400 "$1"; else tail -n 60 "$1"; fi
}

keep_results() {
	local part
	rm -rf "$RESULTS"
	mkdir -p "$RESULTS"
	cp "$WORK"/log/* "$RESULTS"
	for part in results regression.diffs output_iso tmp_check/log; do
		[ ! -e "$WORK/tree/$part" ] || cp -R "$WORK/tree/$part" "$RESULTS/"
	done
}

report() {
	say
	if [ "$EXECUTED" -eq 0 ] && [ "$FAILED" -eq 0 ]; then
		say 'no test was executed'
		FAILED=$((FAILED + 1))
	fi
	summary
	[ "$FAILED" -eq 0 ]
}

summary() {
	REPORTED=yes
	say "$PASSED passed, $FAILED failed"
}

# Interrupted, or no server to be had: what is not finished has failed.
at_leave() {
	[ -z "${REFERRAL_SMALL_VOLUME:-}" ] || umount -l "$REFERRAL_SMALL_VOLUME" 2>/dev/null || true
	[ -z "$REPORTED" ] || return 0
	FAILED=$((FAILED + 1))
	summary
}

main "$@"
