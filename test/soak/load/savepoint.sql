\set id random(1, 1000000000000)
\set referrer random(1, 1000)
BEGIN;
SELECT * FROM rf_join('busy', 's:id@example.com', 'Kept', 'BUSY-:referrer');
SAVEPOINT one;
SELECT * FROM rf_join('busy', 'never:id@example.com', 'Never', 'BUSY-:referrer');
ROLLBACK TO one;
SELECT * FROM rf_qualify_email('busy', 's:id@example.com');
SAVEPOINT two;
SELECT * FROM rf_join('busy', 't:id@example.com', 'Kept, too', 'BUSY-:referrer');
RELEASE two;
COMMIT;
