\set id random(1, 1000000000000)
\set referrer random(1, 1000)
\set commit random(0, 2)
SET synchronous_commit = off;
INSERT INTO rf_participant (campaign_id, email, referred_by, code)
	VALUES (1, 'p:id@example.com', 'BUSY-:referrer', 'P:id') ON CONFLICT DO NOTHING;
\if :commit
SET synchronous_commit = on;
\endif
SELECT * FROM rf_qualify('P:id');
\set again random(0, 3)
\if :again
\else
SELECT * FROM rf_unqualify('P:id', 'changed their mind');
SELECT * FROM rf_qualify('P:id');
\endif
