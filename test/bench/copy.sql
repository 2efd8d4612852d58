-- A campaign with a thousand referrers, a rule and a webhook that match whoever
-- is invited; and the bare copy of the table.

SET client_min_messages = error;
CREATE EXTENSION referral;

INSERT INTO rf_campaign (slug, name, landing_url)
VALUES ('bench', 'Bench', 'https://shop.example/welcome?ref={code}');

INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
SELECT id, 'Welcome', 'referrer', 'invited_joins', 2.50, 'USD' FROM rf_campaign;

INSERT INTO rf_participant (campaign_id, email, code)
SELECT id, 'r' || n || '@example.com', 'R' || n
FROM rf_campaign, generate_series(1000, 1999) n;

-- After the referrers: nobody needs to hear of them.
SELECT FROM rf_create_webhook('https://shop.example/hook', '{invited.joined,reward.*}');

CREATE SCHEMA bare;
CREATE TABLE bare.rf_participant (LIKE public.rf_participant INCLUDING ALL) WITH (fillfactor = 85);
