-- Views.

CREATE OR REPLACE VIEW @extschema@.rf_leaderboard AS
	SELECT p.campaign_id,
		rank() OVER (PARTITION BY p.campaign_id
			ORDER BY p.qualified_count DESC, p.invited_count DESC, p.joined_at, p.id) AS rank,
		p.id AS participant_id,
		p.code,
		p.name,
		p.qualified_count,
		p.invited_count,
		p.joined_at
	FROM @extschema@.rf_participant p
	WHERE p.invited_count > 0 AND p.state NOT IN ('held', 'blocked') AND p.erased_at IS NULL;
COMMENT ON VIEW @extschema@.rf_leaderboard IS
'referrers by people qualified, then by people invited; who joined earlier ranks higher; reads all people of the campaign, because an index on counts would slow every join: 0.2 s for a million';

CREATE OR REPLACE FUNCTION @extschema@.rf_leaderboard(campaign text, since timestamptz, until timestamptz DEFAULT NULL,
	top integer DEFAULT 100)
RETURNS TABLE (rank bigint, participant_id bigint, code text, qualified_count bigint, invited_count bigint,
	joined_at timestamptz)
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
	SELECT rank() OVER (ORDER BY t.qualified DESC, t.invited DESC, t.joined_at, t.id),
		t.id, t.code, t.qualified, t.invited, t.joined_at
	FROM (
		SELECT n.qualified, n.invited, p.joined_at, p.id, p.code
		FROM (
			SELECT i.referrer_id,
				count(*) FILTER (WHERE i.state = 'qualified'
					AND i.qualified_at >= $2 AND i.qualified_at < coalesce($3, 'infinity')) AS qualified,
				count(*) FILTER (WHERE i.state NOT IN ('held', 'blocked')
					AND i.joined_at >= $2 AND i.joined_at < coalesce($3, 'infinity')) AS invited
			FROM @extschema@.rf_participant i
			WHERE i.campaign_id = (SELECT c.id FROM @extschema@.rf_campaign c WHERE c.slug = $1)
				AND i.referrer_id IS NOT NULL
				AND (i.joined_at >= $2 OR i.qualified_at >= $2)
			GROUP BY i.referrer_id
		) n
		-- one by one: there are far fewer of them than people
		CROSS JOIN LATERAL (
			SELECT * FROM @extschema@.rf_participant r WHERE r.id = n.referrer_id OFFSET 0
		) p
		WHERE n.qualified + n.invited > 0 AND p.state NOT IN ('held', 'blocked') AND p.erased_at IS NULL
		ORDER BY n.qualified DESC, n.invited DESC, p.joined_at, p.id
		LIMIT $4
	) t
	ORDER BY 1
$$;
COMMENT ON FUNCTION @extschema@.rf_leaderboard(text, timestamptz, timestamptz, integer) IS
'the first of a period, such as date_trunc(''week'', now(), ''UTC'') until null: by people who qualified in it, then by people who joined in it; top null: all; reads all people of the campaign, because an index on states or times of qualification would slow every qualification: 0.4 s for a million';

-- Each row finds its own way up: one person costs as many look-ups as they have
-- people above them. A row that comes by a second time ends it.
CREATE OR REPLACE VIEW @extschema@.rf_referral_tree AS
	SELECT p.campaign_id,
		p.id AS participant_id,
		p.referrer_id,
		p.code,
		p.state,
		up.depth,
		up.path
	FROM @extschema@.rf_participant p
	CROSS JOIN LATERAL (
		WITH RECURSIVE above AS (
			SELECT p.referrer_id AS next, 0 AS depth, ARRAY[p.id] AS path
			UNION ALL
			SELECT r.referrer_id, a.depth + 1, r.id || a.path
			FROM above a
			JOIN @extschema@.rf_participant r ON r.id = a.next
			WHERE r.id <> ALL (a.path)
		)
		SELECT a.depth, a.path FROM above a ORDER BY a.depth DESC LIMIT 1
	) up;
COMMENT ON VIEW @extschema@.rf_referral_tree IS
'who brought whom, with depth and path from the top; made for one person, one referrer''s people or a page (LIMIT): a whole campaign takes some 10 s for a million people, all of whom it returns; see the function for what is below a person';

