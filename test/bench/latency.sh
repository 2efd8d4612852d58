#!/usr/bin/env bash
# latency.sh: from COMMIT to the first byte at the receiver, when the worker is idle
# (latency.c).
#
#   BENCH_COMMITS   how many
#   BENCH_PAUSE     milliseconds between them
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

COMMITS=${BENCH_COMMITS:-1000}
PAUSE=${BENCH_PAUSE:-20}
TARGET_P50=3
TARGET_P99=10

main() {
	prepare
	build_probe
	start_cluster cluster "${STEADY[@]}" \
		"referral.allow_http = on" \
		"referral.allowed_networks = '127.0.0.0/8'"
	sql -c 'SET client_min_messages = error' -c 'CREATE EXTENSION referral'
	heading "From COMMIT to the first byte at the receiver: $COMMITS commits, $PAUSE ms apart"
	measure
}

build_probe() {
	"$(command -v cc || command -v gcc)" -O2 -o "$WORK/latency" "$BENCH/latency.c" \
		-I"$("$PG_CONFIG" --includedir)" -L"$("$PG_CONFIG" --libdir)" -lpq
}

measure() {
	local p50 p90 p99 worst
	read -r p50 p90 p99 worst < <("$WORK/latency" "$COMMITS" "$PAUSE")
	[ -n "${worst:-}" ] || die 'the probe failed'
	printf 'ms: p50 %s, p90 %s, p99 %s, worst %s\n\n' "$p50" "$p90" "$p99" "$worst"
	judge 'p50, ms' "$p50" 'at most' "$TARGET_P50"
	judge 'p99, ms' "$p99" 'at most' "$TARGET_P99"
}

main "$@"
