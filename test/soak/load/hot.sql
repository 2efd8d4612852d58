\set id random(1, 1000000000000)
\set referrer random(1, 5)
BEGIN;
INSERT INTO rf_participant (campaign_id, email, referred_by, code)
	SELECT 1, 'h:id-' || i || '@example.com', 'BUSY-:referrer', 'H:id-' || i FROM generate_series(1, 5) i;
SELECT rf_qualify('H:id-' || i) FROM generate_series(1, 3) i;
COMMIT;