CREATE OR REPLACE FUNCTION @extschema@.rf_referral_tree(participant_id bigint, levels integer DEFAULT NULL)
RETURNS TABLE (campaign_id bigint, participant_id bigint, referrer_id bigint, code text, state text,
	depth integer, path bigint[])
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE below AS (
		SELECT p.campaign_id, p.id, p.referrer_id, p.code, p.state, 0 AS depth, ARRAY[p.id] AS path
		FROM @extschema@.rf_participant p
		WHERE p.id = $1
		UNION ALL
		SELECT p.campaign_id, p.id, p.referrer_id, p.code, p.state, b.depth + 1, b.path || p.id
		FROM below b
		JOIN @extschema@.rf_participant p ON p.referrer_id = b.id
		WHERE p.id <> ALL (b.path) AND b.depth < coalesce($2, 2147483647)
	)
	SELECT * FROM below ORDER BY path
$$;
COMMENT ON FUNCTION @extschema@.rf_referral_tree(bigint, integer) IS
'a person and everybody below them, at most so many levels deep; depth and path count from that person';

CREATE OR REPLACE VIEW @extschema@.rf_reward_status AS
	SELECT r.id AS reward_id,
		rule.campaign_id,
		rule.name AS rule,
		rule.recipient,
		p.code,
		p.name,
		s.code AS earned_by,
		r.ordinal,
		r.metric,
		r.amount,
		r.unit,
		r.coupon,
		r.state,
		r.reason,
		r.earned_at,
		r.due_at,
		r.changed_at,
		r.rule_id,
		r.participant_id,
		r.subject_id,
		r.n,
		r.issued_at,
		r.fulfilled_at,
		r.reference,
		r.level,
		r.pool,
		r.purchase_id,
		r.original_id
	FROM @extschema@.rf_reward r
	JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id
	JOIN @extschema@.rf_participant p ON p.id = r.participant_id
	JOIN @extschema@.rf_participant s ON s.id = r.subject_id;
COMMENT ON VIEW @extschema@.rf_reward_status IS
'rewards with the names of rule and people; ask by reward_id, participant_id or for a page (ORDER BY reward_id LIMIT)';

CREATE OR REPLACE VIEW @extschema@.rf_approval AS
	SELECT r.id AS reward_id,
		rule.campaign_id,
		r.rule_id,
		rule.name AS rule,
		rule.recipient,
		r.participant_id,
		p.code,
		p.name,
		p.email,
		p.state AS participant_state,
		s.code AS earned_by,
		r.metric,
		r.amount,
		r.unit,
		r.state,
		CASE
			WHEN r.state = 'failed' THEN coalesce('failed: ' || r.reason, 'failed')
			ELSE coalesce(r.reason, 'waits for approval')
		END AS why,
		r.earned_at,
		r.due_at
	FROM @extschema@.rf_reward r
	JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id
	JOIN @extschema@.rf_participant p ON p.id = r.participant_id
	JOIN @extschema@.rf_participant s ON s.id = r.subject_id
	WHERE r.state IN ('due', 'failed')
	ORDER BY r.due_at, r.id;
COMMENT ON VIEW @extschema@.rf_approval IS
'rewards that wait for somebody, oldest first: due ones that are not issued by themselves or found no coupon, and failed ones; rf_issue, rf_cancel and the like take array_agg(reward_id)';

CREATE OR REPLACE VIEW @extschema@.rf_campaign_rewards AS
	SELECT rule.campaign_id,
		r.metric,
		r.unit,
		r.state,
		count(*) AS rewards,
		sum(r.amount) AS total
	FROM @extschema@.rf_reward_rule rule
	JOIN @extschema@.rf_reward r ON r.rule_id = rule.id
	GROUP BY rule.campaign_id, r.metric, r.unit, r.state;
COMMENT ON VIEW @extschema@.rf_campaign_rewards IS
'rewards of each campaign by metric, unit and state; clawed_back holds originals and the negative rows that take them back';

