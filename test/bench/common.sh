# shellcheck shell=bash
# common.sh: what the measurements share: a cluster, numbers from /proc, tables.
# Source it from bash with `set -euo pipefail`.

source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

BENCH="$ROOT/test/bench"

# Durable as in production, and no checkpoint or vacuum in the middle of a run.
STEADY=(
	"shared_buffers = 256MB"
	"max_wal_size = 8GB"
	"checkpoint_timeout = 1h"
	"autovacuum = off"
	"fsync = on"
	"shared_preload_libraries = 'referral'"
)

# Without a background worker nothing is sent, so that only the transactions
# themselves are measured, yet the library is loaded as in production.
NO_WORKER="max_worker_processes = 0"

# run.sh has built already when it calls the others.
prepare() {
	need_packages build
	make_work bench
	[ -n "${BENCH_BUILT:-}" ] || build_and_install
	export BENCH_BUILT=yes
}

sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# ---- the machine ----------------------------------------------------------

describe_machine() {
	printf '%s, %d cores; Linux %s; PostgreSQL %s; libcurl %s' \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
		"$(uname -r)" "$("$PG_CONFIG" --version | cut -d ' ' -f 2)" \
		"$(curl-config --version | cut -d ' ' -f 2)"
	! have nginx || printf '; nginx %s' "$(nginx -v 2>&1 | sed 's/.*nginx.//')"
	echo
}

# CPU time of children that ended, in ticks: the backends of a pgbench run that
# is over. A name in parentheses comes before the numbers.
ended_children_ticks() { # PID
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $14 + $15 }'
}

process_ticks() { # PID
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

children() { # PID: how many
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | awk -v parent="$1" '$2 == parent' | wc -l
}

memory_kib() { # PID FIELD, such as VmHWM
	sed -n "s/^$2:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$1/status"
}

# ---- numbers --------------------------------------------------------------

calculate() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }

median() { # NUMBER...
	printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

heading() { printf '\n==== %s\n\n' "$*"; }

judge() { # WHAT VALUE 'at least'|'at most' TARGET
	local relation='>='
	[ "$3" = 'at least' ] || relation='<='
	if awk "BEGIN { exit !($2 $relation $4) }"; then
		say "$1: $2, $3 $4: target met"
	else
		say "$1: $2, $3 $4: TARGET MISSED"
	fi
}
