#!/usr/bin/env bash
# run.sh [MAJOR...]: build and run pg_regress on other majors of PostgreSQL, each
# as a Debian release ships it, in a chroot made by debootstrap. Needs root.
#
# The chroots are about 2 GB each and are kept for the next time in
# REFERRAL_MAJORS_DIR (default: below /var/tmp). REFERRAL_MAJORS_MIRROR names a
# mirror, if not the one of this machine's apt.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"

CACHE=${REFERRAL_MAJORS_DIR:-/var/tmp/referral-majors}
SUITES=([17]=trixie [18]=sid)
MOUNTED=()

main() {
	local major failed=0
	is_root || die 'majors needs root, for debootstrap and chroot'
	have debootstrap || install_packages debootstrap
	trap unmount EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir -p "$CACHE"
	exec {LOCK}<"$CACHE"
	flock "$LOCK" # one run at a time in these chroots
	[ $# -gt 0 ] || set -- "${!SUITES[@]}"
	for major in "$@"; do
		[ -n "${SUITES[major]:-}" ] || die "no Debian release known for PostgreSQL $major"
		say "== PostgreSQL $major (${SUITES[major]})"
		if try_major "$major"; then say "PostgreSQL $major: ok"; else
			say "PostgreSQL $major: FAILED"
			failed=1
		fi
	done
	return $failed
}

# Called where bash ignores -e, so each step says what its failure means.
try_major() { # MAJOR
	local root="$CACHE/${SUITES[$1]}" status=0
	make_chroot "$1" "$root" || return 1
	mount_proc "$root" || return 1
	{ install_server "$1" "$root" && copy_sources "$root" && inside "$root" bash /tmp/referral/inside.sh "$1"; } || status=1
	unmount
	return $status
}

# ---- the chroot -----------------------------------------------------------

mirror() {
	if [ -n "${REFERRAL_MAJORS_MIRROR:-}" ]; then echo "$REFERRAL_MAJORS_MIRROR"; return; fi
	{
		sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
		sed -n 's/^deb *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list
	} 2>/dev/null | grep '/debian/*$' | head -n 1
}

make_chroot() { # MAJOR ROOT
	local mirror
	[ ! -e "$2/.complete" ] || return 0
	mirror=$(mirror)
	[ -n "$mirror" ] || die 'no Debian mirror found in the apt sources; set REFERRAL_MAJORS_MIRROR'
	rm -rf "$2"
	say 'debootstrap'
	debootstrap --variant=minbase "${SUITES[$1]}" "$2" "$mirror" >"$2.log" 2>&1 ||
		{ tail -n 20 "$2.log" >&2; return 1; }
	# Nothing may start a service in a chroot.
	printf '#!/bin/sh\nexit 101\n' >"$2/usr/sbin/policy-rc.d"
	chmod +x "$2/usr/sbin/policy-rc.d"
	touch "$2/.complete"
}

# postgresql-common's installation fails without /proc.
mount_proc() { # ROOT
	mount -t proc proc "$1/proc" || return 1
	MOUNTED+=("$1/proc")
}

unmount() {
	local point
	for point in "${MOUNTED[@]}"; do umount "$point" 2>/dev/null || umount -l "$point"; done
	MOUNTED=()
}

inside() { # ROOT CMD...
	local root=$1
	shift
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

install_server() { # MAJOR ROOT
	[ ! -e "$2/.server" ] || return 0
	say "installing postgresql-$1"
	# sid's signature may be older than it says it is good for.
	install_packages_inside "$@" >"$2.log" 2>&1 || { tail -n 20 "$2.log" >&2; return 1; }
	touch "$2/.server"
}

install_packages_inside() { # MAJOR ROOT
	inside "$2" apt-get -o Acquire::Check-Valid-Until=false update -qq || true
	inside "$2" apt-get install -y -qq --no-install-recommends \
		"postgresql-$1" "postgresql-server-dev-$1" libcurl4-openssl-dev libssl-dev pkg-config gcc make ||
		inside "$2" dpkg --configure -a || return 1
	inside "$2" test -x "/usr/lib/postgresql/$1/bin/postgres" && inside "$2" curl-config --version
}

# ---- the test -------------------------------------------------------------

copy_sources() { # ROOT
	rm -rf "$1/tmp/referral"
	mkdir "$1/tmp/referral" || return 1
	cp -R Makefile referral.control META.json sql expected src test test/majors/inside.sh "$1/tmp/referral/" || return 1
	find "$1/tmp/referral" \( -name '*.o' -o -name '*.bc' -o -name node_modules \) -prune -exec rm -rf {} +
	chmod 755 "$1/tmp/referral"
}

main "$@"
