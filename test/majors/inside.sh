#!/usr/bin/env bash
# inside.sh MAJOR: the part of run.sh that runs in the chroot. Warnings are
# errors here: this is where a new compiler or server speaks first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

BIN=/usr/lib/postgresql/$1/bin
CLUSTER=/tmp/referral-cluster

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/tmp "$@"; }

stop() {
	as_postgres "$BIN/pg_ctl" -D "$CLUSTER" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$CLUSTER"
}

make -s PG_CONFIG="$BIN/pg_config" COPT=-Werror all
make -s PG_CONFIG="$BIN/pg_config" install >/dev/null
chown -R postgres .

rm -rf "$CLUSTER"
trap stop EXIT
trap 'exit 143' INT TERM HUP
as_postgres "$BIN/initdb" -D "$CLUSTER" -U postgres -A trust -E UTF8 --locale=C -N >/dev/null
as_postgres "$BIN/pg_ctl" -D "$CLUSTER" -l "$CLUSTER/server.log" -w start \
	-o "-c listen_addresses='' -c unix_socket_directories=/tmp -c fsync=off" >/dev/null </dev/null
as_postgres make -s PG_CONFIG="$BIN/pg_config" installcheck ISOLATION= PGHOST=/tmp PGUSER=postgres || {
	cat regression.diffs
	exit 1
}
