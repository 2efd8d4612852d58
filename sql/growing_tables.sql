-- Statements planned while the tables are empty do not read all of them once
-- they have grown: a session that is never told so keeps its plans.
SET client_min_messages = error;
SELECT current_database() AS regression \gset
CREATE DATABASE regress_rf_growing TEMPLATE template0;
\c regress_rf_growing
SET client_min_messages = error;
CREATE EXTENSION referral;

INSERT INTO rf_campaign (slug, name) VALUES ('growing', 'Growing');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
SELECT id, 'Thank you', 'referrer', 'invited_qualifies', 10, 'USD' FROM rf_campaign;
INSERT INTO rf_participant (campaign_id, email, code)
SELECT id, 'anna@example.com', 'ANNA' FROM rf_campaign;
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT id, 'friend' || n || '@example.com', 'FRIEND' || n, 'ANNA' FROM rf_campaign, generate_series(1, 500) n;

-- The plans are made with the first one, for no rewards.
SELECT rewards FROM rf_qualify('FRIEND1');
SELECT sum(rewards) FROM generate_series(2, 400) n, rf_qualify('FRIEND' || n);

-- A hundred more find nothing that is live already, and look at little else.
BEGIN;
SELECT sum(rewards) FROM generate_series(401, 500) n, rf_qualify('FRIEND' || n);
SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) <= 100 AS looks_little
FROM pg_index WHERE indrelid = 'rf_reward'::regclass;
COMMIT;

\c :regression
DROP DATABASE regress_rf_growing;
