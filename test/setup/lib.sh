# shellcheck shell=bash
# lib.sh: what test, demo, bench and majors share. Source it from bash with
# `set -euo pipefail`; it changes to the root of the checkout.
#
#   need_packages TOOL...        install by apt what is missing, or say what is
#                                and exit. TOOLs: build, tap, model, format, fuzz,
#                                demo, clients.
#                                Sets PG_CONFIG, PG_BINDIR and PG_MAJOR
#   fetch_promtool               puts promtool in the PATH where it can be had; needs
#                                WORK
#   install_node_packages DIR    what DIR/package-lock.json names, by npm
#   build_and_install            make, make install (by sudo if need be), one
#                                caller at a time for each server
#   make_work NAME               sets WORK: a new directory below /tmp that the
#                                server's user owns; gone at exit, with every
#                                cluster in it. A function at_leave, if there is
#                                one, is called first then
#   copy_tree DIR                what the tests need of the checkout, to DIR, for
#                                the server's user, who may not read the checkout
#   python_for_model             prints a Python that has psycopg2; fails if none has
#   as_server_user CMD...        run CMD in $WORK as the user who may run a
#                                server: postgres when we are root, else ourselves
#   run CMD...                   run CMD in a process group of its own; a signal
#                                to this script ends that group at once
#   run_behind CMD...            the same without waiting; sets LAST_JOB
#   start_cluster NAME [LINE...] initdb and start $WORK/NAME with the LINEs in
#                                its postgresql.conf; sets PGHOST and PGPORT
#   stop_cluster NAME            stop it, fast
#
# Clusters listen on a unix socket in $WORK only, never on TCP, so no port can
# collide and the system's own cluster is never met.
#
# REFERRAL_SERVER_USER names the user to run servers as, if not postgres.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export ROOT=$PWD

PG_CONFIG=${PG_CONFIG:-pg_config}
SERVER_USER=${REFERRAL_SERVER_USER:-postgres}
WORK=
JOBS=()
LAST_JOB=

# A caller's settings must not reach our clusters.
unset PGDATA PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGOPTIONS PGAPPNAME
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
export LC_ALL=C.UTF-8

say() { printf "%s\n" "$@"; }
die() { printf '%s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" -eq 0 ]; }

# ---- packages -------------------------------------------------------------

# sudo may ask for a password, but only somebody who is there.
can_become_root() {
	is_root || { have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }
}

as_root() {
	if is_root; then "$@"; else sudo "$@"; fi
}

pg_major() {
	"$PG_CONFIG" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p'
}

# The server that pg_config speaks for; a bare machine gets its release's own,
# which on Debian 12 is 15.
wanted_major() {
	local major
	major=$(pg_major)
	if [ -z "$major" ]; then
		major=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
	fi
	echo "${major:-15}"
}

# By its headers: Debian ships pgxs.mk with psql, too.
has_development_package() { [ -f "$("$PG_CONFIG" --includedir-server 2>/dev/null)/postgres.h" ]; }

has_server() { [ -x "$("$PG_CONFIG" --bindir 2>/dev/null)/postgres" ]; }

# One line for each package that is missing for the named tools.
missing_packages() {
	local major tool
	major=$(wanted_major)
	for tool in "$@"; do
		case $tool in
		build)
			have gcc || have cc || echo gcc
			have make || echo make
			have flock || echo util-linux
			has_server || echo "postgresql-$major"
			has_development_package || echo "postgresql-server-dev-$major"
			have curl-config || echo libcurl4-openssl-dev
			[ -f /usr/include/openssl/hmac.h ] || have_openssl_headers || echo libssl-dev
			have pkg-config || echo pkg-config
			has_microhttpd || echo libmicrohttpd-dev
			;;
		model) python_for_model >/dev/null || echo python3-psycopg2 ;;
		tap)
			perl -MIPC::Run -e 1 2>/dev/null || echo libipc-run-perl
			compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || echo libfaketime
			perl -MIO::Socket::SSL -e 1 2>/dev/null || echo libio-socket-ssl-perl
			have openssl || echo openssl
			have nginx || [ -x /usr/sbin/nginx ] || echo nginx-light
			;;
		format) have clang-format-14 || have clang-format || echo clang-format-14 ;;
		fuzz)
			have clang-14 || have clang || echo clang-14
			has_fuzzer || echo libclang-rt-14-dev
			have llvm-symbolizer-14 || have llvm-symbolizer || echo llvm-14
			;;
		demo | clients)
			have node || echo nodejs
			have npm || echo npm
			;;
		esac
	done | sort -u
}

has_fuzzer() { compgen -G '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*' >/dev/null; }

