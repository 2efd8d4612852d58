-- Tables of the application as the source of joins and purchases.

CREATE OR REPLACE FUNCTION @extschema@.rf_attached_joins() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attached_joins() IS
'trigger of tables attached by rf_attach_joins: their rows join';
CREATE OR REPLACE FUNCTION @extschema@.rf_attached_purchases() RETURNS trigger
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attached_purchases() IS
'trigger of tables attached by rf_attach_purchases: their rows are purchases';

CREATE OR REPLACE FUNCTION @extschema@.rf_attach_joins(target regclass, campaign text, email text,
	name text DEFAULT NULL, referred_by text DEFAULT NULL, source text DEFAULT NULL,
	ip text DEFAULT NULL, meta text DEFAULT NULL, code text DEFAULT NULL,
	joined_at text DEFAULT NULL, on_mismatch text DEFAULT 'record') RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attach_joins(regclass, text, text, text, text, text, text, text, text, text, text) IS
'from now on the rows of a table join a campaign: each argument names the column to read; again: replaces it, new partitions included; returns the number of triggers';

CREATE OR REPLACE FUNCTION @extschema@.rf_attach_purchases(target regclass, campaign text DEFAULT NULL,
	code text DEFAULT NULL, email text DEFAULT NULL, amount text DEFAULT NULL,
	currency text DEFAULT NULL, external_id text DEFAULT NULL, occurred_at text DEFAULT NULL,
	on_mismatch text DEFAULT 'record') RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_attach_purchases(regclass, text, text, text, text, text, text, text, text) IS
'from now on the rows of a table are purchases: each argument names the column to read; again: replaces it, new partitions included; returns the number of triggers';

CREATE OR REPLACE FUNCTION @extschema@.rf_detach(target regclass) RETURNS integer
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_detach(regclass) IS
'takes away what rf_attach_joins and rf_attach_purchases did to a table and its partitions; returns the number of triggers removed';

CREATE OR REPLACE VIEW @extschema@.rf_unattached_partition AS
	WITH RECURSIVE below AS (
		SELECT t.tgrelid AS attached, t.tgname AS name, i.inhrelid AS partition
		FROM pg_catalog.pg_trigger t
		JOIN pg_catalog.pg_inherits i ON i.inhparent = t.tgrelid
		WHERE t.tgfoid IN ('@extschema@.rf_attached_joins()'::regprocedure,
				'@extschema@.rf_attached_purchases()'::regprocedure)
			AND t.tgnewtable IS NOT NULL
			AND NOT EXISTS (
				SELECT FROM pg_catalog.pg_inherits above
				JOIN pg_catalog.pg_trigger a ON a.tgrelid = above.inhparent AND a.tgname = t.tgname
				WHERE above.inhrelid = t.tgrelid)
		UNION
		SELECT b.attached, b.name, i.inhrelid
		FROM below b
		JOIN pg_catalog.pg_inherits i ON i.inhparent = b.partition
	)
	SELECT DISTINCT b.partition::regclass AS partition, b.attached::regclass AS attached
	FROM below b
	WHERE NOT EXISTS (
		SELECT FROM pg_catalog.pg_trigger t
		WHERE t.tgrelid = b.partition AND t.tgname = b.name);
COMMENT ON VIEW @extschema@.rf_unattached_partition IS
'partitions that came after their table was attached: an INSERT that names one is not seen before the table is attached again';
