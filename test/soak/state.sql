-- One line for each thing that must be so at the end, with the number of cases
-- in which it is not.
SELECT 'waits in rf_retry', count(*) FROM rf_retry r JOIN rf_webhook w ON w.id = r.webhook_id
UNION ALL
SELECT 'in rf_retry for no webhook', count(*) FROM rf_retry r
WHERE NOT EXISTS (SELECT FROM rf_webhook w WHERE w.id = r.webhook_id)
UNION ALL
SELECT 'dead', count(*) FROM rf_dead
UNION ALL
SELECT 'worker does not serve', count(*) FROM rf_status WHERE worker_state <> 'serving' OR NOT at_home OR detail IS NOT NULL
UNION ALL
SELECT 'waits after rf_status', pending + retrying + parked FROM rf_status
UNION ALL
SELECT 'delivered, and no success in rf_attempt', count(*)
FROM rf_event e JOIN rf_webhook w ON w.name = 'fast'
WHERE NOT EXISTS (SELECT FROM rf_attempt a WHERE a.event_id = e.id AND a.webhook_id = w.id AND a.outcome = 'success')
UNION ALL
SELECT 'counts differ', count(*) FROM rf_participant p
LEFT JOIN (
	SELECT referrer_id, count(*) FILTER (WHERE state IN ('pending', 'qualified', 'expired')) AS invited,
		count(*) FILTER (WHERE state = 'qualified') AS qualified
	FROM rf_participant GROUP BY referrer_id
) c ON c.referrer_id = p.id
WHERE (p.invited_count, p.qualified_count) <> (coalesce(c.invited, 0), coalesce(c.qualified, 0))
UNION ALL
SELECT 'people without the event of their joining', count(*) FROM rf_participant p
WHERE NOT EXISTS (SELECT FROM rf_event e WHERE e.participant_id = p.id AND e.type IN ('referrer.joined', 'invited.joined'))
UNION ALL
SELECT 'qualified people without a reward of their referrer', count(*) FROM rf_participant p
WHERE p.state = 'qualified' AND NOT EXISTS (SELECT FROM rf_reward r
	WHERE r.subject_id = p.id AND r.participant_id = p.referrer_id AND r.state = 'issued')
UNION ALL
SELECT 'holds over and rewards pending', count(*) FROM rf_reward
WHERE state = 'pending' AND due_at < now() - interval '30 s';
