-- Tables of what comes in from outside.

CREATE TABLE @extschema@.rf_inbound_token (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL
		CHECK (octet_length(name) BETWEEN 1 AND 255),
	campaign_id bigint,
	token_hash bytea NOT NULL UNIQUE
		CHECK (octet_length(token_hash) = 32),
	actions text[] NOT NULL
		CHECK (cardinality(actions) > 0
			AND actions <@ '{qualify,unqualify,join,purchase,refund,fulfill,participant}'),
	expires_at timestamptz,
	revoked_at timestamptz,
	last_used_at timestamptz,
	created_at timestamptz NOT NULL,
	mapping text
		CHECK (octet_length(mapping) BETWEEN 1 AND 255),
	scheme text
		CHECK (scheme IN ('standard', 'stripe', 'shopify', 'github', 'paddle', 'hmac')),
	signing_options jsonb,
	previous_hash bytea UNIQUE
		CHECK (octet_length(previous_hash) = 32),
	previous_until timestamptz
);

COMMENT ON TABLE @extschema@.rf_inbound_token IS
'secret URLs by which other systems call in; made by rf_create_inbound_token';
COMMENT ON COLUMN @extschema@.rf_inbound_token.id IS
'set by the engine';
COMMENT ON COLUMN @extschema@.rf_inbound_token.name IS
'the name people read';
COMMENT ON COLUMN @extschema@.rf_inbound_token.campaign_id IS
'only this campaign; null: all';
COMMENT ON COLUMN @extschema@.rf_inbound_token.token_hash IS
'SHA-256 of the token, which itself is kept nowhere';
COMMENT ON COLUMN @extschema@.rf_inbound_token.actions IS
'calls it allows: qualify, unqualify, join, purchase, refund, fulfill, participant';
COMMENT ON COLUMN @extschema@.rf_inbound_token.expires_at IS
'first instant at which it is not valid; null: no end';
COMMENT ON COLUMN @extschema@.rf_inbound_token.revoked_at IS
'when it was revoked';
COMMENT ON COLUMN @extschema@.rf_inbound_token.last_used_at IS
'when it was last used, to the minute';
COMMENT ON COLUMN @extschema@.rf_inbound_token.created_at IS
'when it was made';
COMMENT ON COLUMN @extschema@.rf_inbound_token.mapping IS
'whose payloads come in: a mapping of rf_inbound_mapping; null: our own names';
COMMENT ON COLUMN @extschema@.rf_inbound_token.scheme IS
'how calls are signed: standard, stripe, shopify, github, paddle, hmac; null: not at all (see rf_sign_inbound)';
COMMENT ON COLUMN @extschema@.rf_inbound_token.signing_options IS
'what scheme hmac needs to know: its header, encoding and so on';
COMMENT ON COLUMN @extschema@.rf_inbound_token.previous_hash IS
'SHA-256 of the token before it was rotated';
COMMENT ON COLUMN @extschema@.rf_inbound_token.previous_until IS
'first instant at which that one is not valid';

-- With room in each page, so that who clicks again costs no entry in an index.
CREATE TABLE @extschema@.rf_click (
	campaign_id bigint NOT NULL,
	participant_id bigint NOT NULL,
	day date NOT NULL,
	visitor bytea NOT NULL,
	clicks integer NOT NULL
		CHECK (clicks > 0),
	visitors integer NOT NULL DEFAULT 1
		CHECK (visitors > 0),
	PRIMARY KEY (participant_id, day, visitor)
) WITH (fillfactor = 70);

COMMENT ON TABLE @extschema@.rf_click IS
'clicks on links: by day and visitor while the day lasts, by day from then on';
COMMENT ON COLUMN @extschema@.rf_click.campaign_id IS
'campaign of the link';
COMMENT ON COLUMN @extschema@.rf_click.participant_id IS
'person whose link it is';
COMMENT ON COLUMN @extschema@.rf_click.day IS
'day in UTC';
COMMENT ON COLUMN @extschema@.rf_click.visitor IS
'hash of address and user agent with the day''s salt; empty: all others, and everybody when the day is over';
COMMENT ON COLUMN @extschema@.rf_click.clicks IS
'how many';
COMMENT ON COLUMN @extschema@.rf_click.visitors IS
'by how many visitors';
