-- "path webhook-id" of everything that must have arrived.
SELECT format('/%s/%s', current_database(), w.name), rf_message_id(e.home, e.id)
FROM rf_event e
JOIN rf_webhook w ON (w.campaign_id IS NULL OR w.campaign_id = e.campaign_id)
	AND (w.events && ARRAY['*', e.type, split_part(e.type, '.', 1) || '.*'])
WHERE w.name <> 'changing';
