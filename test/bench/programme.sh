#!/usr/bin/env bash
# programme.sh: signing up and qualifying, beside hand-written PL/pgSQL of the
# same effect (baseline.sql), taking turns in one run.
#
#   BENCH_TRANSACTIONS   of one run with synchronous_commit on (off: twice)
#   BENCH_ROUNDS         runs of each variant
#   BENCH_CLIENTS        numbers of clients
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$BENCH/statements.sh"

TRANSACTIONS=${BENCH_TRANSACTIONS:-4000}
ROUNDS=${BENCH_ROUNDS:-3}
read -r -a CLIENTS <<<"${BENCH_CLIENTS:-1 4 8}"
TARGET=0.9

SHOWN=    # is the head of the table out?
RATIOS=() # of rates, all that were shown

main() {
	prepare
	start_quiet_cluster
	sql -v supply="$(supply)" -f "$BENCH/programme.sql" >/dev/null
	write_scripts
	warm_up plpgsql-join insert join plpgsql-qualify qualify

	heading "Sign-up and qualify beside PL/pgSQL: transactions a second, CPU µs of the backend for each"
	say "pgbench -M prepared, median of $ROUNDS runs, fsync on, library preloaded, no worker"
	say
	measure_all
	report
}

# Every qualification needs somebody who has not qualified.
supply() {
	echo $(((TRANSACTIONS * 3 * ROUNDS * ${#CLIENTS[@]} / 10000 + 3) * 10000))
}

# ---- what is measured -----------------------------------------------------

write_scripts() {
	local person="'p' || :run || '-' || :client_id || '-' || :n || '@example.com'"
	local referrer="'R' || :referrer" pick='\set referrer random(10000, 19999)'
	local code="'Q' || :who" next='\set who :first + :n * :clients + :client_id'
	script insert "$pick" \
		"INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES (1, $person, $referrer);"
	script join "$pick" \
		"SELECT * FROM rf_join('bench', $person, referred_by => $referrer);"
	script plpgsql-join "$pick" \
		"SELECT * FROM baseline.sign_up('bench', $person, $referrer);"
	script qualify "$next" "SELECT * FROM rf_qualify($code);"
	script plpgsql-qualify "$next" "SELECT * FROM baseline.qualify($code);"
}

measure_all() {
	local sync clients
	for sync in on off; do
		for clients in "${CLIENTS[@]}"; do
			measure_turns "$sync" "$clients" plpgsql-join insert join plpgsql-qualify qualify
			show_cell "$sync" "$clients"
		done
	done
}

# ---- what came out --------------------------------------------------------

show_cell() { # SYNC CLIENTS
	[ ${#SHOWN} -gt 0 ] || printf '%-28s %-5s %8s %10s %10s %7s %9s %9s %7s\n' \
		statement sync clients referral PL/pgSQL ratio 'CPU' 'PL/pgSQL' ratio
	SHOWN=1
	show_line 'INSERT INTO rf_participant' insert plpgsql-join "$@"
	show_line rf_join join plpgsql-join "$@"
	show_line rf_qualify qualify plpgsql-qualify "$@"
}

show_line() { # NAME VARIANT BASELINE SYNC CLIENTS
	local ours theirs our_cpu their_cpu ratio
	ours=$(rate "$2" "$4" "$5")
	theirs=$(rate "$3" "$4" "$5")
	our_cpu=$(cpu "$2" "$4" "$5")
	their_cpu=$(cpu "$3" "$4" "$5")
	ratio=$(calculate "$ours / $theirs")
	RATIOS+=("$ratio")
	printf '%-28s %-5s %8d %10.0f %10.0f %7s %9.0f %9.0f %7s\n' "$1" "$4" "$5" \
		"$ours" "$theirs" "$ratio" "$our_cpu" "$their_cpu" "$(calculate "$our_cpu / $their_cpu")"
}

# A statement that did less than it says would be no match: each of them gives
# one reward and tells of two events.
check_effect() { # SCHEMA
	local found
	found=$(sql -F ' ' -c "SET search_path = $1" -c "
		WITH made (n) AS (
			SELECT count(*) FILTER (WHERE email_key LIKE 'p%') + count(*) FILTER (WHERE state = 'qualified')
			FROM rf_participant)
		SELECT n > 0, (SELECT count(*) FROM rf_reward) = n, (SELECT count(*) FROM rf_event) = 2 * n,
			(SELECT count(*) FROM rf_outbox_0) = 2 * n,
			(SELECT sum(invited_count) FROM rf_participant) = (SELECT count(referrer_id) FROM rf_participant),
			(SELECT sum(qualified_count) FROM rf_participant) = (SELECT count(*) FROM rf_participant WHERE state = 'qualified')
		FROM made")
	[ "$found" = 't t t t t t' ] || die "schema $1 is not what the statements should have left: $found"
}

report() {
	check_effect public
	check_effect baseline
	say
	judge 'median of the ratios of rates' "$(median "${RATIOS[@]}")" 'at least' "$TARGET"
	judge 'lowest of them' "$(printf '%s\n' "${RATIOS[@]}" | sort -g | head -n 1)" 'at least' "$TARGET"
}

main "$@"
