#!/usr/bin/env bash
# run.sh SECONDS [TARGET...]: try the parsers of foreign bytes with inputs that
# libFuzzer makes up, each for so long, under AddressSanitizer and Undefined-
# BehaviorSanitizer.
#
# A target is a file here. Its first lines name the files it is linked with, as
# in unit programs, and libraries; or say that it needs code of the server, which
# is then that of test-asan (see server.h). Its first inputs are the lines of seeds/ of
# its name, in the notation of printf; what it found worth keeping is in
# build/fuzz for the next time, and so is an input that failed.
#
# The last lines say for each target how many inputs were tried, how many
# branches they reached, and what failed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
source test/sanitize/server.sh

FOR=$1
shift
BUILD="$ROOT/build/fuzz"
FLAGS=(-std=gnu99 -g -O1 -Wall -Wextra -Wshadow -fno-omit-frame-pointer
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined)
SUMMARY=()

main() {
	local target failed=0
	need_packages build fuzz
	CLANG=$(command -v clang-14 || command -v clang)
	[ $# -gt 0 ] || set -- $(targets)
	for target in "$@"; do
		[ -f "test/fuzz/$target.c" ] || die "no target $target; there are:" "$(targets)"
		build_target "$target"
	done
	make_work fuzz # for its traps: a signal ends the fuzzer too
	for target in "$@"; do
		fuzz "$target" || failed=1
		SUMMARY+=("$(summary "$target")")
	done
	say '' "${SUMMARY[@]}"
	return $failed
}

targets() { basename -s .c test/fuzz/*.c; }

# ---- one target -----------------------------------------------------------

said() { sed -n "s,^/\* $2: *\(.*[^ ]\) *\*/.*,\1,p" "test/fuzz/$1.c" | tr '\n' ' '; }

needs_server() { grep -q '^/\* server \*/' "test/fuzz/$1.c"; }

build_target() { # TARGET
	local links libraries PG_CONFIG=$PG_CONFIG
	read -ra links <<<"$(said "$1" links)"
	read -ra libraries <<<"$(said "$1" libraries)"
	mkdir -p "$BUILD/$1/corpus" "$BUILD/$1/failed"
	if needs_server "$1"; then
		local -x ASAN_OPTIONS=detect_leaks=0
		prepare_server asan
		mapfile -t libraries < <(server_objects)
	fi
	"$CLANG" "${FLAGS[@]}" -Isrc -isystem "$("$PG_CONFIG" --includedir-server)" -o "$BUILD/$1/program" \
		"test/fuzz/$1.c" "${links[@]/#/src/}" -L"$("$PG_CONFIG" --pkglibdir)" "${libraries[@]}"
	plant_seeds "$1"
}

# What the server's program is made of, without main().
server_objects() {
	local build="$SANITIZED/asan/build"
	cat "$build"/src/backend/*/objfiles.txt | tr ' ' '\n' | grep '\.o$' | grep -v '/main/main.o$' | sort -u | sed "s,^,$build/,"
	printf '%s\n' "$build"/src/timezone/{localtime,pgtz,strftime}.o \
		"$build/src/common/libpgcommon_srv.a" "$build/src/port/libpgport_srv.a" -lssl -lcrypto -lz -lm
}

plant_seeds() { # TARGET
	local line n=0
	rm -rf "$BUILD/$1/seeds"
	mkdir "$BUILD/$1/seeds"
	while IFS= read -r line; do
		n=$((n + 1))
		printf '%b' "$line" >"$BUILD/$1/seeds/$n"
	done <"test/fuzz/seeds/$1"
}

fuzz() { # TARGET
	local directory="$BUILD/$1" options=()
	# The server leaves memory to the end of its context, or of the process.
	if needs_server "$1"; then options=(-detect_leaks=0); fi
	[ ! -f "test/fuzz/dictionaries/$1" ] || options+=(-dict="test/fuzz/dictionaries/$1")
	say "== $1, $FOR s"
	run nice -n 19 "$directory/program" -max_total_time="$FOR" -timeout=10 -max_len=4096 -print_final_stats=1 \
		-artifact_prefix="$directory/failed/" "${options[@]}" "$directory/corpus" "$directory/seeds" \
		>"$directory/log" 2>&1 || { tail -n 40 "$directory/log"; return 1; }
}

summary() { # TARGET
	local log="$BUILD/$1/log"
	printf '%s: %s inputs, %s branches, %s' "$1" \
		"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
		"$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)" \
		"$(grep -m 1 -E '^SUMMARY: |does not hold' "$log" || echo 'nothing failed')"
}

main "$@"