-- Joined, not correlated: what is asked of one campaign reaches each part, parts
-- whose columns are not asked for are not read, and each may be read in parallel.
CREATE OR REPLACE VIEW @extschema@.rf_campaign_stats AS
	SELECT c.id AS campaign_id,
		c.slug,
		coalesce(p.referrers, 0) AS referrers,
		coalesce(p.invited, 0) AS invited,
		coalesce(p.qualified, 0) AS qualified,
		round(100.0 * p.qualified / nullif(p.invited, 0), 2) AS qualified_percent,
		coalesce(p.joined, 0) AS joined,
		coalesce(p.pending, 0) AS pending,
		coalesce(p.expired, 0) AS expired,
		coalesce(p.held, 0) AS held,
		coalesce(p.blocked, 0) AS blocked,
		coalesce(k.reach, 0) AS reach,
		coalesce(k.clicks, 0) AS clicks,
		coalesce(r.rewarded, 0) AS rewarded,
		(SELECT jsonb_object_agg(m.key, round(m.value::numeric / nullif(p.qualified, 0), 2))
			FROM jsonb_each_text(m.cost) m) AS cost_per_qualified
	FROM @extschema@.rf_campaign c
	LEFT JOIN (
		SELECT campaign_id,
			count(*) AS joined,
			count(*) - count(referrer_id) AS referrers,
			count(referrer_id) AS invited,
			count(*) FILTER (WHERE state = 'pending') AS pending,
			count(*) FILTER (WHERE state = 'qualified') AS qualified,
			count(*) FILTER (WHERE state = 'expired') AS expired,
			count(*) FILTER (WHERE state = 'held') AS held,
			count(*) FILTER (WHERE state = 'blocked') AS blocked
		FROM @extschema@.rf_participant
		GROUP BY campaign_id
	) p ON p.campaign_id = c.id
	LEFT JOIN (
		SELECT campaign_id, sum(visitors) AS reach, sum(clicks) AS clicks
		FROM @extschema@.rf_click
		GROUP BY campaign_id
	) k ON k.campaign_id = c.id
	LEFT JOIN (
		SELECT campaign_id, count(*) AS rewarded
		FROM (
			SELECT rule.campaign_id, w.participant_id
			FROM @extschema@.rf_reward_rule rule
			JOIN @extschema@.rf_reward w ON w.rule_id = rule.id
			WHERE w.state IN ('issued', 'fulfilled')
			GROUP BY rule.campaign_id, w.participant_id
		) each
		GROUP BY campaign_id
	) r ON r.campaign_id = c.id
	LEFT JOIN (
		SELECT campaign_id, jsonb_object_agg(unit, cost) AS cost
		FROM (
			SELECT rule.campaign_id, w.unit, sum(w.amount) AS cost
			FROM @extschema@.rf_reward_rule rule
			JOIN @extschema@.rf_reward w ON w.rule_id = rule.id
			WHERE w.metric IN ('amount', 'commission') AND w.state IN ('issued', 'fulfilled', 'clawed_back')
			GROUP BY rule.campaign_id, w.unit
		) each
		GROUP BY campaign_id
	) m ON m.campaign_id = c.id;
COMMENT ON VIEW @extschema@.rf_campaign_stats IS
'figures of each campaign: people by state, visitors of their links (reach: one a day and link), people whose reward was issued, net cost of rewards for each qualified person by currency; ask by campaign_id; counts all people and rewards at every read, because counters would make every join wait for one row: 0.3 s for a million';

CREATE OR REPLACE VIEW @extschema@.rf_funnel AS
	SELECT s.campaign_id,
		s.slug,
		step.step,
		step.stage,
		step.people,
		round(100.0 * step.people / nullif(step.before, 0), 2) AS percent_of_previous,
		round(100.0 * step.people / nullif(s.reach, 0), 2) AS percent_of_reach
	FROM @extschema@.rf_campaign_stats s
	CROSS JOIN LATERAL (VALUES
		(1, 'reach', s.reach, NULL),
		(2, 'joined', s.joined, s.reach),
		(3, 'invited', s.invited, s.joined),
		(4, 'qualified', s.qualified, s.invited),
		(5, 'rewarded', s.rewarded, s.qualified)
	) AS step (step, stage, people, before);
COMMENT ON VIEW @extschema@.rf_funnel IS
'how far people come, one row for each stage: reach, joined, invited, qualified, rewarded; costs what rf_campaign_stats costs';

