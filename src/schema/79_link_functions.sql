-- Following links.

CREATE OR REPLACE FUNCTION @extschema@.rf_click(code text, address inet DEFAULT NULL,
	user_agent text DEFAULT NULL) RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rf_click(text, inet, text) IS
'count a click on the link of a code and return where it leads: to the landing page, else to fallback_url; null: nowhere';
