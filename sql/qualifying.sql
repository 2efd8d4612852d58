-- An invited person converts (design 5.4, 5.6, 5.7, 5.8, 5.10, 5.11). What
-- holds between sessions stands in test/isolation.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO rf_campaign (slug, name) VALUES ('qualifying', 'Qualifying') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:campaign, 'ann@people.example', 'QUAL-ANN', NULL, '2024-01-01'),
	(:campaign, 'bob@people.example', 'QUAL-BOB', 'QUAL-ANN', '2024-01-02'),
	(:campaign, 'cyd@people.example', 'QUAL-CYD', 'QUAL-ANN', '2024-01-03'),
	(:campaign, 'dee@people.example', 'QUAL-DEE', 'QUAL-BOB', '2024-01-04');

-- guards 5.6: the first call makes the transition, the rest answer changed = false
SELECT participant_id = (SELECT id FROM rf_participant WHERE code = 'QUAL-BOB') AS bob, state, changed, rewards
FROM rf_qualify('qual-bob');
SELECT participant_id = (SELECT id FROM rf_participant WHERE code = 'QUAL-BOB') AS bob, state, changed, rewards
FROM rf_qualify('QUAL BOB');

-- guards: qualified_at is now, or occurred_at
SELECT state, qualified_at IS NOT NULL AND qualified_at <= now() AS now FROM rf_participant WHERE code = 'QUAL-BOB';
SELECT state, changed FROM rf_qualify('QUAL-CYD', occurred_at => '2024-02-01 12:00+00');
SELECT state, qualified_at FROM rf_participant WHERE code = 'QUAL-CYD';
-- a later call does not move it
SELECT state, changed FROM rf_qualify('QUAL-CYD', occurred_at => '2024-03-01 12:00+00');
SELECT state, qualified_at FROM rf_participant WHERE code = 'QUAL-CYD';

-- guards 5.7: invited_count does not change when people qualify, qualified_count does
SELECT code, invited_count, qualified_count FROM rf_participant WHERE campaign_id = :campaign ORDER BY id;

-- guards: by e-mail, without regard to case and spaces around it
SELECT participant_id = (SELECT id FROM rf_participant WHERE code = 'QUAL-DEE') AS dee, state, changed
FROM rf_qualify_email('qualifying', ' DEE@people.example ');
SELECT state, changed FROM rf_qualify_email('qualifying', 'dee@people.example');
SELECT code, qualified_count FROM rf_participant WHERE code = 'QUAL-BOB';

-- guards: RF004 for who joined on their own, and for who never joined
SELECT rf_qualify('QUAL-ANN');
\echo :SQLSTATE
SELECT rf_qualify_email('qualifying', 'ann@people.example');
\echo :SQLSTATE
SELECT rf_qualify_email('qualifying', 'stranger@people.example');
\echo :SQLSTATE

-- guards: RF002 unknown code, 42704 unknown campaign, nulls
SELECT rf_qualify('NO-SUCH');
\echo :SQLSTATE
SELECT rf_qualify(NULL);
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_qualify_email('no-such-campaign', 'bob@people.example');
SELECT rf_qualify_email(NULL, 'bob@people.example');
SELECT rf_qualify_email('qualifying', NULL);
\set VERBOSITY default

-- guards 5.10: the future is refused, but for 5 minutes of clocks that differ
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:campaign, 'f1@people.example', 'QUAL-F1', 'QUAL-ANN'),
	(:campaign, 'f2@people.example', 'QUAL-F2', 'QUAL-ANN');
\set VERBOSITY terse
BEGIN;
SAVEPOINT s;
SELECT rf_qualify('QUAL-F1', occurred_at => now() + interval '5 min 1 us');
\echo :SQLSTATE
ROLLBACK TO s;
SELECT rf_qualify('QUAL-F1', occurred_at => 'infinity');
\echo :SQLSTATE
ROLLBACK TO s;
SELECT state, changed FROM rf_qualify('QUAL-F1', occurred_at => now() + interval '5 min');
COMMIT;
\set VERBOSITY default

-- guards 5.4: draft and ended: no qualifications; paused: they go on
UPDATE rf_campaign SET state = 'draft' WHERE id = :campaign;
SELECT rf_qualify('QUAL-F2');
\echo :SQLSTATE
UPDATE rf_campaign SET state = 'ended' WHERE id = :campaign;
SELECT rf_qualify('QUAL-F2');
\echo :SQLSTATE
-- who is qualified already is told so all the same
SELECT state, changed FROM rf_qualify('QUAL-BOB');
UPDATE rf_campaign SET state = 'paused' WHERE id = :campaign;
SELECT state, changed FROM rf_qualify('QUAL-F2');

