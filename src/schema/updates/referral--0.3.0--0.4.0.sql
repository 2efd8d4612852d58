-- Complain if the script is sourced in psql rather than by ALTER EXTENSION.
\echo Use "ALTER EXTENSION referral UPDATE TO '0.4.0'" to load this file. \quit
-- From 0.3.0 to 0.4.0. See assemble.awk for the lines that begin with @.

-- Tables are altered, never made anew, and functions and views are replaced: whom
-- rf_grant gave what keeps it. To use what is new they need rf_grant again.

-- Inbound.

-- @comments 60_inbound.sql

-- @include 70_functions.sql
-- @include 71_purchase_functions.sql
-- @include 72_delivery_functions.sql
-- @include 73_review_functions.sql
-- @include 74_server_functions.sql
-- @include 75_erase_functions.sql
-- @include 76_rule_functions.sql
-- @include 77_attach_functions.sql
-- @include 78_statistics_functions.sql
-- @include 80_views.sql

-- What a dump keeps, and who may do what. REVOKE on new functions only: on others
-- it makes what was granted meanwhile part of the extension, and a dump would no
-- longer contain it.
