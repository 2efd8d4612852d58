-- What is kept of people who were erased: that their codes are taken.

CREATE TABLE @extschema@.rf_erased_code (
	hash bytea PRIMARY KEY
		CHECK (octet_length(hash) = 32)
);

COMMENT ON TABLE @extschema@.rf_erased_code IS
'codes of people who were erased: nobody gets or uses them again';
COMMENT ON COLUMN @extschema@.rf_erased_code.hash IS
'SHA-256 of the code in capitals without dashes';