# Debian's module is Debian's python3's, which need not be the first in the path.
python_for_model() {
	local python
	for python in python3 /usr/bin/python3; do
		if "$python" -c 'import psycopg2' 2>/dev/null; then
			echo "$python"
			return
		fi
	done
	return 1
}

has_microhttpd() { [ -f /usr/include/microhttpd.h ] || { have pkg-config && pkg-config --exists libmicrohttpd; }; }

have_openssl_headers() { have pkg-config && pkg-config --exists libcrypto; }

need_packages() {
	local missing
	mapfile -t missing < <(missing_packages "$@")
	if [ ${#missing[@]} -gt 0 ]; then
		install_packages "${missing[@]}"
		hash -r
		mapfile -t missing < <(missing_packages "$@")
		[ ${#missing[@]} -eq 0 ] || die "still missing after the installation: ${missing[*]}"
	fi
	PG_MAJOR=$(pg_major)
	PG_BINDIR=$("$PG_CONFIG" --bindir)
	export PG_CONFIG PG_MAJOR PG_BINDIR PATH="$PG_BINDIR:$PATH"
}

install_packages() {
	have apt-get || die "missing: $* (no apt-get here: install them in your system's way)"
	can_become_root || die "missing: $* (run as root or with sudo to have them installed, or: apt-get install $*)"
	say "installing by apt: $*"
	local output
	output=$(as_root apt-get update -qq 2>&1) ||
		say "$output" 'apt-get update failed; trying with the lists at hand'
	# The server's package starts a cluster of its own; it is left alone.
	output=$(as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" 2>&1 </dev/null) || {
		say "$output" >&2
		die "apt-get could not install: $*"
	}
}

# promtool checks what /metrics answers. It is taken out of Debian's package, which is
# not installed: that would start a server on a public port. It is kept in build;
# the test that wants it does without where it cannot be had.
fetch_promtool() {
	local kept="$ROOT/build/promtool"
	if have promtool; then return; fi
	if ! [ -x "$kept" ] && ! unpack_promtool "$kept"; then
		say 'no promtool: the format of metrics is checked without it'
		return
	fi
	install -D -m 755 "$kept" "$WORK/bin/promtool"
	export PATH="$WORK/bin:$PATH"
}

unpack_promtool() { # FILE
	have apt-get && have dpkg-deb || return 1
	say "taking promtool out of Debian's package of Prometheus"
	mkdir -p "$(dirname "$1")" "$WORK/prometheus"
	(cd "$WORK/prometheus" && apt-get download -qq prometheus &&
		dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool) >/dev/null 2>&1 &&
		install -m 755 "$WORK/prometheus/promtool" "$1"
}

# What DIR/package-lock.json names; kept between runs in DIR/node_modules, where git
# does not see it.
install_node_packages() { # DIR
	if cmp -s "$1/package-lock.json" "$1/node_modules/.installed"; then return; fi
	say "installing what $(basename "$1") needs of Node's packages"
	trust_what_the_system_trusts
	(cd "$1" && npm ci --loglevel=error --no-audit --no-fund --cache "$WORK/tmp/npm" >/dev/null) ||
		die "npm could not install the packages of $(basename "$1")"
	cp "$1/package-lock.json" "$1/node_modules/.installed"
}

# Node brings its own certificates and would not see a company's.
trust_what_the_system_trusts() {
	local bundle=/etc/ssl/certs/ca-certificates.crt
	[ ! -r "$bundle" ] || export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$bundle}"
}

# ---- build and install ----------------------------------------------------

# The lock is the server's own directory: whoever builds for that server waits
# here, and no lock file is left behind.
build_and_install() {
	local lock
	exec {lock}<"$("$PG_CONFIG" --sharedir)/extension"
	flock "$lock"
	say "building for PostgreSQL $PG_MAJOR"
	make -s PG_CONFIG="$PG_CONFIG" all || die 'the build failed'
	is_installed || install_built
	exec {lock}<&-
}

# Nothing is overwritten with the same bytes: a demo that runs beside the tests
# must not meet a library that is half written.
is_installed() {
	local extension library script
	extension=$("$PG_CONFIG" --sharedir)/extension
	library=$("$PG_CONFIG" --pkglibdir)
	cmp -s referral.so "$library/referral.so" &&
		cmp -s referral_listener.so "$library/referral_listener.so" &&
		cmp -s referral.control "$extension/referral.control" || return
	for script in referral--*.sql src/schema/released/*.sql; do
		cmp -s "$script" "$extension/$(basename "$script")" || return
	done
}

version() { sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" referral.control; }

install_built() {
	local library
	library=$("$PG_CONFIG" --pkglibdir)
	if [ -w "$library" ]; then
		make -s PG_CONFIG="$PG_CONFIG" install >/dev/null || die 'make install failed'
	elif can_become_root; then
		sudo make -s PG_CONFIG="$PG_CONFIG" install >/dev/null || die 'make install failed'
	else
		die "cannot write to $library: run as root or with sudo"
	fi
}

# ---- a place to work, and the way out -------------------------------------

make_work() { # NAME
	WORK=$(mktemp -d "/tmp/referral-$1.XXXXXX")
	trap leave EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir "$WORK/tmp"
	chmod 755 "$WORK"
	if is_root; then
		id "$SERVER_USER" >/dev/null 2>&1 || die "no user $SERVER_USER to run a server as (see REFERRAL_SERVER_USER)"
		chown "$SERVER_USER" "$WORK" "$WORK/tmp"
	fi
	# The tests' own temporary files go the same way.
	export TMPDIR="$WORK/tmp"
}

# Ends what we started, whatever the reason for leaving: first the groups, then
# the servers that they may have left, each by its own postmaster.pid.
leave() {
	local status=$? group pidfile
	trap '' INT TERM HUP EXIT
	if declare -F at_leave >/dev/null; then at_leave; fi
	for group in "${JOBS[@]}"; do kill -TERM -- "-$group" 2>/dev/null || true; done
	for group in "${JOBS[@]}"; do wait_group "$group"; done
	while IFS= read -r -d '' pidfile; do
		kill -QUIT "$(pid_in "$pidfile")" 2>/dev/null || true
	done < <(find "$WORK" -name postmaster.pid -print0 2>/dev/null)
	wait_servers
	cd /
	rm -rf "$WORK"
	exit "$status"
}

pid_in() { head -n 1 "$1" 2>/dev/null || true; } # the server may remove it meanwhile

wait_group() { # PGID: ten seconds to end by itself, then no more
	local i
	for ((i = 0; i < 100; i++)); do
		kill -0 -- "-$1" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL -- "-$1" 2>/dev/null || true
}

wait_servers() { # a server removes its postmaster.pid last, unless killed
	local i
	for ((i = 0; i < 50; i++)); do
		server_alive || return 0
		sleep 0.1
	done
}

server_alive() {
	local pidfile
	while IFS= read -r -d '' pidfile; do
		! kill -0 "$(pid_in "$pidfile")" 2>/dev/null || return 0
	done < <(find "$WORK" -name postmaster.pid -print0 2>/dev/null)
	return 1
}

copy_tree() { # DIR
	local part
	mkdir -p "$1"
	for part in Makefile referral.control META.json sql expected src test; do
		[ ! -e "$part" ] || cp -R "$part" "$1/"
	done
	rm -rf "$1"/test/*/node_modules "$1"/test/*/*/node_modules
	if is_root; then chown -R "$SERVER_USER" "$1"; fi
}

# setpriv rather than runuser or su: it becomes the command, so that signals
# reach it, and it opens no session.
as_server_user() {
	if is_root; then
		setpriv --reuid="$SERVER_USER" --regid="$(id -gn "$SERVER_USER")" --init-groups \
			env -C "$WORK" HOME="$WORK" USER="$SERVER_USER" LOGNAME="$SERVER_USER" "$@"
	else
		env -C "$WORK" "$@"
	fi
}

# Job control gives each job a process group. Without it a job in the
# background would ignore SIGINT, and one in the foreground would keep our own
# traps waiting until it ends.
run_behind() {
	set -m
	"$@" </dev/null &
	LAST_JOB=$!
	set +m
	JOBS+=("$LAST_JOB")
}

run() {
	run_behind "$@"
	wait "$LAST_JOB"
}

# ---- clusters -------------------------------------------------------------

start_cluster() { # NAME [LINE...]
	local data="$WORK/$1"
	shift
	as_server_user "$PG_BINDIR/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C >"$WORK/initdb.log" 2>&1 ||
		{ cat "$WORK/initdb.log" >&2; die 'initdb failed'; }
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$WORK'"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >>"$data/postgresql.conf"
	export PGHOST="$WORK" PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	as_server_user "$PG_BINDIR/pg_ctl" -D "$data" -l "$data/server.log" -w -t 60 start >/dev/null </dev/null ||
		{ tail -n 30 "$data/server.log" >&2; die 'the server did not start'; }
}

stop_cluster() { # NAME
	as_server_user "$PG_BINDIR/pg_ctl" -D "$WORK/$1" -m fast -w -t 30 stop >/dev/null
}