CREATE OR REPLACE VIEW @extschema@.rf_daily_stats AS
	SELECT d.campaign_id,
		d.day,
		sum(d.joined)::bigint AS joined,
		sum(d.invited)::bigint AS invited,
		sum(d.qualified)::bigint AS qualified,
		sum(d.rewards)::bigint AS rewards,
		sum(d.reach)::bigint AS reach,
		sum(d.clicks)::bigint AS clicks
	FROM (
		SELECT p.campaign_id, v.day, v.joined, v.invited, v.qualified, 0 AS rewards, 0 AS reach, 0 AS clicks
		FROM (
			SELECT campaign_id,
				(joined_at AT TIME ZONE 'UTC')::date AS joined_on,
				(qualified_at AT TIME ZONE 'UTC')::date AS qualified_on,
				count(*) AS people,
				count(referrer_id) AS invited,
				count(*) FILTER (WHERE state = 'qualified') AS qualified
			FROM @extschema@.rf_participant
			GROUP BY 1, 2, 3
		) p
		CROSS JOIN LATERAL (VALUES
			(p.joined_on, p.people, p.invited, 0),
			(p.qualified_on, 0, 0, p.qualified)
		) AS v (day, joined, invited, qualified)
		WHERE v.day IS NOT NULL
		UNION ALL
		SELECT rule.campaign_id, (r.earned_at AT TIME ZONE 'UTC')::date, 0, 0, 0, count(*), 0, 0
		FROM @extschema@.rf_reward_rule rule
		JOIN @extschema@.rf_reward r ON r.rule_id = rule.id
		WHERE r.state IN ('pending', 'due', 'issued', 'fulfilled', 'failed') AND r.original_id IS NULL
		GROUP BY 1, 2
		UNION ALL
		SELECT campaign_id, day, 0, 0, 0, 0, sum(visitors), sum(clicks)
		FROM @extschema@.rf_click
		GROUP BY 1, 2
	) d
	GROUP BY d.campaign_id, d.day;
COMMENT ON VIEW @extschema@.rf_daily_stats IS
'people who joined, came by a link and qualified, rewards that live, and visitors, by day in UTC; days on which nothing happened have no row; reads all people and rewards of the campaign, for there is no index by which states could be read alone: 0.4 s for a million';

CREATE OR REPLACE VIEW @extschema@.rf_delivery AS
	SELECT d.delivery_id,
		d.event_id,
		d.webhook_id,
		@extschema@.rf_message_id(e.home, e.id) AS message_id,
		e.type,
		CASE
			WHEN dead.delivery_id IS NOT NULL THEN 'dead'
			WHEN retry.delivery_id IS NOT NULL THEN
				CASE WHEN retry.next_at = 'infinity' THEN 'parked' ELSE 'retrying' END
			WHEN a.delivered THEN 'delivered'
			WHEN a.attempts IS NULL AND h.id IS NOT NULL THEN 'pending'
			ELSE 'cancelled'
		END AS state,
		coalesce(a.attempts, 0) AS attempts,
		a.last_at AS last_attempt_at,
		retry.next_at
	FROM (
		SELECT id AS delivery_id, event_id, webhook_id FROM @extschema@.rf_outbox
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_retry
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_dead
		UNION
		SELECT delivery_id, event_id, webhook_id FROM @extschema@.rf_attempt
	) d
	JOIN @extschema@.rf_event e ON e.id = d.event_id
	LEFT JOIN (
		SELECT delivery_id, count(*) AS attempts, max(started_at) AS last_at,
			bool_or(outcome = 'success') AS delivered
		FROM @extschema@.rf_attempt
		GROUP BY delivery_id
	) a USING (delivery_id)
	LEFT JOIN @extschema@.rf_retry retry USING (delivery_id)
	LEFT JOIN @extschema@.rf_dead dead USING (delivery_id)
	LEFT JOIN @extschema@.rf_webhook h ON h.id = d.webhook_id;
COMMENT ON VIEW @extschema@.rf_delivery IS
'every delivery: pending, delivered, retrying, parked (webhook not enabled), dead, or cancelled (its webhook was deleted before)';

-- What waits and no worker has told of: all of it, if none runs. Rows above read_to
-- are few, and found by the keys of the outbox tables: the upper bound, which all
-- ids are below, lets the planner expect few rows, too.
CREATE OR REPLACE VIEW @extschema@.rf_unread AS
	SELECT o.id AS delivery_id, o.event_id, o.webhook_id
	FROM @extschema@.rf_sending_status() g,
		@extschema@.rf_outbox o
	WHERE o.id > coalesce(g.read_to, 0) AND o.id < coalesce(g.read_to, 0) + 4611686018427387904
		AND (g.read_to IS NOT NULL
			OR NOT EXISTS (SELECT FROM @extschema@.rf_attempt a WHERE a.delivery_id = o.id)
			AND NOT EXISTS (SELECT FROM @extschema@.rf_retry r WHERE r.delivery_id = o.id))
		AND EXISTS (SELECT FROM @extschema@.rf_webhook h WHERE h.id = o.webhook_id);
COMMENT ON VIEW @extschema@.rf_unread IS
'deliveries that wait in the outbox and that no worker has read; part of rf_status';

