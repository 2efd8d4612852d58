#!/usr/bin/env bash
# memory.sh: does a worker that lives on grow? The same worker drains the outbox again
# and again; what is its own memory after each time?
#
#   BENCH_DELIVERIES   of one drain
#   BENCH_ROUNDS       drains
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/sending.sh"

DELIVERIES=${BENCH_DELIVERIES:-100000}
ROUNDS=${BENCH_ROUNDS:-10}
IN_FLIGHT=64
TARGET=1.1

main() {
	prepare_sending
	heading "One worker, $ROUNDS drains of $DELIVERIES deliveries"
	measure
}

measure() {
	local round anon first
	printf '%-6s %13s %14s\n' drain deliveries/s 'own memory'
	for ((round = 1; round <= ROUNDS; round++)); do
		drain "$round"
		anon=$(memory_kib "$WORKER" RssAnon)
		# The first drain makes plans, buffers and connections.
		[ "$round" -ne 2 ] || first=$anon
		printf '%-6s %13s %10s KiB\n' "$round" "$RATE" "$anon"
	done
	say
	judge 'last beside second' "$(calculate "$anon / ${first:-$anon}")" 'at most' "$TARGET"
}

main "$@"
