#!/bin/sh
# postgres.sh: stands in the place of the server's program and runs it under
# Valgrind, its reports going to the directory VALGRIND_REPORTS. Without that,
# and where initdb fills the catalogs, it runs the program alone.

plain=$(dirname "$0")/postgres.plain
case " $* " in
*' -V '* | *' --version '* | *' -C '* | *' --check '* | *' --boot '* | *' --single '*) exec "$plain" "$@" ;;
esac
[ -n "${VALGRIND_REPORTS:-}" ] || exec "$plain" "$@"
# A process that is forked writes to a file of its own.
exec valgrind --quiet --leak-check=no --error-limit=no --vgdb=no --num-callers=30 --fullpath-after= \
	--suppressions="$(dirname "$0")/../valgrind.supp" --log-file="$VALGRIND_REPORTS/%p" "$plain" "$@"