CREATE OR REPLACE VIEW @extschema@.rf_status AS
	SELECT w.pid AS worker_pid,
		w.state AS worker_state,
		w.since AS worker_since,
		@extschema@.rf_home_status() AS at_home,
		coalesce(g.waiting, 0) + u.pending AS pending,
		r.retrying,
		r.parked,
		(SELECT count(*) FROM @extschema@.rf_dead) AS dead,
		(SELECT now() - e.created_at FROM @extschema@.rf_event e
			WHERE e.id = least(g.oldest_event, u.oldest_event)) AS oldest_pending,
		CASE
			WHEN NOT @extschema@.rf_home_status()
				THEN 'restored copy: sends nothing before rf_adopt_database()'
			ELSE w.detail
		END AS detail,
		ARRAY(SELECT DISTINCT u.partition FROM @extschema@.rf_unattached_partition u)
			AS unattached_partitions,
		g.workers,
		g.in_flight,
		g.attempts,
		g.failures,
		g.faults,
		g.last_fault,
		g.last_fault_at,
		g.counted_since,
		g.xmin_age
	FROM @extschema@.rf_worker_status() w,
		@extschema@.rf_sending_status() g,
		(SELECT count(*) AS pending, min(event_id) AS oldest_event FROM @extschema@.rf_unread) u,
		(SELECT count(*) FILTER (WHERE next_at <> 'infinity') AS retrying,
			count(*) FILTER (WHERE next_at = 'infinity') AS parked
		FROM @extschema@.rf_retry) r;
COMMENT ON VIEW @extschema@.rf_status IS
'one row: is the worker alive, what waits, and why nothing is sent if so';
COMMENT ON COLUMN @extschema@.rf_status.pending IS
'deliveries that wait for their first attempt or its end; up to half a second old';
COMMENT ON COLUMN @extschema@.rf_status.retrying IS
'deliveries that failed and will be tried again, or wait for a first attempt that has a delay';
COMMENT ON COLUMN @extschema@.rf_status.parked IS
'deliveries of webhooks that are not enabled';
COMMENT ON COLUMN @extschema@.rf_status.dead IS
'deliveries whose schedule is exhausted, kept for replay';
COMMENT ON COLUMN @extschema@.rf_status.oldest_pending IS
'age of the oldest event among the pending';
COMMENT ON COLUMN @extschema@.rf_status.detail IS
'why nothing is sent, or what keeps failing; null: all is well';
COMMENT ON COLUMN @extschema@.rf_status.workers IS
'workers that send from this database';
COMMENT ON COLUMN @extschema@.rf_status.in_flight IS
'requests under way; null: no worker says';
COMMENT ON COLUMN @extschema@.rf_status.attempts IS
'attempts since counted_since';
COMMENT ON COLUMN @extschema@.rf_status.failures IS
'those of them that failed';
COMMENT ON COLUMN @extschema@.rf_status.faults IS
'faults on this side since counted_since, such as want of descriptors, a full disk or a lock: they cost no attempt';
COMMENT ON COLUMN @extschema@.rf_status.last_fault IS
'what the last of them said';
COMMENT ON COLUMN @extschema@.rf_status.last_fault_at IS
'when that was';
COMMENT ON COLUMN @extschema@.rf_status.counted_since IS
'first sending after the start of the server, or rf_stat_reset()';
COMMENT ON COLUMN @extschema@.rf_status.xmin_age IS
'transactions since the oldest snapshot that a worker holds; null, as it should mostly be: it holds none';

