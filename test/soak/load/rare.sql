\set id random(1, 1000000000000)
\set referrer random(1, 20)
INSERT INTO rf_participant (campaign_id, email, referred_by, code)
	VALUES (2, 'r:id@example.com', 'RARE-:referrer', 'R:id') ON CONFLICT DO NOTHING;
SELECT * FROM rf_qualify('R:id');
