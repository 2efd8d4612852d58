-- What rules would grant, and what they would have granted.

CREATE OR REPLACE FUNCTION @extschema@.rf_apply_rule(rule_id bigint) RETURNS integer
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_apply_rule(bigint) IS
'grant retroactively what the rule would have granted; what limits rejected is judged again; returns how many; nobody else grants meanwhile';

CREATE OR REPLACE FUNCTION @extschema@.rf_simulate(code text, amount numeric DEFAULT NULL,
	currency text DEFAULT NULL,
	OUT rule_id bigint, OUT rule text, OUT recipient text, OUT recipient_code text,
	OUT ordinal integer, OUT reward_amount numeric, OUT unit text, OUT state text,
	OUT reason text)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_simulate(text, numeric, text) IS
'what rf_qualify with these arguments would grant now, or a purchase of somebody qualified; nothing is written';
