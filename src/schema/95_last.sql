-- The last words of the install script.

SELECT @extschema@.rf_home_install();
