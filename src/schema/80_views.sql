-- Views.

CREATE VIEW @extschema@.rf_leaderboard AS
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
	WHERE p.invited_count > 0 AND p.state NOT IN ('held', 'blocked');
COMMENT ON VIEW @extschema@.rf_leaderboard IS
'referrers by people qualified, then by people invited; who joined earlier ranks higher';

CREATE VIEW @extschema@.rf_referral_tree AS
	WITH RECURSIVE tree AS (
		SELECT p.campaign_id, p.id AS participant_id, p.referrer_id, p.code, p.state,
			0 AS depth, ARRAY[p.id] AS path
		FROM @extschema@.rf_participant p
		WHERE p.referrer_id IS NULL
		UNION ALL
		SELECT p.campaign_id, p.id, p.referrer_id, p.code, p.state, t.depth + 1, t.path || p.id
		FROM tree t
		JOIN @extschema@.rf_participant p ON p.referrer_id = t.participant_id
	)
	SELECT campaign_id, participant_id, referrer_id, code, state, depth, path FROM tree;
COMMENT ON VIEW @extschema@.rf_referral_tree IS
'who brought whom, with depth and path; whole trees are read, whatever is asked for';

CREATE VIEW @extschema@.rf_reward_status AS
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
		r.changed_at
	FROM @extschema@.rf_reward r
	JOIN @extschema@.rf_reward_rule rule ON rule.id = r.rule_id
	JOIN @extschema@.rf_participant p ON p.id = r.participant_id
	JOIN @extschema@.rf_participant s ON s.id = r.subject_id;
COMMENT ON VIEW @extschema@.rf_reward_status IS
'rewards with the names of rule and people';

CREATE VIEW @extschema@.rf_campaign_stats AS
	SELECT c.id AS campaign_id,
		c.slug,
		count(p.id) FILTER (WHERE p.referrer_id IS NULL) AS referrers,
		count(p.id) FILTER (WHERE p.referrer_id IS NOT NULL) AS invited,
		count(p.id) FILTER (WHERE p.state = 'qualified') AS qualified,
		round(100.0 * count(p.id) FILTER (WHERE p.state = 'qualified')
			/ nullif(count(p.id) FILTER (WHERE p.referrer_id IS NOT NULL), 0), 2) AS qualified_percent
	FROM @extschema@.rf_campaign c
	LEFT JOIN @extschema@.rf_participant p ON p.campaign_id = c.id
	GROUP BY c.id;
COMMENT ON VIEW @extschema@.rf_campaign_stats IS
'people of each campaign; counts all of them at every read';

CREATE VIEW @extschema@.rf_delivery AS
	SELECT d.delivery_id,
		d.event_id,
		d.webhook_id,
		@extschema@.rf_message_id(e.home, e.id) AS message_id,
		e.type,
		CASE
			WHEN dead.delivery_id IS NOT NULL THEN 'dead'
			WHEN retry.delivery_id IS NOT NULL THEN
				CASE WHEN retry.next_at = 'infinity' THEN 'parked' ELSE 'retrying' END
			WHEN a.attempts IS NULL THEN 'pending'
			ELSE 'delivered'
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
		SELECT delivery_id, count(*) AS attempts, max(started_at) AS last_at
		FROM @extschema@.rf_attempt
		GROUP BY delivery_id
	) a USING (delivery_id)
	LEFT JOIN @extschema@.rf_retry retry USING (delivery_id)
	LEFT JOIN @extschema@.rf_dead dead USING (delivery_id);
COMMENT ON VIEW @extschema@.rf_delivery IS
'every delivery: pending, delivered, retrying, parked (webhook not enabled) or dead';

CREATE VIEW @extschema@.rf_status AS
	SELECT w.pid AS worker_pid,
		w.state AS worker_state,
		w.since AS worker_since,
		@extschema@.rf_home_status() AS at_home,
		q.pending,
		q.retrying,
		q.parked,
		q.dead,
		q.oldest_pending,
		CASE
			WHEN NOT @extschema@.rf_home_status()
				THEN 'restored copy: sends nothing before rf_adopt_database()'
			ELSE w.detail
		END AS detail
	FROM @extschema@.rf_worker_status() w,
		LATERAL (
			SELECT
				(SELECT count(*) FROM @extschema@.rf_outbox o
					WHERE NOT EXISTS (SELECT FROM @extschema@.rf_attempt a WHERE a.delivery_id = o.id)
					AND NOT EXISTS (SELECT FROM @extschema@.rf_retry r WHERE r.delivery_id = o.id)
					AND EXISTS (SELECT FROM @extschema@.rf_webhook h WHERE h.id = o.webhook_id))
					AS pending,
				(SELECT count(*) FROM @extschema@.rf_retry WHERE next_at <> 'infinity') AS retrying,
				(SELECT count(*) FROM @extschema@.rf_retry WHERE next_at = 'infinity') AS parked,
				(SELECT count(*) FROM @extschema@.rf_dead) AS dead,
				(SELECT now() - min(e.created_at) FROM @extschema@.rf_outbox o
					JOIN @extschema@.rf_event e ON e.id = o.event_id
					WHERE NOT EXISTS (SELECT FROM @extschema@.rf_attempt a WHERE a.delivery_id = o.id)
					AND NOT EXISTS (SELECT FROM @extschema@.rf_retry r WHERE r.delivery_id = o.id)
					AND EXISTS (SELECT FROM @extschema@.rf_webhook h WHERE h.id = o.webhook_id))
					AS oldest_pending
		) q;
COMMENT ON VIEW @extschema@.rf_status IS
'one row: is the worker alive, what waits, and why nothing is sent if so';

CREATE VIEW @extschema@.rf_webhook_status AS
	SELECT h.id AS webhook_id,
		h.name,
		h.state,
		s.paused_until,
		s.last_success_at,
		s.last_failure_at,
		s.last_error,
		s.disabled_at,
		s.disabled_reason,
		(SELECT count(*) FROM @extschema@.rf_retry r WHERE r.webhook_id = h.id) AS retrying,
		(SELECT count(*) FROM @extschema@.rf_dead d WHERE d.webhook_id = h.id) AS dead
	FROM @extschema@.rf_webhook h
	LEFT JOIN @extschema@.rf_webhook_state s ON s.webhook_id = h.id;
COMMENT ON VIEW @extschema@.rf_webhook_status IS
'what the worker knows of each endpoint';
