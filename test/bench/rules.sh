#!/usr/bin/env bash
# rules.sh: joining and qualifying in a campaign with ten rules, three of which
# match, beside a campaign with one rule, which matches, taking turns in one run.
#
#   BENCH_TRANSACTIONS   of one run with synchronous_commit on (off: twice)
#   BENCH_ROUNDS         runs of each variant
#   BENCH_CLIENTS        numbers of clients
#   BENCH_LISTEN         false: no webhook wants the events
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$BENCH/statements.sh"

TRANSACTIONS=${BENCH_TRANSACTIONS:-4000}
ROUNDS=${BENCH_ROUNDS:-5}
read -r -a CLIENTS <<<"${BENCH_CLIENTS:-1 4}"
LISTEN=${BENCH_LISTEN:-true}
TARGET=1.6

VARIANTS=(join-one join-ten qualify-one qualify-ten)
COSTS=() # ratios of CPU, all that were shown

main() {
	prepare
	start_quiet_cluster
	sql -v supply="$(supply)" -v listen="$LISTEN" -f "$BENCH/rules.sql" >/dev/null
	write_scripts
	warm_up "${VARIANTS[@]}"

	heading "Ten rules, three of them matching, beside one: transactions a second, CPU µs of the backend for each"
	say "pgbench -M prepared, median of $ROUNDS runs, fsync on, library preloaded, no worker, a webhook that wants every event: $LISTEN"
	say
	printf '%-28s %-5s %8s %10s %10s %7s %9s %9s %7s\n' \
		statement sync clients 'one rule' 'ten rules' ratio 'CPU one' 'CPU ten' ratio
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
	local rules
	for rules in one ten; do
		script "join-$rules" '\set referrer random(10000, 19999)' \
			"INSERT INTO rf_participant (campaign_id, email, referred_by) VALUES ($(campaign "join-$rules"), $person, 'join-$rules-R' || :referrer);"
		script "qualify-$rules" '\set who :first + :n * :clients + :client_id' \
			"SELECT * FROM rf_qualify('qualify-$rules-Q' || :who);"
	done
}

campaign() { # SLUG
	sql -c "SELECT id FROM rf_campaign WHERE slug = '$1'"
}

measure_all() {
	local sync clients
	for sync in off on; do
		for clients in "${CLIENTS[@]}"; do
			measure_turns "$sync" "$clients" "${VARIANTS[@]}"
			show_line 'INSERT INTO rf_participant' join "$sync" "$clients"
			show_line rf_qualify qualify "$sync" "$clients"
		done
	done
}

# ---- what came out --------------------------------------------------------

# Both ratios say how many times the cost of one rule ten rules have.
show_line() { # NAME STATEMENT SYNC CLIENTS
	local one ten one_cpu ten_cpu cost
	one=$(rate "$2-one" "$3" "$4")
	ten=$(rate "$2-ten" "$3" "$4")
	one_cpu=$(cpu "$2-one" "$3" "$4")
	ten_cpu=$(cpu "$2-ten" "$3" "$4")
	cost=$(calculate "$ten_cpu / $one_cpu")
	COSTS+=("$cost")
	printf '%-28s %-5s %8d %10.0f %10.0f %7s %9.0f %9.0f %7s\n' "$1" "$3" "$4" \
		"$one" "$ten" "$(calculate "$one / $ten")" "$one_cpu" "$ten_cpu" "$cost"
}

# One reward for each person in the campaigns with one rule, three in those with
# ten; and an event for each of them and for the person, if anybody listens.
check_effect() {
	local found
	found=$(sql -F ' ' -c "
		WITH made AS (
			SELECT c.id, count(*) AS n, CASE WHEN c.slug LIKE '%-ten' THEN 3 ELSE 1 END AS matching
			FROM rf_campaign c
			JOIN rf_participant p ON p.campaign_id = c.id
			WHERE CASE WHEN c.slug LIKE 'join-%' THEN p.email_key LIKE 'p%' ELSE p.state = 'qualified' END
			GROUP BY c.id)
		SELECT count(*), bool_and(n > 0),
			bool_and((SELECT count(*) FROM rf_reward r JOIN rf_reward_rule u ON u.id = r.rule_id
				WHERE u.campaign_id = made.id) = n * matching),
			bool_and((SELECT count(*) FROM rf_event e WHERE e.campaign_id = made.id) =
				CASE WHEN $LISTEN THEN n * (matching + 1) ELSE 0 END)
		FROM made")
	[ "$found" = '4 t t t' ] || die "the statements did not leave what they should have: $found"
}

report() {
	check_effect
	say
	judge 'median of the ratios of CPU' "$(median "${COSTS[@]}")" 'at most' "$TARGET"
	judge 'highest of them' "$(printf '%s\n' "${COSTS[@]}" | sort -g | tail -n 1)" 'at most' "$TARGET"
}

main "$@"
