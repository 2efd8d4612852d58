#!/usr/bin/env bash
# check-meta.sh VERSION: META.json must state the control file's version, in
# both places where PGXN wants it. What follows "meta-spec" is about PGXN.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

expected=${1:?version}
stated=$(sed -n '/"meta-spec"/q; s/.*"version": *"\([0-9][^"]*\)".*/\1/p' META.json)
if [ "$stated" != "$(printf '%s\n%s' "$expected" "$expected")" ]; then
	echo "META.json states version ${stated//$'\n'/ and }, the control file $expected" >&2
	exit 1
fi
