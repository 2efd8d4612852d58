# What the catalog says of the extension's objects, as lines "kind|name|text"
# in which no oid appears: two databases can be compared object by object.
package ExtensionCatalog;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(catalog_of rights_of same_catalog);

# The members; what belongs to their tables; and the catalogs' way to print it.
my $members = q{
	SET search_path = pg_catalog;
	WITH extension AS (
		SELECT * FROM pg_extension WHERE extname = 'referral'
	), member AS (
		SELECT d.classid, d.objid, o.type, o.identity
		FROM pg_depend d, extension e, LATERAL pg_identify_object(d.classid, d.objid, 0) o
		WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
	), relation AS (
		SELECT m.identity, m.type AS kind, c.* FROM member m JOIN pg_class c ON c.oid = m.objid
		WHERE m.classid = 'pg_class'::regclass
	), func AS (
		SELECT m.identity, p.* FROM member m JOIN pg_proc p ON p.oid = m.objid
		WHERE m.classid = 'pg_proc'::regclass
	), attribute AS (
		SELECT r.identity, a.* FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid
		WHERE a.attnum > 0
	)};

# A list of rights as text; null: those that the kind of object begins with.
sub acl
{
	my ($column) = @_;

	return qq{coalesce((SELECT string_agg(a.grantee::regrole || '=' || a.privilege_type
			|| CASE WHEN a.is_grantable THEN '*' ELSE '' END, ' '
			ORDER BY a.grantee::regrole::text, a.privilege_type)
		FROM aclexplode($column) a), 'as created')};
}

my $rights = join ' UNION ALL ',
	"SELECT 'rights', kind || ' ' || identity, " . acl('relacl') . ' FROM relation',
	"SELECT 'rights', 'function ' || identity, " . acl('proacl') . ' FROM func',
	"SELECT 'rights', 'column ' || identity || '.' || attname, " . acl('attacl')
	  . ' FROM attribute WHERE attacl IS NOT NULL';

my $objects = q{
	SELECT 'member' AS kind, type || ' ' || identity AS name, '' AS text FROM member
	UNION ALL
	SELECT 'comment', type || ' ' || identity, obj_description(objid, classid::regclass::name)
	FROM member
	UNION ALL
	SELECT 'table', identity, concat_ws(' ', relkind, relpersistence, relreplident, relrowsecurity,
		reloptions::text)
	FROM relation
	UNION ALL
	SELECT 'column', identity || ' ' || attnum, concat_ws(' ', attname, attisdropped,
		format_type(atttypid, atttypmod), attcollation::regcollation, attnotnull, attidentity,
		attgenerated, attstorage, attcompression,
		-- but for the stamps that some servers put there
		(SELECT string_agg(o, ' ') FROM unnest(attoptions) o WHERE o !~ '^pg_'),
		(SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef d
			WHERE d.adrelid = attrelid AND d.adnum = attnum),
		col_description(attrelid, attnum))
	FROM attribute
	UNION ALL
	SELECT 'constraint', r.identity || ' ' || conname,
		concat_ws(' ', pg_get_constraintdef(c.oid), convalidated, condeferrable)
	FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid
	UNION ALL
	SELECT 'index', r.identity || ' ' || i.indexrelid::regclass,
		concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered)
	FROM relation r JOIN pg_index i ON i.indrelid = r.oid
	UNION ALL
	SELECT 'statistics', r.identity || ' ' || s.stxname, pg_get_statisticsobjdef(s.oid)
	FROM relation r JOIN pg_statistic_ext s ON s.stxrelid = r.oid
	UNION ALL
	SELECT 'trigger', r.identity || ' ' || tgname, concat_ws(' ', tgenabled, pg_get_triggerdef(t.oid))
	FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT tgisinternal
	UNION ALL
	SELECT 'sequence', r.identity, concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmax,
		seqmin, seqcache, seqcycle)
	FROM relation r JOIN pg_sequence s ON s.seqrelid = r.oid
	UNION ALL
	SELECT 'view', identity, pg_get_viewdef(oid) FROM relation WHERE relkind = 'v'
	UNION ALL
	SELECT 'function', identity, concat_ws(' ', pg_get_functiondef(oid), procost, prorows)
	FROM func
	UNION ALL
	SELECT 'first rights', o.type || ' ' || o.identity, } . acl('initprivs') . q{
	FROM member m
	JOIN pg_init_privs i ON i.classoid = m.classid AND i.objoid = m.objid,
	LATERAL pg_identify_object(i.classoid, i.objoid, i.objsubid) o
	UNION ALL
	SELECT 'dumped', unnest(extconfig)::regclass::text, unnest(extcondition) FROM extension
	UNION ALL
	SELECT 'shipped row', 'rf_disposable_domain ' || row_number() OVER (ORDER BY domain), d::text
	FROM public.rf_disposable_domain d WHERE builtin
	UNION ALL
	SELECT 'shipped row', 'rf_inbound_mapping ' || mapping || ' ' || position, (to_jsonb(m) - 'created_at')::text
	FROM public.rf_inbound_mapping m WHERE builtin};

sub lines_of
{
	my ($node, $database, $query) = @_;

	return [ sort split /\x1e/, $node->safe_psql($database,
			qq{$members SELECT concat_ws('|', kind, name, text) FROM ($query) AS o (kind, name, text)},
			extra_params => [ '-R', "\x1e" ]) ];
}

# Everything there is, rights included.
sub catalog_of
{
	my ($node, $database) = @_;

	return lines_of($node, $database, "$objects UNION ALL $rights");
}

# Only who may do what.
sub rights_of
{
	my ($node, $database) = @_;

	return lines_of($node, $database, $rights);
}

# One test; it shows what only one of them has.
sub same_catalog
{
	my ($got, $expected, $what) = @_;
	my %got = map { $_ => 1 } @$got;
	my %expected = map { $_ => 1 } @$expected;
	my @differences = sort +(map { "here:  $_" } grep { !$expected{$_} } @$got),
	  (map { "there: $_" } grep { !$got{$_} } @$expected);

	return ok(@$got > 0 && !@differences, $what) || diag join "\n", @differences;
}

1;
