-- Standard Webhooks in SQL: the published vectors, and what must not verify.
\set VERBOSITY sqlstate

-- The two published vectors.
SELECT rf_sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek',
	1614265330, '{"test": 2432232314}');
SELECT rf_sign('whsec_plJ3nmyCDGBKInavdOK15jsl', 'msg_loFOjxBNrRLzqYUf',
	1731705121, '{"event_type":"ping","data":{"success":true}}');

-- With and without the prefix it is the same secret.
SELECT rf_sign('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek',
	1614265330, '{"test": 2432232314}');

-- Any bytes can be signed, none at all too.
SELECT rf_sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_1', 1, '\x00ff') =
	rf_sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_1', 1, '\x00fe') AS same;
SELECT rf_sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_1', 1, '');

-- Secrets that are none.
SELECT rf_sign('', 'msg_1', 1, 'x');
SELECT rf_sign('whsec_', 'msg_1', 1, 'x');
SELECT rf_sign('whsec_no base64!', 'msg_1', 1, 'x');
SELECT rf_sign('whsec_' || repeat('QUJD', 100), 'msg_1', 1, 'x');

-- A message that was received: what changes, and whether it verifies then.
CREATE FUNCTION pg_temp.verifies(
	id text DEFAULT 'msg_1', "timestamp" bigint DEFAULT floor(extract(epoch FROM now())),
	body bytea DEFAULT '{"a":1}', signature text DEFAULT NULL, tolerance interval DEFAULT '5 minutes',
	signed_at bigint DEFAULT NULL)
RETURNS boolean LANGUAGE sql AS
$$
	SELECT rf_verify('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', id, "timestamp", body,
		coalesce(signature, rf_sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_1',
			coalesce(signed_at, "timestamp"), '{"a":1}')), tolerance)
$$;
\set now 'floor(extract(epoch FROM now()))::bigint'
\set right 'rf_sign(''whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'', ''msg_1'', :now, ''{"a":1}'')'

SELECT pg_temp.verifies() AS valid,
	pg_temp.verifies(id => 'msg_2') AS other_id,
	pg_temp.verifies(body => '{"a":2}') AS other_body,
	pg_temp.verifies(body => '{"a":1} ') AS longer_body,
	pg_temp.verifies(signed_at => :now - 1) AS other_time;
SELECT pg_temp.verifies(signature => '') AS none,
	pg_temp.verifies(signature => 'v1,') AS empty,
	pg_temp.verifies(signature => 'v1') AS without_comma,
	pg_temp.verifies(signature => 'v1,AAAA') AS short,
	pg_temp.verifies(signature => 'v1,' || repeat('A', 43) || '=') AS wrong,
	pg_temp.verifies(signature => substr(:right, 4)) AS without_version,
	pg_temp.verifies(signature => 'v2' || substr(:right, 3)) AS other_version,
	pg_temp.verifies(signature => :right || 'A') AS longer,
	pg_temp.verifies(signature => lower(:right)) AS lower_case;
SELECT pg_temp.verifies(signature => 'v1,AAAA v1a,AAAA v2,BBBB ' || :right) AS among_others,
	pg_temp.verifies(signature => '  ' || :right || '  ') AS with_spaces,
	pg_temp.verifies(signature => :right || ',v1,AAAA') AS by_comma,
	pg_temp.verifies(signature => repeat('v1,AAAA ', 10000) || :right) AS among_many;

-- Five minutes either way, or what is given; any time if that is null.
SELECT pg_temp.verifies("timestamp" => :now - 299) AS recent,
	pg_temp.verifies("timestamp" => :now - 301) AS old,
	pg_temp.verifies("timestamp" => :now + 299) AS soon,
	pg_temp.verifies("timestamp" => :now + 301) AS future,
	pg_temp.verifies("timestamp" => :now - 301, tolerance => '10 minutes') AS wider,
	pg_temp.verifies("timestamp" => 1614265330, tolerance => NULL) AS any_time;
SELECT pg_temp.verifies("timestamp" => -1) AS negative,
	pg_temp.verifies("timestamp" => 9223372036854775807) AS most,
	pg_temp.verifies("timestamp" => -9223372036854775808) AS least;

