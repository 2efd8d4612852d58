\set id random(1, 1000000000000)
\set referrer random(1, 1000)
\set pause random(1, 300)
BEGIN;
SELECT * FROM rf_join('busy', 'x:id@example.com', 'Two phases', 'BUSY-:referrer');
PREPARE TRANSACTION 'soak-:id';
\sleep :pause ms
COMMIT PREPARED 'soak-:id';