-- guards 5.4, 5.10: qualifications are judged by occurred_at: a purchase made in
-- time counts although it is told later, one made too late does not
INSERT INTO rf_campaign (slug, name) VALUES ('qualifying-dates', 'Dates') RETURNING id AS dates \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:dates, 'ann@people.example', 'QDATE-ANN', NULL, '2024-01-01'),
	(:dates, 'b1@people.example', 'QDATE-B1', 'QDATE-ANN', '2024-01-01'),
	(:dates, 'b2@people.example', 'QDATE-B2', 'QDATE-ANN', '2024-01-01');
UPDATE rf_campaign SET starts_at = '2024-02-01 00:00+00', ends_at = '2024-03-01 00:00+00' WHERE id = :dates;
\set VERBOSITY sqlstate
SELECT rf_qualify('QDATE-B1', occurred_at => '2024-01-31 23:59:59.999999+00');
SELECT rf_qualify('QDATE-B1', occurred_at => '2024-03-01 00:00+00');
SELECT rf_qualify('QDATE-B1');
\set VERBOSITY default
SELECT state, changed FROM rf_qualify('QDATE-B1', occurred_at => '2024-02-01 00:00+00');
SELECT state, changed FROM rf_qualify('QDATE-B2', occurred_at => '2024-02-29 23:59:59.999999+00');

-- guards 5.8: joined_at <= t < joined_at + qualify_within, and RF007 outside of it
INSERT INTO rf_campaign (slug, name, qualify_within) VALUES ('qualifying-late', 'Late', '30 days') RETURNING id AS late \gset
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at) VALUES
	(:late, 'ann@people.example', 'QLATE-ANN', NULL, '2024-01-01 00:00+00'),
	(:late, 'b1@people.example', 'QLATE-B1', 'QLATE-ANN', '2024-01-01 00:00+00'),
	(:late, 'b2@people.example', 'QLATE-B2', 'QLATE-ANN', '2024-01-01 00:00+00'),
	(:late, 'b3@people.example', 'QLATE-B3', 'QLATE-ANN', now());
SELECT rf_qualify('QLATE-B1', occurred_at => '2024-01-31 00:00+00');
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_qualify('QLATE-B1', occurred_at => '2023-12-31 23:59:59.999999+00');
SELECT rf_qualify('QLATE-B1');
\set VERBOSITY default
-- guards 5.8: the call writes nothing
SELECT state, qualified_at FROM rf_participant WHERE code = 'QLATE-B1';
SELECT state, changed FROM rf_qualify('QLATE-B1', occurred_at => '2024-01-01 00:00+00');
SELECT state, changed FROM rf_qualify('QLATE-B2', occurred_at => '2024-01-30 23:59:59.999999+00');
SELECT state, changed FROM rf_qualify('QLATE-B3');

-- States that only a later version reaches, as a restore would write them.
INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at, email_key, code_key,
	referrer_id, state, invited_count, qualified_count)
SELECT :late, s || '@people.example', 'QLATE-' || upper(s), 'QLATE-ANN', '2024-01-01 00:00+00',
	s || '@people.example', 'QLATE' || upper(s), r.id, s, 0, 0
FROM rf_participant r, unnest('{expired,held,blocked}'::text[]) AS s
WHERE r.code = 'QLATE-ANN';

-- guards 5.8: occurred_at inside the window qualifies even after the sweep
\set VERBOSITY sqlstate
SELECT rf_qualify('QLATE-EXPIRED');
\set VERBOSITY default
SELECT state FROM rf_participant WHERE code = 'QLATE-EXPIRED';
SELECT state, changed FROM rf_qualify('QLATE-EXPIRED', occurred_at => '2024-01-30 00:00+00');

-- guards 5.11: RF006 for who is held or blocked
SELECT rf_qualify('QLATE-HELD', occurred_at => '2024-01-30 00:00+00');
\echo :SQLSTATE
SELECT rf_qualify('QLATE-BLOCKED', occurred_at => '2024-01-30 00:00+00');
\echo :SQLSTATE

-- guards 5.7: the counts once more
SELECT code, invited_count, qualified_count FROM rf_participant WHERE code IN ('QUAL-ANN', 'QLATE-ANN') ORDER BY id;

-- guards: the reward counts of a qualification: referrer and invited, one each
INSERT INTO rf_campaign (slug, name) VALUES ('qualifying-paid', 'Paid') RETURNING id AS paid \gset
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit) VALUES
	(:paid, 'r', 'referrer', 'invited_qualifies', 10, 'USD'),
	(:paid, 'i', 'invited', 'invited_qualifies', 5, 'USD');
INSERT INTO rf_participant (campaign_id, email, code, referred_by) VALUES
	(:paid, 'ann@people.example', 'QPAID-ANN', NULL),
	(:paid, 'bob@people.example', 'QPAID-BOB', 'QPAID-ANN');
SELECT state, changed, rewards FROM rf_qualify('QPAID-BOB');
SELECT state, changed, rewards FROM rf_qualify('QPAID-BOB');