-- A missing header does not verify, and is not null: NOT null would let it pass.
SELECT rf_verify('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', NULL, :now, '{"a":1}', :right) AS no_id,
	rf_verify('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_1', NULL, '{"a":1}', :right) AS no_time,
	rf_verify('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_1', :now, NULL, :right) AS no_body,
	rf_verify('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_1', :now, '{"a":1}', NULL) AS no_signature,
	rf_verify(NULL, 'msg_1', :now, '{"a":1}', :right) AS no_secret;
SELECT rf_verify('whsec_', 'msg_1', :now, '{"a":1}', :right);

-- Key pairs: signatures of version v1a, whose receiver has the public half.
\set private 'whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg=='
\set public 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='
SELECT rf_sign(:'private', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}') AS asymmetric \gset
SELECT :'asymmetric' AS asymmetric;
-- The seed alone is the same key.
SELECT rf_sign('whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=', 'msg_p5jXN8AQM9LWM0D4loKWxJek',
	1614265330, '{"test": 2432232314}') = :'asymmetric' AS same;

CREATE FUNCTION pg_temp.verifies_with(secret text, signature text, id text DEFAULT 'msg_p5jXN8AQM9LWM0D4loKWxJek',
	"timestamp" bigint DEFAULT 1614265330, body bytea DEFAULT '{"test": 2432232314}')
RETURNS boolean LANGUAGE sql AS
$$ SELECT rf_verify(secret, id, "timestamp", body, signature, NULL) $$;
SELECT pg_temp.verifies_with(:'public', :'asymmetric') AS with_public,
	pg_temp.verifies_with(:'private', :'asymmetric') AS with_private,
	pg_temp.verifies_with(:'public', 'v1,' || repeat('A', 43) || '= v1a,AAAA v2,BBBB ' || :'asymmetric') AS among_others,
	pg_temp.verifies_with(:'public', '  ' || :'asymmetric' || '  ') AS with_spaces;
SELECT pg_temp.verifies_with(:'public', :'asymmetric', id => 'msg_2') AS other_id,
	pg_temp.verifies_with(:'public', :'asymmetric', "timestamp" => 1614265331) AS other_time,
	pg_temp.verifies_with(:'public', :'asymmetric', body => '{"test": 2432232315}') AS other_body,
	pg_temp.verifies_with('whpk_' || repeat('A', 43) || '=', :'asymmetric') AS other_key,
	pg_temp.verifies_with(substr(:'public', 6), :'asymmetric') AS as_shared;
SELECT pg_temp.verifies_with(:'public', '') AS none,
	pg_temp.verifies_with(:'public', 'v1a,') AS empty,
	pg_temp.verifies_with(:'public', 'v1a') AS without_comma,
	pg_temp.verifies_with(:'public', 'v1a,' || repeat('A', 86) || '==') AS wrong,
	pg_temp.verifies_with(:'public', 'v1a,' || repeat('A', 88)) AS too_many_bytes,
	pg_temp.verifies_with(:'public', 'v1a,' || repeat('!', 88)) AS no_base64,
	pg_temp.verifies_with(:'public', 'v1,' || substr(:'asymmetric', 5)) AS other_version,
	pg_temp.verifies_with(:'public', :'asymmetric' || 'A') AS longer,
	pg_temp.verifies_with(:'public', rtrim(:'asymmetric', '=')) AS without_padding;

-- Signatures of both versions stand beside each other, and each receiver finds its own.
SELECT rf_sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek',
	1614265330, '{"test": 2432232314}') || ' ' || :'asymmetric' AS both \gset
SELECT pg_temp.verifies_with(:'public', :'both') AS asymmetric,
	pg_temp.verifies_with('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', :'both') AS shared;

-- Keys that are none: of another length, of two halves that do not fit; and a public one does not sign.
SELECT rf_sign('whsk_', 'msg_1', 1, 'x');
SELECT rf_sign('whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyufw==', 'msg_1', 1, 'x');
SELECT rf_sign('whsk_' || repeat('A', 86) || '==', 'msg_1', 1, 'x');
SELECT rf_verify('whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUQ==', 'msg_1', 1, 'x', 'v1a,x');
SELECT rf_sign(:'public', 'msg_1', 1, 'x');
