# shellcheck shell=bash
# sending.sh: what the measurements of sending share: the receiver, a worker of its own
# for each run, one drain, and what libcurl alone does (limit.c). Source it after
# common.sh, with DELIVERIES and IN_FLIGHT set.

PATIENCE=300 # seconds for one drain

# A cluster that sends to the receiver; more lines for postgresql.conf may follow.
prepare_sending() { # [LINE...]
	export PATH="$PATH:/usr/sbin"
	have nginx || install_packages nginx-light
	prepare
	build_limit
	start_receiver
	start_cluster cluster "${STEADY[@]}" \
		"referral.max_in_flight = $IN_FLIGHT" \
		"referral.allow_http = on" \
		"referral.allowed_networks = '127.0.0.0/8'" \
		"$@"
	TICKS=$(getconf CLK_TCK)
	sql -c 'SET client_min_messages = error' -c 'CREATE EXTENSION referral'
	await_worker
}

build_limit() {
	local flags
	read -r -a flags <<<"$(curl-config --cflags) $(curl-config --libs) -lcrypto"
	"$(command -v cc || command -v gcc)" -O2 -o "$WORK/limit" "$BENCH/limit.c" "${flags[@]}"
}

# ---- the receiver ---------------------------------------------------------

# A free port is one on which nginx starts.
start_receiver() {
	local port dir="$WORK/nginx"
	mkdir "$dir"
	for port in 18480 28480 38480 48480; do
		sed "s,DIR,$dir,; s,PORT,$port," "$BENCH/nginx.conf.in" >"$dir/nginx.conf"
		run_behind nginx -p "$dir" -c "$dir/nginx.conf" >"$dir/start.log" 2>&1
		RECEIVER="http://127.0.0.1:$port/hook"
		! receiver_answers || return 0
	done
	cat "$dir"/*.log >&2
	die 'nginx did not start'
}

receiver_answers() {
	local i
	for ((i = 0; i < 50; i++)); do
		kill -0 "$LAST_JOB" 2>/dev/null || return 1
		! curl -s --noproxy '*' -o "$WORK/nginx/answer" "$RECEIVER" || return 0
		sleep 0.1
	done
	return 1
}

# ---- one drain ------------------------------------------------------------

worker() { sql -c "SELECT pid FROM rf_worker_status() WHERE state = 'serving'"; }

await_worker() {
	local end=$((SECONDS + 30))
	until WORKER=$(worker) && [ -n "$WORKER" ]; do
		[ $SECONDS -lt $end ] || die "no worker: $(sql -c 'SELECT * FROM rf_worker_status()')"
		sleep 0.2
	done
}

# A worker of its own for each drain, so that its memory is that of one drain.
renew_worker() {
	local before=$WORKER
	sql -c "SELECT FROM pg_terminate_backend($WORKER)"
	while [ "$WORKER" = "$before" ]; do await_worker; done
}

# Sets RATE, WALL (seconds), MICROSECONDS of CPU, PEAK (KiB) and SHARED (KiB).
drain() { # ROUND
	local webhook before start
	webhook=$(prepare_campaign "$1")
	before=$(process_ticks "$WORKER")
	start=$EPOCHREALTIME
	sql -c "COPY rf_participant (campaign_id, email, name) FROM '$WORK/people.tsv'"
	COPIED=$(calculate "$EPOCHREALTIME - $start")
	start=$EPOCHREALTIME
	await_recorded "$webhook"
	WALL=$(calculate "$EPOCHREALTIME - $start")
	MICROSECONDS=$(calculate "($(process_ticks "$WORKER") - $before) * 1e6 / $TICKS / $DELIVERIES" 1)
	PEAK=$(memory_kib "$WORKER" VmHWM)
	SHARED=$(memory_kib "$WORKER" RssShmem)
	RATE=$(sql -c "SELECT round(count(*) / extract(epoch FROM
			max(started_at + total_us * interval '1 us') - min(started_at)))
		FROM rf_attempt WHERE webhook_id = $webhook AND outcome = 'success'")
	check_effect "$webhook"
}

# A campaign and a webhook for each drain: what was sent before plays no part.
prepare_campaign() { # ROUND
	local campaign webhook
	campaign=$(sql -c "INSERT INTO rf_campaign (slug, name, landing_url)
		VALUES ('drain-$1', 'Drain $1', 'https://shop.example/welcome?ref={code}') RETURNING id")
	webhook=$(sql -c "SELECT webhook_id FROM rf_create_webhook('$RECEIVER', '{referrer.joined}', campaign => 'drain-$1')")
	sql -c "UPDATE rf_webhook SET max_in_flight = $IN_FLIGHT WHERE id = $webhook"
	sql -c "COPY (SELECT $campaign, 'person' || n || '@example.com', 'Somebody With A Name ' || n || repeat(' and another', 5)
		FROM generate_series(1, $DELIVERIES) n) TO '$WORK/people.tsv'"
	echo "$webhook"
}

recorded() { sql -c "SELECT count(*) FROM rf_attempt WHERE webhook_id = $1"; }

await_recorded() { # WEBHOOK
	local end=$((SECONDS + PATIENCE)) count
	while count=$(recorded "$1") && [ "$count" -lt "$DELIVERIES" ]; do
		[ $SECONDS -lt $end ] || die "only $count deliveries after $PATIENCE s"
		sleep 0.3
	done
	[ -n "$count" ] || die 'cannot count the deliveries'
}

check_effect() { # WEBHOOK
	local failed
	failed=$(sql -c "SELECT count(*) FROM rf_attempt WHERE webhook_id = $1 AND outcome <> 'success'")
	[ "$failed" -eq 0 ] || say "$failed attempts failed"
}

# ---- the limit ------------------------------------------------------------

# The better of the two ways to wait. Sets LIMIT (a second) and LIMIT_CPU.
limit() { # BYTES
	local way rate cpu failed
	LIMIT=0
	for way in poll epoll; do
		read -r rate cpu _ failed < <("$WORK/limit" "$RECEIVER" "$DELIVERIES" "$IN_FLIGHT" "$1" $way)
		[ "${failed:-1}" -eq 0 ] || die 'requests of limit failed'
		[ "$rate" -gt "$LIMIT" ] || continue
		LIMIT=$rate LIMIT_CPU=$cpu LIMIT_WAY=$way
	done
}

body_bytes() { sql -c 'SELECT round(avg(octet_length(payload))) FROM rf_event'; }
