# shellcheck shell=bash
# server.sh: a server of our own from Debian's source package, with assertions
# and USE_VALGRIND. Source it after ../setup/lib.sh.
#
#   prepare_server asan|valgrind   build it unless it is there, and keep it to
#                                  ourselves until this shell ends; sets PG_CONFIG
#   copy_checkout KIND             a copy of the checkout to build in, so that no
#                                  object of another server is met; sets TREE
#
# Source, builds and servers, about 1.5 GB, are kept for the next time in
# REFERRAL_SANITIZED_DIR (default: below /var/tmp).
#
# The server is instrumented by AddressSanitizer alone. UndefinedBehavior-
# Sanitizer is for our code: the server is built with -fwrapv and has pointers
# whose alignment only the machine vouches for, and its reports would be many
# and none of them ours to mend. Its inline functions, compiled into ours, are
# under both.
#
# gcc's UndefinedBehaviorSanitizer, beside AddressSanitizer, does not write to
# log_path but to the server's log, where a report is soon lost: hence clang.
# Valgrind 3.19 in turn reads the debug information of gcc better.

SANITIZED=${REFERRAL_SANITIZED_DIR:-/var/tmp/referral-sanitized}
SOURCE_PACKAGE=postgresql-15
SANITIZED_LOCK=
TREE=

prepare_server() { # KIND
	mkdir -p "$SANITIZED/$1"
	if [ -z "$SANITIZED_LOCK" ]; then
		exec {SANITIZED_LOCK}<"$SANITIZED/$1"
		flock "$SANITIZED_LOCK"
	fi
	need_sources
	if [ "$(cat "$SANITIZED/$1/.complete" 2>/dev/null)" != "$(recipe "$1")" ]; then build_server "$1"; fi
	PG_CONFIG="$SANITIZED/$1/postgresql/bin/pg_config"
}

# What is built; another recipe makes another server.
recipe() { # KIND
	basename "$(source_tree)"
	configuration "$1"
	declare -f build_server build_steps
	cat test/sanitize/include/valgrind/memcheck.h
}

# ---- the source -----------------------------------------------------------

source_tree() {
	find "$SANITIZED/source" -mindepth 1 -maxdepth 1 -type d -name "$SOURCE_PACKAGE-*" 2>/dev/null | head -n 1
}

need_sources() {
	local lock
	exec {lock}<"$SANITIZED"
	flock "$lock"
	[ -n "$(source_tree)" ] || get_sources
	exec {lock}<&-
}

get_sources() {
	local package missing=()
	for package in gcc clang-14 llvm-14 make dpkg-dev libssl-dev zlib1g-dev valgrind; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
	done
	[ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
	rm -rf "$SANITIZED/apt" "$SANITIZED/source.part"
	mkdir -p "$SANITIZED/apt/lists/partial" "$SANITIZED/source.part"
	say "fetching the source of $SOURCE_PACKAGE"
	source_lines >"$SANITIZED/apt/sources.list"
	own_apt apt-get update -qq
	fetch_source
	# apt has compared it with the signed list; whose key the uploader had is no matter.
	dpkg-source --no-check -x "$SANITIZED"/apt/*.dsc "$SANITIZED/source.part/$(source_name)" >/dev/null
	mv "$SANITIZED/source.part" "$SANITIZED/source"
}

# The machine's own lists need not name sources, and stay as they are.
source_lines() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg suite
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	echo "deb-src [signed-by=$keyring] http://deb.debian.org/debian $suite main"
	echo "deb-src [signed-by=$keyring] http://deb.debian.org/debian-security $suite-security main"
}

own_apt() {
	"$@" -o "Dir::Etc::SourceList=$SANITIZED/apt/sources.list" -o Dir::Etc::SourceParts=- \
		-o "Dir::State::Lists=$SANITIZED/apt/lists"
}

# The newest that the mirror still has.
fetch_source() {
	local version
	for version in $(own_apt apt-cache showsrc "$SOURCE_PACKAGE" | sed -n 's/^Version: //p' | sort -rV); do
		if (cd "$SANITIZED/apt" && own_apt apt-get source -qq --download-only "$SOURCE_PACKAGE=$version" >/dev/null 2>&1); then
			return
		fi
		rm -f "$SANITIZED"/apt/*.dsc
	done
	die "the mirror has no source of $SOURCE_PACKAGE"
}

source_name() { sed -n "s/^Version: \([0-9.]*\).*/$SOURCE_PACKAGE-\1/p" "$SANITIZED"/apt/*.dsc | head -n 1; }

# ---- the server -----------------------------------------------------------

# One argument of configure a line.
configuration() { # KIND
	case $1 in
	asan)
		printf '%s\n' CC=clang-14 'CFLAGS=-g -O1 -fno-omit-frame-pointer -fsanitize=address' \
			"CPPFLAGS=-DUSE_VALGRIND -I$SANITIZED/asan/include"
		;;
	valgrind) printf '%s\n' CC=gcc 'CFLAGS=-g -O1 -fno-omit-frame-pointer' CPPFLAGS=-DUSE_VALGRIND ;;
	esac
}

build_server() { # KIND
	local root="$SANITIZED/$1" arguments
	mapfile -t arguments < <(configuration "$1")
	rm -rf "$root"/* "$root/.complete"
	mkdir "$root/build"
	[ "$1" != asan ] || cp -R test/sanitize/include "$root/include"
	if is_root; then chown -R "$SERVER_USER" "$root"; fi
	say "building $(basename "$(source_tree)") for $1: this takes some minutes"
	build_steps "$root" "${arguments[@]}" >"$root/build.log" 2>&1 ||
		{ tail -n 30 "$root/build.log" >&2; die "the server could not be built: see $root/build.log"; }
	recipe "$1" >"$root/.complete"
}

# Without what no test of ours asks for; the library of ciphers is for HMAC.
build_steps() { # ROOT CONFIGURE-ARGUMENT...
	local root=$1 part
	shift
	in_build "$root" "$(source_tree)/configure" --prefix="$root/postgresql" --enable-cassert --enable-debug \
		--enable-tap-tests --with-openssl --without-readline "$@" &&
		in_build "$root" make -s -j "$(nproc)" -C src all &&
		installs_below "$root" &&
		for part in src contrib/{auto_explain,pg_stat_statements}; do
			in_build "$root" make -s -j "$(nproc)" -C "$part" all && in_build "$root" make -s -C "$part" install || return
		done
}

# Never as root: Debian's patches send "make install" to the system's own
# /usr/lib/postgresql if the prefix does not name PostgreSQL.
in_build() { # ROOT CMD...
	local root=$1 user=()
	shift
	if is_root; then user=(setpriv --reuid="$SERVER_USER" --regid="$(id -gn "$SERVER_USER")" --init-groups); fi
	"${user[@]}" nice -n 10 env -C "$root/build" ASAN_OPTIONS=detect_leaks=0 "$@"
}

installs_below() { # ROOT: does every directory to install to lie there?
	local outside
	outside=$(in_build "$1" src/bin/pg_config/pg_config | grep 'DIR\(-SERVER\)\? = ' | grep -v " = $1/" || true)
	[ -z "$outside" ] || { say 'these lie elsewhere:' "$outside"; return 1; }
}

# ---- the checkout ---------------------------------------------------------

copy_checkout() { # KIND
	TREE="$SANITIZED/$1/tree"
	rm -rf "$TREE"
	copy_tree "$TREE"
	find "$TREE" \( -name '*.o' -o -name '*.bc' -o -name '*.so' \) -delete
}
