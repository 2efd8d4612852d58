\set id random(1, 1000000000000)
\set referrer random(1, 1000)
\set pause random(1, 9)
BEGIN;
INSERT INTO rf_participant (campaign_id, email, code) VALUES (1, 'l:id@example.com', 'L:id');
\sleep :pause s
SELECT * FROM rf_join('busy', 'm:id@example.com', 'Late', 'L:id');
SELECT * FROM rf_qualify_email('busy', 'm:id@example.com');
COMMIT;
