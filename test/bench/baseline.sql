-- What a careful team would write by hand: joining and qualifying in PL/pgSQL,
-- with the effect of rf_join and rf_qualify and as short as it can be while
-- correct under concurrency. Only for what the measurement asks: standard rules
-- with every = 1 and webhooks in the standard format.
--
-- The tables are copies of the extension's, in the schema "baseline", with the
-- same columns, indexes and checks, and like them without foreign keys. Run with
-- psql in a database that has the extension.

CREATE SCHEMA baseline;
SET search_path = baseline, public;

CREATE TABLE rf_home (LIKE public.rf_home INCLUDING ALL);
CREATE TABLE rf_campaign (LIKE public.rf_campaign INCLUDING ALL);
CREATE TABLE rf_participant (LIKE public.rf_participant INCLUDING ALL)
	WITH (fillfactor = 85);
CREATE TABLE rf_reward_rule (LIKE public.rf_reward_rule INCLUDING ALL);
CREATE TABLE rf_reward (LIKE public.rf_reward INCLUDING ALL)
	WITH (fillfactor = 90);
CREATE TABLE rf_webhook (LIKE public.rf_webhook INCLUDING ALL);
CREATE TABLE rf_event (LIKE public.rf_event INCLUDING ALL);
CREATE SEQUENCE rf_outbox_id_seq;
CREATE TABLE rf_outbox_0 (LIKE public.rf_outbox_0 INCLUDING ALL);
ALTER TABLE rf_outbox_0 ALTER COLUMN id SET DEFAULT nextval('baseline.rf_outbox_id_seq');

-- ==== Payloads

