#!/usr/bin/env bash
# run.sh: the measurements, one after the other; each is a script that runs
# alone as well and names what can be set. Absolute numbers say little about
# another machine, ratios taken in the same run do. Nothing here fails because
# it is slow.
#
#   bash test/bench/run.sh [programme|rules|copy|attach|drain|workers|latency|enqueue|memory|age|fairness|compare|views|inbound|links ...]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

main() {
	local part
	[ $# -gt 0 ] || set -- programme rules copy attach drain workers latency enqueue memory age fairness compare views inbound links
	prepare
	heading 'The machine'
	describe_machine
	for part in "$@"; do
		run bash "$BENCH/$part.sh"
	done
}

main "$@"
