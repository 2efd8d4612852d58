-- What a later version builds is refused with feature_not_supported and a
-- hint, never ignored (design 4.1).
\set SHOW_CONTEXT never

-- guards: the message names what, the hint says what to do
INSERT INTO rf_inbound_token (name, token_hash, actions)
VALUES ('shop', decode(repeat('00', 32), 'hex'), '{qualify}');
\echo :SQLSTATE

-- guards: nothing of it was stored
SELECT count(*) FROM rf_inbound_token;