CREATE OR REPLACE VIEW @extschema@.rf_webhook_status AS
	SELECT h.id AS webhook_id,
		h.name,
		h.state,
		s.paused_until,
		s.last_success_at,
		s.last_failure_at,
		s.last_error,
		s.disabled_at,
		s.disabled_reason,
		coalesce(r.retrying, 0) AS retrying,
		coalesce(d.dead, 0) AS dead,
		s.failing_since,
		coalesce(s.breaker, 'closed') AS breaker,
		s.open_until,
		coalesce(s.openings, 0) AS openings,
		coalesce(t.waiting, 0) + coalesce(u.pending, 0) AS pending,
		coalesce(t.in_flight, 0) AS in_flight,
		(SELECT now() - e.created_at FROM @extschema@.rf_event e
			WHERE e.id = least(t.oldest_event, u.oldest_event)) AS oldest_pending,
		t.http_version,
		t.attempts,
		t.failures,
		t.counted_since,
		t.attempts_5m,
		round(t.success_rate_5m::numeric, 4) AS success_rate_5m,
		t.dns_us_p50_5m, t.dns_us_p95_5m, t.dns_us_p99_5m,
		t.connect_us_p50_5m, t.connect_us_p95_5m, t.connect_us_p99_5m,
		t.tls_us_p50_5m, t.tls_us_p95_5m, t.tls_us_p99_5m,
		t.first_byte_us_p50_5m, t.first_byte_us_p95_5m, t.first_byte_us_p99_5m,
		t.total_us_p50_5m, t.total_us_p95_5m, t.total_us_p99_5m,
		t.attempts_24h,
		round(t.success_rate_24h::numeric, 4) AS success_rate_24h,
		t.dns_us_p50_24h, t.dns_us_p95_24h, t.dns_us_p99_24h,
		t.connect_us_p50_24h, t.connect_us_p95_24h, t.connect_us_p99_24h,
		t.tls_us_p50_24h, t.tls_us_p95_24h, t.tls_us_p99_24h,
		t.first_byte_us_p50_24h, t.first_byte_us_p95_24h, t.first_byte_us_p99_24h,
		t.total_us_p50_24h, t.total_us_p95_24h, t.total_us_p99_24h
	FROM @extschema@.rf_webhook h
	LEFT JOIN @extschema@.rf_webhook_state s ON s.webhook_id = h.id
	LEFT JOIN (SELECT webhook_id, count(*) AS retrying
		FROM @extschema@.rf_retry GROUP BY webhook_id) r ON r.webhook_id = h.id
	LEFT JOIN (SELECT webhook_id, count(*) AS dead
		FROM @extschema@.rf_dead GROUP BY webhook_id) d ON d.webhook_id = h.id
	LEFT JOIN (SELECT webhook_id, count(*) AS pending, min(event_id) AS oldest_event
		FROM @extschema@.rf_unread GROUP BY webhook_id) u ON u.webhook_id = h.id
	CROSS JOIN LATERAL @extschema@.rf_webhook_statistics(h.id) t;
COMMENT ON VIEW @extschema@.rf_webhook_status IS
'what the workers know of each endpoint. dns, connect, tls: microseconds of that step, over new connections; first_byte, total: microseconds since the start of the attempt; p50, p95, p99: what so many percent did not exceed, at most an eighth off; 5m, 24h: the last 4 to 5 minutes, the last 21 to 24 hours; null: there were none';
COMMENT ON COLUMN @extschema@.rf_webhook_status.retrying IS
'deliveries in rf_retry, those of a webhook that is not enabled included';
COMMENT ON COLUMN @extschema@.rf_webhook_status.dead IS
'deliveries whose schedule is exhausted, kept for replay';
COMMENT ON COLUMN @extschema@.rf_webhook_status.failing_since IS
'first failure since the last success';
COMMENT ON COLUMN @extschema@.rf_webhook_status.breaker IS
'closed: sends; open: too many failures, nothing is sent before open_until; probing: one request decides';
COMMENT ON COLUMN @extschema@.rf_webhook_status.open_until IS
'until then the breaker keeps everything back';
COMMENT ON COLUMN @extschema@.rf_webhook_status.openings IS
'how often in a row the breaker opened';
COMMENT ON COLUMN @extschema@.rf_webhook_status.pending IS
'deliveries that wait for their first attempt or its end; up to half a second old';
COMMENT ON COLUMN @extschema@.rf_webhook_status.in_flight IS
'requests under way; up to half a second old';
COMMENT ON COLUMN @extschema@.rf_webhook_status.oldest_pending IS
'age of the oldest event among the pending';
COMMENT ON COLUMN @extschema@.rf_webhook_status.http_version IS
'version of HTTP that the last answer was in';
COMMENT ON COLUMN @extschema@.rf_webhook_status.attempts IS
'attempts since counted_since';
COMMENT ON COLUMN @extschema@.rf_webhook_status.failures IS
'those of them that failed';
COMMENT ON COLUMN @extschema@.rf_webhook_status.counted_since IS
'first attempt after the start of the server, or rf_stat_reset()';
COMMENT ON COLUMN @extschema@.rf_webhook_status.attempts_5m IS
'attempts in the last 5 minutes (4 to 5)';
COMMENT ON COLUMN @extschema@.rf_webhook_status.success_rate_5m IS
'how many of them succeeded, from 0 to 1; null: there were none';
COMMENT ON COLUMN @extschema@.rf_webhook_status.attempts_24h IS
'attempts in the last 24 hours (21 to 24)';
COMMENT ON COLUMN @extschema@.rf_webhook_status.success_rate_24h IS
'how many of them succeeded, from 0 to 1; null: there were none';
