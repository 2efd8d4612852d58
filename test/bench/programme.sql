-- The campaign that is measured, the same in both schemas.

\ir campaign.sql
\ir baseline.sql

INSERT INTO baseline.rf_home SELECT * FROM public.rf_home;
INSERT INTO baseline.rf_campaign OVERRIDING SYSTEM VALUE SELECT * FROM public.rf_campaign;
INSERT INTO baseline.rf_reward_rule OVERRIDING SYSTEM VALUE SELECT * FROM public.rf_reward_rule;
INSERT INTO baseline.rf_webhook OVERRIDING SYSTEM VALUE SELECT * FROM public.rf_webhook;
INSERT INTO baseline.rf_participant OVERRIDING SYSTEM VALUE SELECT * FROM public.rf_participant ORDER BY id;
SELECT setval('baseline.rf_participant_id_seq', max(id)) FROM baseline.rf_participant;
