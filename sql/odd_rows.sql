-- Rows and calls that are odd but allowed, or must be refused without harm.
\set ON_ERROR_STOP off
SET client_min_messages = warning;
INSERT INTO rf_campaign (slug, name) VALUES ('odd', 'Odd') RETURNING id AS odd \gset

-- guards: a null where none may be is refused, not a crash
\set VERBOSITY sqlstate
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, metric, amount, unit)
	VALUES (:odd, 'x', 'referrer', 'invited_joins', NULL, 1, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit)
	VALUES (:odd, 'x', 'referrer', 'invited_joins', NULL, 1, 'USD');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
	VALUES (NULL, 'x', 'referrer', 'invited_joins', 1, 'USD');
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (NULL, 1, 1);

-- guards: a rule's milestones keep a value when the rule changes
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit)
	VALUES (:odd, 'ladder', 'referrer', 'invited_joins', 'milestone', 5, 'USD') RETURNING id AS ladder \gset
INSERT INTO rf_milestone (rule_id, threshold) VALUES (:ladder, 1);
INSERT INTO rf_milestone (rule_id, threshold, amount) VALUES (:ladder, 2, 0.25);
UPDATE rf_reward_rule SET amount = NULL WHERE id = :ladder;
UPDATE rf_reward_rule SET unit = 'JPY' WHERE id = :ladder;
UPDATE rf_reward_rule SET metric = NULL WHERE id = :ladder;
UPDATE rf_reward_rule SET hold = '300000 years' WHERE id = :ladder;
UPDATE rf_campaign SET qualify_within = '300000 years' WHERE id = :odd;

-- guards: the first instant of 2000 is a time like any other
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:odd, 'odd-ann@x.example', 'ODD-ANN');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
	VALUES (:odd, 'odd-bob@x.example', 'ODD-BOB', 'ODD-ANN', '2000-01-01 00:00:00+00');
SELECT joined_at = '2000-01-01 00:00:00+00' AS kept FROM rf_participant WHERE code = 'ODD-BOB';
SELECT state, changed FROM rf_qualify('ODD-BOB', occurred_at => '2000-01-01 00:00:00+00');
SELECT qualified_at = '2000-01-01 00:00:00+00' AS kept FROM rf_participant WHERE code = 'ODD-BOB';

-- guards: a table to import may have a column of any name
CREATE TABLE odd_source (s text, email text);
INSERT INTO odd_source VALUES ('x', 'odd-cat@x.example'), ('y', 'odd-dan@x.example');
SELECT * FROM rf_import('odd', 'odd_source'::regclass);

-- guards: a row whose payload is too large does not take the others along
INSERT INTO rf_webhook (url, events, campaign_id) VALUES ('https://odd.example/', '{invited.joined}', :odd);
INSERT INTO rf_webhook (url, events, campaign_id) VALUES ('https://odd.example/', '{referrer.joined}', :odd);
SELECT "row", email, error FROM rf_import('odd', jsonb_build_array(
	jsonb_build_object('email', 'odd-eve@x.example'),
	jsonb_build_object('email', 'odd-fay@x.example', 'meta', jsonb_build_object('x', repeat('x', 300000))),
	jsonb_build_object('email', 'odd-gus@x.example')));
SELECT email FROM rf_participant WHERE email ~ 'odd-(eve|fay|gus)' ORDER BY email;

-- guards: what a trigger of the user's inserts is no row of the import
CREATE FUNCTION odd_friend() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
	IF new.email NOT LIKE '%friend%' THEN
		INSERT INTO rf_participant (campaign_id, email) VALUES (new.campaign_id, 'friend-of-' || new.email);
	END IF;
	RETURN new;
END $$;
CREATE TRIGGER aaa BEFORE INSERT ON rf_participant FOR EACH ROW EXECUTE FUNCTION odd_friend();
SELECT "row", email, error FROM rf_import('odd', (
	SELECT jsonb_agg(jsonb_build_object('email', CASE n WHEN 7 THEN 'bad' ELSE 'odd' || n || '@x.example' END))
	FROM generate_series(1, 1500) AS n));
SELECT count(*) AS friends FROM rf_participant WHERE email LIKE 'friend-of-odd%';
DROP TRIGGER aaa ON rf_participant;
DROP FUNCTION odd_friend();

-- guards: what a trigger of the user's changes is not the engine's
CREATE FUNCTION odd_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
	UPDATE rf_participant SET qualified_count = 99 WHERE id = new.id;
	RETURN NULL;
END $$;
CREATE TRIGGER zzz AFTER INSERT ON rf_participant FOR EACH ROW EXECUTE FUNCTION odd_change();
SELECT created FROM rf_join('odd', 'odd-hal@x.example');
DROP TRIGGER zzz ON rf_participant;
DROP FUNCTION odd_change();

-- guards: in a copy, holds are left to the origin
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, hold)
	VALUES (:odd, 'held', 'invited', 'invited_joins', 1, 'USD', '1 day');
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
	VALUES (:odd, 'odd-ida@x.example', 'ODD-IDA', 'ODD-ANN', now() - interval '23 hours 59 minutes 59 seconds');
BEGIN;
SET LOCAL referral.clock_offset = 7200;
INSERT INTO rf_home VALUES (5, 'elsewhere', now());
SELECT rf_tick();
ROLLBACK;
BEGIN;
SET LOCAL referral.clock_offset = 7200;
SELECT rf_tick() > 0 AS ended;
ROLLBACK;

-- guards: every {code} of a landing page is replaced
UPDATE rf_campaign SET landing_url = 'https://odd.example/{code}?again={code}' WHERE id = :odd;
SELECT rf_link('ODD-ANN');
DROP TABLE odd_source;
UPDATE rf_webhook SET state = 'disabled' WHERE campaign_id = :odd;
