-- What other systems' payloads mean, by jsonpaths.

CREATE TABLE @extschema@.rf_inbound_mapping (
	mapping text COLLATE "C" NOT NULL
		CHECK (octet_length(mapping) BETWEEN 1 AND 255),
	position integer NOT NULL,
	action text NOT NULL
		CHECK (action IN ('qualify', 'unqualify', 'join', 'purchase', 'refund', 'fulfill')),
	"when" jsonpath,
	code jsonpath,
	coupon jsonpath,
	email jsonpath,
	campaign jsonpath,
	name jsonpath,
	referred_by jsonpath,
	source jsonpath,
	ip jsonpath,
	meta jsonpath,
	amount jsonpath,
	qualifies boolean NOT NULL DEFAULT false,
	minor_units boolean NOT NULL DEFAULT false,
	minor_digits jsonb
		CHECK (jsonb_typeof(minor_digits) = 'object'
			AND NOT jsonb_path_exists(minor_digits, '$.* ? (@.type() != "number" || @ < 0 || @ > 9)')),
	currency jsonpath,
	external_id jsonpath,
	refund_id jsonpath,
	refunded jsonpath,
	occurred_at jsonpath,
	reward jsonpath,
	reference jsonpath,
	reason jsonpath,
	message_id jsonpath,
	note text,
	builtin boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (mapping, position),
	CONSTRAINT rf_inbound_mapping_arguments_check CHECK (
		CASE action
			WHEN 'qualify' THEN num_nonnulls(code, coupon, email) > 0
			WHEN 'unqualify' THEN num_nonnulls(code, coupon, email) > 0
			WHEN 'join' THEN email IS NOT NULL
			WHEN 'purchase' THEN num_nonnulls(code, coupon, email) > 0 AND amount IS NOT NULL
			WHEN 'refund' THEN external_id IS NOT NULL
			WHEN 'fulfill' THEN reward IS NOT NULL
		END),
	CONSTRAINT rf_inbound_mapping_minor_check CHECK (
		NOT minor_units OR num_nonnulls(amount, refunded) = 0 OR currency IS NOT NULL),
	CONSTRAINT rf_inbound_mapping_refunded_check CHECK (
		refunded IS NULL OR (action = 'refund' AND amount IS NULL AND refund_id IS NULL)),
	CONSTRAINT rf_inbound_mapping_qualifies_check CHECK (
		NOT qualifies OR action IN ('purchase', 'refund'))
);

COMMENT ON TABLE @extschema@.rf_inbound_mapping IS
'what other systems'' payloads mean: of the rows of a mapping the first in order whose condition holds says which call a payload is and where its arguments are; rows under names of your own are yours to write';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.mapping IS
'name that tokens are made with; names of rows that came with the extension take no others';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.position IS
'rows are tried in this order';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.action IS
'call it is: qualify, unqualify, join, purchase, refund or fulfill';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping."when" IS
'the row is for payloads where this holds: it finds true, or finds anything that is no boolean; null: for all. In every path $ is the payload and $headers an object with the request''s headers, names in small letters; what a path does not find is no error';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.code IS
'path of the person''s code; of what a path finds, the first string, number or boolean that is not empty counts';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.coupon IS
'path of a coupon that the person was given';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.email IS
'path of the person''s e-mail address';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.campaign IS
'path of the campaign''s slug, for tokens of all campaigns';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.name IS
'path of the name of who joins';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.referred_by IS
'path of the code by which somebody joins';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.source IS
'path of where who joins came from';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.ip IS
'path of the address of who joins';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.meta IS
'path of the meta of who joins, an object';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.amount IS
'path of the amount; several are added up';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.qualifies IS
'true: in campaigns without min_spend the purchase qualifies who paid, and a refund that leaves nothing of what they bought undoes that';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.minor_units IS
'true: amounts are in the currency''s minor unit, such as cents';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.minor_digits IS
'object of currencies whose minor unit has other digits here than in ISO 4217, such as {"ISK": 2}';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.currency IS
'path of the currency, in letters of any case';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.external_id IS
'path of the shop''s own number of the purchase';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.refund_id IS
'path of the shop''s own number of the refund';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.refunded IS
'path of what was given back of the purchase in all so far, in the place of amount; several are added up';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.occurred_at IS
'path of the time: text, in UTC if it names no zone, or a number of seconds (milliseconds from 100000000000 on) since 1970';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.reward IS
'path of the id of the reward that is fulfilled';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.reference IS
'path of the reference of what fulfilled it';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.reason IS
'path of the reason to unqualify';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.message_id IS
'path of what names this message: the same again is answered from the first result';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.note IS
'what the row is about, for people';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.builtin IS
'true: came with the extension; set by the engine';
COMMENT ON COLUMN @extschema@.rf_inbound_mapping.created_at IS
'set by the engine';

CREATE FUNCTION @extschema@.rf_inbound_mapping_valid() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_inbound_mapping_valid() IS
'trigger: refuses rows under the names of those that came with the extension, and variables that paths do not have';