CREATE FUNCTION iso_8601(moment timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

CREATE FUNCTION link(landing_url text, code text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE
		WHEN landing_url LIKE '%{code}%' THEN replace(landing_url, '{code}', code)
		WHEN landing_url LIKE '%?%' THEN landing_url || '&ref=' || code
		ELSE landing_url || '?ref=' || code
	END
$$;

CREATE FUNCTION invited_json(p rf_participant, c rf_campaign) RETURNS json
LANGUAGE sql STABLE AS $$
	SELECT json_build_object('id', p.id, 'code', p.code, 'email', p.email, 'name', p.name,
		'type', 'person_invited', 'state', p.state, 'source', p.source,
		'url', baseline.link(c.landing_url, p.code),
		'joined_at', baseline.iso_8601(p.joined_at),
		'qualified_at', baseline.iso_8601(p.qualified_at), 'meta', p.meta)
$$;

CREATE FUNCTION referrer_json(p rf_participant, c rf_campaign) RETURNS json
LANGUAGE sql STABLE AS $$
	SELECT json_build_object('id', p.id, 'code', p.code, 'email', p.email, 'name', p.name,
		'type', CASE WHEN p.referrer_id IS NULL THEN 'person_referring' ELSE 'person_invited' END,
		'state', p.state, 'source', p.source,
		'url', baseline.link(c.landing_url, p.code),
		'joined_at', baseline.iso_8601(p.joined_at),
		'qualified_at', baseline.iso_8601(p.qualified_at), 'meta', p.meta,
		'invited_count', p.invited_count, 'qualified_count', p.qualified_count)
$$;

-- ==== What joining and qualifying have in common: rewards, events, outbox

CREATE FUNCTION settle(c rf_campaign, what text, event text,
	person rf_participant, referrer rf_participant) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	campaign json := json_build_object('id', c.id, 'slug', c.slug, 'name', c.name);
	participant json := baseline.invited_json(person, c);
	referring json := baseline.referrer_json(referrer, c);
	granted integer := 0;
	rule rf_reward_rule;
	reward rf_reward;
BEGIN
	PERFORM baseline.emit(event, c.id, person, NULL, NULL, json_build_object(
		'campaign', campaign, 'participant', participant, 'referrer', referring));
	FOR rule IN
		SELECT *
		FROM rf_reward_rule r
		WHERE r.campaign_id = c.id AND r.active AND r.earned_on = what
		ORDER BY r.id
	LOOP
		INSERT INTO rf_reward AS r (rule_id, participant_id, subject_id, generation, metric, amount,
			unit, state, earned_at, due_at, issued_at, changed_at)
		SELECT rule.id, recipient, person.id,
			1 + coalesce((
				SELECT max(t.generation)
				FROM rf_reward t
				WHERE t.state IN ('cancelled', 'clawed_back') AND t.participant_id = recipient
					AND t.rule_id = rule.id AND t.subject_id = person.id AND t.ordinal IS NULL), 0),
			rule.metric, rule.amount, rule.unit,
			CASE WHEN rule.hold > '0' THEN 'pending' WHEN rule.auto_issue THEN 'issued' ELSE 'due' END,
			now(), now() + rule.hold,
			CASE WHEN rule.hold = '0' AND rule.auto_issue THEN now() END, now()
		FROM (VALUES (CASE rule.recipient WHEN 'referrer' THEN referrer.id ELSE person.id END)) AS g (recipient)
		ON CONFLICT DO NOTHING
		RETURNING * INTO reward;
		CONTINUE WHEN NOT FOUND;
		granted := granted + 1;
		PERFORM baseline.emit('reward.' || reward.state, c.id, person, rule.id, reward.id, json_build_object(
			'campaign', campaign, 'participant', participant, 'referrer', referring,
			'reward', json_build_object('id', reward.id, 'rule_id', rule.id, 'rule', rule.name,
				'kind', rule.kind, 'threshold', NULL, 'recipient', rule.recipient,
				'metric', reward.metric, 'amount', reward.amount, 'unit', reward.unit,
				'coupon', NULL, 'state', reward.state, 'previous_state', NULL)));
	END LOOP;
	RETURN granted;
END
$$;

CREATE FUNCTION emit(event text, campaign bigint, person rf_participant, rule bigint,
	reward bigint, content json) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	webhooks bigint[] := ARRAY(
		SELECT w.id
		FROM rf_webhook w
		WHERE w.state <> 'disabled'
			AND (w.campaign_id IS NULL OR w.campaign_id = campaign)
			AND w.events && ARRAY['*', split_part(event, '.', 1) || '.*', event]
			AND (w.sources IS NULL OR person.source = ANY (w.sources))
			AND (w.rule_id IS NULL OR w.rule_id = rule));
	event_id bigint;
BEGIN
	IF webhooks = '{}' THEN
		RETURN;
	END IF;
	INSERT INTO rf_event (home, type, campaign_id, participant_id, reward_id, created_at, payload)
	VALUES ((SELECT h.home FROM rf_home h LIMIT 1), event, campaign, person.id, reward, now(),
		convert_to(json_build_object('type', event, 'timestamp', baseline.iso_8601(now()),
			'data', content)::text, 'UTF8'))
	RETURNING id INTO event_id;
	INSERT INTO rf_outbox_0 (event_id, webhook_id)
	SELECT event_id, unnest(webhooks);
END
$$;

-- ==== The calls

-- Eight characters of an alphabet without look-alikes, from a strong source:
-- the bytes of a version 4 UUID, without the two that are not random.
CREATE FUNCTION new_code() RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	alphabet CONSTANT text := '23456789ABCDEFGHJKMNPQRSTVWXYZ';
	bytes CONSTANT bytea := uuid_send(gen_random_uuid());
	code text := '';
	i integer;
BEGIN
	FOREACH i IN ARRAY '{0,1,2,3,4,5,9,10}'::integer[] LOOP
		code := code || substr(alphabet, 1 + get_byte(bytes, i) % 30, 1);
	END LOOP;
	RETURN code;
END
$$;

CREATE FUNCTION sign_up(campaign text, email text, referred_by text,
	name text DEFAULT NULL, source text DEFAULT NULL, ip inet DEFAULT NULL, meta jsonb DEFAULT '{}')
RETURNS TABLE (participant_id bigint, code text, url text, created boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = baseline, pg_temp AS $$
#variable_conflict use_column
DECLARE
	address CONSTANT text := btrim(sign_up.email, E' \t\r\n');
	key CONSTANT text := lower(address COLLATE "C");
	c rf_campaign;
	referrer rf_participant;
	person rf_participant;
BEGIN
	SELECT * INTO c FROM rf_campaign WHERE slug = sign_up.campaign;
	IF NOT FOUND THEN
		RAISE 'campaign "%" does not exist', sign_up.campaign USING ERRCODE = 'undefined_object';
	END IF;
	IF c.state <> 'live' OR now() < c.starts_at OR now() >= c.ends_at THEN
		RAISE 'campaign "%" is not open', c.slug USING ERRCODE = 'RF001';
	END IF;
	IF address IS NULL OR address !~ '^[^[:space:][:cntrl:]]+@[^[:space:][:cntrl:]@]+$' THEN
		RAISE 'invalid e-mail address: "%"', address USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT * INTO referrer
	FROM rf_participant
	WHERE code_key = upper(translate(sign_up.referred_by, '- ', '')) AND campaign_id = c.id;
	IF NOT FOUND THEN
		RAISE 'unknown code "%"', referred_by USING ERRCODE = 'RF002';
	END IF;
	IF referrer.email_key = key THEN
		RAISE 'nobody can invite themselves' USING ERRCODE = 'RF003';
	END IF;
	IF referrer.state = 'blocked' THEN
		RAISE 'the owner of code "%" is blocked', referred_by USING ERRCODE = 'RF006';
	END IF;
	LOOP
		code := new_code();
		CONTINUE WHEN EXISTS (SELECT FROM rf_participant WHERE code_key = sign_up.code);
		INSERT INTO rf_participant (campaign_id, email, name, referred_by, source, ip, meta, code,
			joined_at, email_key, code_key, referrer_id, state, invited_count, qualified_count)
		VALUES (c.id, address, sign_up.name, sign_up.referred_by, coalesce(sign_up.source, 'Referred'),
			sign_up.ip, sign_up.meta, code, now(), key, code, referrer.id, 'pending', 0, 0)
		ON CONFLICT DO NOTHING
		RETURNING * INTO person;
		EXIT WHEN FOUND;
		SELECT p.id, p.code, link(c.landing_url, p.code), false
		INTO participant_id, code, url, created
		FROM rf_participant p
		WHERE p.campaign_id = c.id AND p.email_key = key;
		IF FOUND THEN
			RETURN NEXT;
			RETURN;
		END IF;
	END LOOP;
	UPDATE rf_participant
	SET invited_count = invited_count + 1
	WHERE id = referrer.id AND (c.max_referrals IS NULL OR invited_count < c.max_referrals)
	RETURNING * INTO referrer;
	IF NOT FOUND THEN
		RAISE 'the owner of code "%" has invited enough people', referred_by USING ERRCODE = 'RF005';
	END IF;
	PERFORM settle(c, 'invited_joins', 'invited.joined', person, referrer);
	participant_id := person.id;
	url := link(c.landing_url, code);
	created := true;
	RETURN NEXT;
END
$$;

CREATE FUNCTION qualify(code text)
RETURNS TABLE (participant_id bigint, state text, changed boolean, rewards integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = baseline, pg_temp AS $$
#variable_conflict use_column
DECLARE
	c rf_campaign;
	referrer rf_participant;
	person rf_participant;
BEGIN
	SELECT * INTO person
	FROM rf_participant
	WHERE code_key = upper(translate(qualify.code, '- ', ''));
	IF NOT FOUND THEN
		RAISE 'unknown code "%"', qualify.code USING ERRCODE = 'RF002';
	END IF;
	SELECT * INTO c FROM rf_campaign WHERE id = person.campaign_id;
	IF c.state NOT IN ('live', 'paused') OR now() < c.starts_at OR now() >= c.ends_at THEN
		RAISE 'campaign "%" is not open', c.slug USING ERRCODE = 'RF001';
	END IF;
	IF person.referrer_id IS NULL THEN
		RAISE 'the owner of code "%" was not invited', qualify.code USING ERRCODE = 'RF004';
	END IF;
	IF now() >= person.joined_at + c.qualify_within THEN
		RAISE 'it is too late to qualify' USING ERRCODE = 'RF007';
	END IF;
	-- A referrer is older than their people: this is the order of ids.
	PERFORM FROM rf_participant WHERE id = person.referrer_id FOR NO KEY UPDATE;
	UPDATE rf_participant
	SET state = 'qualified', qualified_at = now()
	WHERE id = person.id AND state IN ('pending', 'expired')
	RETURNING * INTO person;
	changed := FOUND;
	rewards := 0;
	IF changed THEN
		UPDATE rf_participant
		SET qualified_count = qualified_count + 1
		WHERE id = person.referrer_id
		RETURNING * INTO referrer;
		rewards := settle(c, 'invited_qualifies', 'invited.qualified', person, referrer);
	ELSE
		SELECT * INTO person FROM rf_participant WHERE code_key = upper(translate(qualify.code, '- ', ''));
		IF person.state IN ('held', 'blocked') THEN
			RAISE 'the owner of code "%" is %', qualify.code, person.state USING ERRCODE = 'RF006';
		END IF;
	END IF;
	participant_id := person.id;
	state := person.state;
	RETURN NEXT;
END
$$;
