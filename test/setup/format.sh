#!/usr/bin/env bash
# format.sh write|check: clang-format over the C files, and the line length.
#
# Only release 14 is used: another one formats the same file differently, and
# two people would undo each other's work. Exit status 77 means "not checked".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

find_tool() {
	local tool
	for tool in "${CLANG_FORMAT:-}" clang-format-14 clang-format; do
		if [ -n "$tool" ] && "$tool" --version 2>/dev/null | grep -q 'version 14\.'; then
			echo "$tool"
			return
		fi
	done
}

# Strings may run on: a message is easier to search for when it is whole.
check_length() {
	awk -v max=100 '
		{ line = $0; while ((i = index(line, "\t")) > 0) line = substr(line, 1, i - 1) substr("    ", 1, 4 - (i - 1) % 4) substr(line, i + 1) }
		length(line) > max && line !~ /"/ { printf "%s:%d: %d columns, more than %d\n", FILENAME, FNR, length(line), max; bad = 1 }
		END { exit bad }' "$@"
}

shopt -s nullglob
files=(src/*/*.c src/*/*.h test/unit/*.c test/unit/*.h test/fuzz/*.c test/fuzz/*.h test/bench/*.c)
if [ ${#files[@]} -eq 0 ]; then
	echo 'no C files'
	exit 0
fi

tool=$(find_tool)
if [ -z "$tool" ]; then
	echo 'clang-format 14 not found: format not checked' >&2
	exit 77
fi

case ${1:-} in
write) "$tool" -i "${files[@]}" ;;
check)
	status=0
	"$tool" --dry-run --Werror "${files[@]}" || status=1
	check_length "${files[@]}" || status=1
	exit $status
	;;
*) echo 'usage: format.sh write|check' >&2; exit 2 ;;
esac
