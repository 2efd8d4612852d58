#!/usr/bin/env bash
# drain.sh: how fast one worker empties a full outbox into nginx, beside what
# libcurl alone does with the same requests (limit.c), in turns.
#
# People are copied in by one transaction, so that all deliveries wait when the
# worker hears of the first. Each is claimed, signed, sent, and recorded.
#
#   BENCH_DELIVERIES   of one drain
#   BENCH_ROUNDS       drains
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/sending.sh"

DELIVERIES=${BENCH_DELIVERIES:-50000}
ROUNDS=${BENCH_ROUNDS:-3}
IN_FLIGHT=64
TARGET=0.50
TARGET_MIB=64

main() {
	prepare_sending
	heading "Drain of $DELIVERIES deliveries to nginx, $IN_FLIGHT in flight"
	measure_all
}

# ---- all of it ------------------------------------------------------------

measure_all() {
	local round rates=() limits=() cpus=() peak=0 private=0
	printf '%-6s %11s %8s %10s %9s %9s %9s %14s %10s\n' drain deliveries/s wall CPU 'peak RSS' 'of it shm' \
		limit/s 'limit CPU, way' ratio
	for ((round = 1; round <= ROUNDS; round++)); do
		[ "$round" -eq 1 ] || renew_worker
		drain "$round"
		limit "$(body_bytes)"
		printf '%-6s %11s %6s s %7s µs %5s MiB %5s MiB %9s %5s µs, %-5s %10s\n' "$round" "$RATE" "$WALL" "$MICROSECONDS" \
			$((PEAK / 1024)) $((SHARED / 1024)) "$LIMIT" "$LIMIT_CPU" "$LIMIT_WAY" "$(calculate "$RATE / $LIMIT")"
		rates+=("$RATE") limits+=("$LIMIT") cpus+=("$MICROSECONDS")
		[ "$PEAK" -le "$peak" ] || peak=$PEAK
		[ $((PEAK - SHARED)) -le "$private" ] || private=$((PEAK - SHARED))
	done
	say
	say "payload: $(body_bytes) bytes; CPU for a delivery: $(median "${cpus[@]}") µs; one transaction wrote them in $COPIED s"
	judge 'medians of drain and limit' "$(calculate "$(median "${rates[@]}") / $(median "${limits[@]}")")" 'at least' "$TARGET"
	judge "peak memory without shared buffers, MiB (with: $((peak / 1024)))" $((private / 1024)) 'at most' "$TARGET_MIB"
}

main "$@"
