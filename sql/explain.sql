-- rf_explain: for each rule, whether it granted, and which number decided
-- (design 1, 4.2).
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name) VALUES ('explain', 'Explain') RETURNING id AS campaign \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, every, amount, unit, auto_issue, active, hold) VALUES
	(:campaign, '1 welcome', 'referrer', 'referrer_joins', 'standard', 1, 1, 'USD', true, true, '0'),
	(:campaign, '2 each', 'referrer', 'invited_qualifies', 'standard', 1, 10, 'USD', false, true, '0'),
	(:campaign, '3 every two', 'referrer', 'invited_joins', 'standard', 2, 20, 'USD', true, true, '1 day'),
	(:campaign, '4 ladder', 'referrer', 'invited_qualifies', 'milestone', 1, 100, 'USD', true, true, '0'),
	(:campaign, '5 friend', 'invited', 'invited_qualifies', 'standard', 1, 5, 'USD', true, true, '0'),
	(:campaign, '6 asleep', 'referrer', 'invited_joins', 'standard', 1, 5, 'USD', true, false, '0');
INSERT INTO rf_milestone (rule_id, threshold)
SELECT id, t FROM rf_reward_rule, unnest('{1,3,5}'::int[]) AS t WHERE campaign_id = :campaign AND kind = 'milestone';
CREATE FUNCTION explained(code text, OUT rule text, OUT recipient text, OUT granted boolean, OUT reason text, OUT have numeric, OUT need numeric)
RETURNS SETOF record LANGUAGE sql AS
'SELECT r.name, x.recipient, x.granted, x.reason, x.have, x.need FROM rf_explain(code) x JOIN rf_reward_rule r ON r.id = x.rule_id';

-- guards: who just joined: nothing yet, and what is missing
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'ann@people.example', 'EXPL-ANN');
SELECT * FROM explained('expl ann');

-- guards: after three joined and one of them qualified
INSERT INTO rf_participant (campaign_id, email, code, referred_by)
SELECT :campaign, p || '@people.example', 'EXPL-' || upper(p), 'EXPL-ANN' FROM unnest('{bob,cyd,dee}'::text[]) AS p;
SELECT changed FROM rf_qualify('EXPL-BOB');
SELECT * FROM explained('EXPL-ANN');
-- guards: the same for an invited person
SELECT * FROM explained('EXPL-BOB');
SELECT * FROM explained('EXPL-CYD');

-- guards: what was taken back, and why
SELECT changed FROM rf_unqualify('EXPL-BOB', 'order returned');
SELECT * FROM explained('EXPL-ANN') WHERE rule IN ('2 each', '4 ladder');
SELECT * FROM explained('EXPL-BOB') WHERE rule = '5 friend';

-- guards: a rule that came too late says so
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
VALUES (:campaign, '7 late', 'referrer', 'invited_joins', 5, 'USD');
SELECT * FROM explained('EXPL-ANN') WHERE rule = '7 late';

-- guards: it changes nothing, and knows no stranger
SELECT rf_explain('NO-SUCH');
\echo :SQLSTATE
SELECT count(*) FROM rf_explain(NULL);
-- guards: it can be asked where nothing can be written
BEGIN READ ONLY;
SELECT count(*) FROM explained('EXPL-ANN');
SELECT rf_link('EXPL-ANN') IS NULL AS no_page;
COMMIT;
DROP FUNCTION explained(text);
