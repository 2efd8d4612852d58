# shellcheck shell=bash
# listening.sh: what the measurements of the listener share. Source it after common.sh;
# LISTEN_PORT names where the listener is to be.

free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

await_listener() {
	local i
	for ((i = 0; i < 100; i++)); do
		! curl -s --noproxy '*' -o "$WORK/tmp/health" "http://127.0.0.1:$LISTEN_PORT/health" || return 0
		sleep 0.1
	done
	die "nothing listens: $(tail -n 5 "$WORK/cluster/server.log")"
}
