\set id random(1, 1000000000000)
\set referrer random(1, 1000)
BEGIN;
SELECT * FROM rf_join('busy', 'never:id@example.com', 'Never', 'BUSY-:referrer');
ROLLBACK;
