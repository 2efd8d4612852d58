-- Bad input gets a clear error and its SQLSTATE, and loses nothing (issue 2).
\set SHOW_CONTEXT never
INSERT INTO rf_campaign (slug, name) VALUES ('bad-input', 'Bad input') RETURNING id AS campaign \gset
INSERT INTO rf_participant (campaign_id, email, code) VALUES (:campaign, 'ann@people.example', 'BAD-ANN');

-- guards: null, empty and impossible addresses
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, NULL);
\echo :SQLSTATE
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, '');
\echo :SQLSTATE
INSERT INTO rf_participant (campaign_id, email) VALUES (:campaign, 'people.example');
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_join('bad-input', NULL);
SELECT rf_join('bad-input', '');
SELECT rf_join('bad-input', '   ');
SELECT rf_join('bad-input', '@people.example');
SELECT rf_join('bad-input', 'ann@');
SELECT rf_join('bad-input', '@');
SELECT rf_join('bad-input', 'ann lee@people.example');
SELECT rf_join('bad-input', E'ann\nlee@people.example');
SELECT rf_join('bad-input', E'ann@people.example\x7f');
\set VERBOSITY default
-- guards: strange ones that are addresses
SELECT created FROM rf_join('bad-input', 'a@b');
SELECT created FROM rf_join('bad-input', '"a@b"@people.example');
SELECT created FROM rf_join('bad-input', 'o''brien+tag@people.example');

-- guards: long ones: 320 bytes of e-mail, 1024 of name, 255 of source
SELECT rf_join('bad-input', repeat('a', 310) || '@people.example');
\echo :SQLSTATE
SELECT rf_join('bad-input', 'bob@people.example', repeat('n', 10240));
\echo :SQLSTATE
SELECT rf_join('bad-input', 'bob@people.example', source => repeat('s', 256));
\echo :SQLSTATE
SELECT rf_join('bad-input', 'bob@people.example', referred_by => repeat('r', 10240));
\echo :SQLSTATE
SELECT created FROM rf_join('bad-input', repeat('a', 305) || '@people.example', repeat('n', 1024), source => repeat('s', 255));

-- guards: control characters, CR and LF among them
SELECT rf_join('bad-input', 'bob@people.example', E'Bob\r\nBcc: all@people.example');
\echo :SQLSTATE
SELECT rf_join('bad-input', 'bob@people.example', source => E'Api\n');
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_join('bad-input', 'bob@people.example', E'B\x01b');
SELECT rf_join('bad-input', 'bob@people.example', E'B\x7fb');
SELECT rf_join('bad-input', 'bob@people.example', referred_by => E'BAD-ANN\n');
\set VERBOSITY default

-- guards: empty source, meta that is no object, a date in the future or without end
SELECT rf_join('bad-input', 'bob@people.example', source => '');
\echo :SQLSTATE
\set VERBOSITY sqlstate
SELECT rf_join('bad-input', 'bob@people.example', meta => '[1]');
SELECT rf_join('bad-input', 'bob@people.example', meta => 'null');
\set VERBOSITY terse
INSERT INTO rf_participant (campaign_id, email, joined_at) VALUES (:campaign, 'bob@people.example', now() + interval '6 minutes');
\echo :SQLSTATE
INSERT INTO rf_participant (campaign_id, email, joined_at) VALUES (:campaign, 'bob@people.example', '-infinity');
\echo :SQLSTATE

-- guards: nobody came of all that
SELECT count(*) FROM rf_participant WHERE campaign_id = :campaign AND email_key LIKE 'bob%';
-- guards: and the same person is welcome after it
SELECT created FROM rf_join('bad-input', 'bob@people.example', E'B\xc3\xb6b', referred_by => 'BAD-ANN');

-- guards: campaigns: slug, name, state, amounts, intervals
\set VERBOSITY sqlstate
INSERT INTO rf_campaign (slug, name) VALUES ('', 'x');
INSERT INTO rf_campaign (slug, name) VALUES ('a b', 'x');
INSERT INTO rf_campaign (slug, name) VALUES (repeat('s', 64), 'x');
INSERT INTO rf_campaign (slug, name) VALUES ('bad-input', 'x');
INSERT INTO rf_campaign (slug, name) VALUES ('bad-name', '');
INSERT INTO rf_campaign (slug, name) VALUES ('bad-name', repeat('n', 1025));
INSERT INTO rf_campaign (slug, name, state) VALUES ('bad-state', 'x', 'open');
INSERT INTO rf_campaign (slug, name, max_referrals) VALUES ('bad-max', 'x', 0);
INSERT INTO rf_campaign (slug, name, qualify_within) VALUES ('bad-window', 'x', '0');
INSERT INTO rf_campaign (slug, name, on_unqualify) VALUES ('bad-policy', 'x', 'punish');

-- guards: a recurring reward comes again in a time that lies ahead, and that a timestamp can hold
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '59 s');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '101 years');
INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every)
VALUES (:campaign, 'x', 'referrer', 'invited_qualifies', 'recurring', 1, 'USD', '-1 year 360 days 1 minute');

-- guards: webhooks: what constraints say of them
INSERT INTO rf_webhook (campaign_id, url, state) VALUES (:campaign, 'https://hooks.example/', 'off');
INSERT INTO rf_webhook (campaign_id, url, timeout) VALUES (:campaign, 'https://hooks.example/', '999 ms');
INSERT INTO rf_webhook (campaign_id, url, timeout) VALUES (:campaign, 'https://hooks.example/', '61 s');
INSERT INTO rf_webhook (campaign_id, url, max_in_flight) VALUES (:campaign, 'https://hooks.example/', 0);
INSERT INTO rf_webhook (campaign_id, url, retry_schedule) VALUES (:campaign, 'https://hooks.example/', '{}');
INSERT INTO rf_webhook (campaign_id, url, sources) VALUES (:campaign, 'https://hooks.example/', '{}');
INSERT INTO rf_webhook (campaign_id, url) VALUES (-1, 'https://hooks.example/');
INSERT INTO rf_webhook (campaign_id, url, rule_id) VALUES (:campaign, 'https://hooks.example/', -1);
\set VERBOSITY default
