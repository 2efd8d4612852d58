\set id random(1, 1000000000000)
\set rows random(500, 4000)
\set commit random(0, 3)
BEGIN;
INSERT INTO rf_participant (campaign_id, email, referred_by)
	SELECT 1, 'b:id-' || i || '@example.com', 'BUSY-' || 1 + i % 1000 FROM generate_series(1, :rows) i;
\if :commit
COMMIT;
\else
ROLLBACK;
\endif
\sleep 4 s
