# shellcheck shell=bash
# statements.sh: what programme.sh and rules.sh share: statements that take turns
# in one cluster, each of them one transaction. Rates by pgbench, CPU from the
# server's processes. Source it after common.sh; TRANSACTIONS (of one run with
# synchronous_commit on; off: twice), ROUNDS (runs of each) and CLIENTS (numbers
# of them) are set by whoever does.

RUN=0                # numbers the runs: e-mails are made from it
declare -A FIRST     # "variant": first person it may still qualify
declare -A RATES CPU # "variant sync clients": one number for each run

# No process of the cluster ends during a run but its backends.
start_quiet_cluster() {
	start_cluster cluster "${STEADY[@]}" "$NO_WORKER"
	POSTMASTER=$(head -n 1 "$WORK/cluster/postmaster.pid")
	ALONE=$(sql -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type <> 'client backend'")
	TICKS=$(getconf CLK_TCK)
}

script() { # NAME LINE...
	local name=$1
	shift
	printf '%s\n' '\set n :n + 1' "$@" >"$WORK/$name.pgbench"
}

# Statements planned for empty tables would scan them whole ever after, which
# autovacuum prevents in production.
warm_up() { # VARIANT...
	local variant
	for variant in "$@"; do
		run_pgbench "$variant" off 1 $((TRANSACTIONS / 2)) >/dev/null
	done
	sql -c 'VACUUM ANALYZE'
}

# The variants take turns, so that what the machine does besides hits all of them.
measure_turns() { # SYNC CLIENTS VARIANT...
	local sync=$1 clients=$2 round variant
	shift 2
	sql -c 'VACUUM' -c 'CHECKPOINT'
	for ((round = 0; round < ROUNDS; round++)); do
		for variant in "$@"; do
			measure "$variant" "$sync" "$clients"
		done
	done
}

measure() { # VARIANT SYNC CLIENTS
	local each=$((TRANSACTIONS / $3)) before after
	[ "$2" = on ] || each=$((each * 2))
	before=$(settled_ticks)
	run_pgbench "$1" "$2" "$3" "$each"
	after=$(settled_ticks)
	RATES[$1 $2 $3]+=" $RATE"
	CPU[$1 $2 $3]+=" $(calculate "($after - $before) * 1e6 / $TICKS / ($each * $3)" 1)"
}

# Sets RATE.
run_pgbench() { # VARIANT SYNC CLIENTS TRANSACTIONS-OF-EACH
	RUN=$((RUN + 1))
	PGOPTIONS="-c synchronous_commit=$2" pgbench -n -M prepared -c "$3" -j 1 -t "$4" \
		-D n=0 -D run="$RUN" -D clients="$3" -D first="${FIRST[$1]:-0}" \
		-f "$WORK/$1.pgbench" >"$WORK/pgbench.log" 2>&1 ||
		{ cat "$WORK/pgbench.log" >&2; die "pgbench failed: $1"; }
	RATE=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$WORK/pgbench.log")
	FIRST[$1]=$((${FIRST[$1]:-0} + ($4 + 1) * $3))
}

# Once the backends are gone, what they used stands in the postmaster's account.
settled_ticks() {
	while [ "$(children "$POSTMASTER")" -gt "$ALONE" ]; do sleep 0.02; done
	ended_children_ticks "$POSTMASTER"
}

# shellcheck disable=SC2086 # a list of numbers
rate() { median ${RATES[$1 $2 $3]}; } # VARIANT SYNC CLIENTS
# shellcheck disable=SC2086
cpu() { median ${CPU[$1 $2 $3]}; } # VARIANT SYNC CLIENTS
