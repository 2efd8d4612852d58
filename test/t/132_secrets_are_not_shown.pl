# Whatever the server logs and shows of statements, no secret is in it that the
# caller did not type into one: neither of those that were given, nor of those that
# the engine made.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use WebhookSink;

# Everything that makes the server talk.
my $node = served_node('main',
	"shared_preload_libraries = 'referral, auto_explain, pg_stat_statements'",
	"log_statement = 'all'",
	'log_min_duration_statement = 0',
	'log_duration = on',
	'log_min_messages = debug1',
	'log_min_error_statement = debug5',
	'log_error_verbosity = verbose',
	'debug_print_plan = off',
	'track_activity_query_size = 8192',
	'pg_stat_statements.track = all',
	'auto_explain.log_min_duration = 0',
	'auto_explain.log_nested_statements = on',
	'auto_explain.log_verbose = on',
	'auto_explain.log_analyze = on');

$node->append_conf('postgresql.conf', 'auto_explain.log_parameter_max_length = -1')
  if $node->pg_version >= 16;
$node->reload;
create_served($node, 'shop');
$node->safe_psql('shop', q{
	CREATE EXTENSION pg_stat_statements;
	CREATE TABLE given (name text, value text);
	CREATE ROLE keeper LOGIN;
	SELECT rf_grant('keeper', 'operator');
	GRANT SELECT, INSERT ON given TO keeper;
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')});
my $sink = WebhookSink->new;
my $id = $node->safe_psql('shop', sprintf(
		"SELECT webhook_id FROM rf_create_webhook('%s')", $sink->url('/hold')));

# Lines of COPY are not logged: so the values arrive without being typed.
my %given = map { $_ => "MARKER-$_-of-this-test" } qw(header twice newline pem tls plain sender);
$given{newline} .= '\\n';
$node->safe_psql('shop', "COPY given FROM stdin;\n" . join('', map { "$_\t$given{$_}\n" } sort keys %given) . "\\.\n");

sub run_as_keeper
{
	my ($sql) = @_;
	my ($status, $output, $error) = $node->psql('shop',
		$sql =~ s/\{(\w+)\}/(SELECT value FROM given WHERE name = '$1')/gr,
		extra_params => [ '-U', 'keeper' ]);

	return $error;
}

# What is done with secrets, and what is done wrong with them.
is(run_as_keeper("SELECT rf_set_headers($id, jsonb_build_object('Authorization', 'Bearer ' || {header}))"), '',
	'headers are set');
is(run_as_keeper("SELECT rf_rotate_secret($id) IS NOT NULL"), '', 'a secret is rotated');
is(run_as_keeper("SELECT rf_rotate_secret($id, signature => 'v1a') IS NOT NULL"), '', 'a key pair is made');
my @refused = (
	run_as_keeper("SELECT rf_set_headers($id, jsonb_build_object('X-A', {newline}))"),
	run_as_keeper("SELECT rf_set_headers($id, jsonb_build_object('X-A', {twice}, 'x-a', {twice}))"),
	run_as_keeper("SELECT rf_set_headers($id, jsonb_build_object('X-A', jsonb_build_array({twice})))"),
	run_as_keeper("SELECT rf_set_tls($id, {pem})"),
	run_as_keeper("SELECT rf_set_tls($id, NULL, {tls}, {pem})"),
	run_as_keeper("SELECT rf_sign({plain}, 'msg_1', 1, 'x')"),
);
is(scalar grep({ /ERROR/ } @refused), 6, 'what cannot be is refused');
is(scalar grep({ /MARKER/ } @refused), 0, 'and no error shows it');
my (undef, undef, $row) = $node->psql('shop', q{
	INSERT INTO rf_secret (webhook_id, kind, value, valid_from, valid_until)
		SELECT 1, 'signing', value, now(), now() FROM given WHERE name = 'plain';
	INSERT INTO rf_secret (webhook_id, kind, value, valid_from)
		SELECT 1, 'headers', value, now() FROM given WHERE name = 'plain'});
ok($row =~ /ERROR/ && $row !~ /MARKER/, 'nor do those of its table');

# Tokens are made, and others call with them, rightly and wrongly.
is(run_as_keeper("INSERT INTO given SELECT 'token', token FROM rf_create_inbound_token('till')"), '',
	'a token is made');
is(run_as_keeper("INSERT INTO given SELECT 'second', rf_rotate_inbound_token(1, '1 hour')"), '',
	'and another in its place');
is(run_as_keeper("SELECT rf_sign_inbound(1, 'stripe', {sender})"), '', 'whose calls are signed');
@refused = (
	run_as_keeper("SELECT rf_sign_inbound(1, 'standard', {plain})"),
	run_as_keeper("SELECT rf_sign_inbound(1, 'stripe', {plain} || ' ')"),
	run_as_keeper("SELECT rf_sign_inbound(1, 'nobody', {plain})"),
	run_as_keeper("SELECT rf_sign_inbound(1, 'hmac', {plain}, '{}')"),
	$node->psql('shop', q{
		INSERT INTO rf_inbound_secret (inbound_id, value) SELECT 1, value FROM given WHERE name = 'plain'}));
is(scalar grep({ /ERROR/ } @refused), 5, 'what cannot be is refused');
is(scalar grep({ /MARKER/ } @refused), 0, 'and no error shows it');
like($node->safe_psql('shop', "SELECT string_agg(rf_inbound(value, 'qualify', 'code=X')::text, ' ') FROM given"
		  . " WHERE name IN ('token', 'second', 'plain')"),
	qr/404.*401.*401|401.*401.*404/, 'calls come in');
my @tokens = split /\n/, $node->safe_psql('shop', "SELECT value FROM given WHERE name IN ('token', 'second')");
is(scalar grep({ /^rfi_/ } @tokens), 2, 'two tokens');

# The worker uses what it was given, and is looked at while it does.
$node->safe_psql('shop', join_person('one@example.com'));
my ($request) = $sink->await(1);
is($request->{headers}{authorization}, "Bearer $given{header}", 'the header is sent');
like($request->{headers}{'webhook-signature'}, qr/^v1a,\S+ v1,\S+ v1,\S+$/, 'and all signatures');

# All that must not be found.
my @secrets = split /\n/, $node->safe_psql('shop',
	"SELECT substr(value, 7, 40) FROM rf_secret WHERE kind = 'signing'");
is(scalar @secrets, 3, 'three secrets');
my $pattern = join '|', map { quotemeta } 'MARKER', @secrets, @tokens;

unlike($node->safe_psql('shop', 'SELECT string_agg(a::text, chr(10)) FROM pg_stat_activity AS a'),
	qr/$pattern/, 'pg_stat_activity shows none');
unlike($node->safe_psql('shop', 'SELECT string_agg(query, chr(10)) FROM pg_stat_statements'),
	qr/$pattern/, 'pg_stat_statements shows none');
like($node->safe_psql('shop', 'SELECT string_agg(query, chr(10)) FROM pg_stat_statements'),
	qr/INSERT INTO \S*rf_secret/, 'though it shows what the engine did');
$sink->release;
$node->poll_query_until('shop', "SELECT count(*) = 1 FROM rf_attempt WHERE outcome = 'success'");
unlike($node->safe_psql('shop', 'SELECT string_agg(a::text, chr(10)) FROM rf_attempt AS a'),
	qr/$pattern/, 'rf_attempt shows none');

# Parameters are not logged of a role for which that is switched off; verbose plans
# show them as well.
$node->safe_psql('shop', q{
	ALTER ROLE keeper SET log_parameter_max_length = 0;
	ALTER ROLE keeper SET auto_explain.log_min_duration = -1});
my $script = PostgreSQL::Test::Utils::tempdir() . '/script';
append_to_file($script, "SELECT rf_set_headers($id, jsonb_build_object('Authorization', :secret::text));\n");
$node->command_ok([ qw(pgbench -n -t 1 -M extended -U keeper -D), 'secret=MARKER-as-parameter',
		'-f', $script, 'shop' ], 'headers are set by parameter');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_secret WHERE value LIKE '%R-as-parameter%'"), '1',
	'they are');

my $log = slurp_file($node->logfile);
unlike($log, qr/Bearer MARKER/, 'the log shows no header');
my @shown = grep { /$pattern/ } split /\n/, $log;
is(scalar @shown, 0, 'nor any other secret') or diag join "\n", @shown[0 .. 5];
like($log, qr/INSERT INTO \S*rf_secret/, 'though it shows what the engine did');

# What is typed into a statement is logged: that this test would see it.
$node->safe_psql('shop', "SELECT rf_set_headers($id, '{\"X-Typed\": \"TYPED-secret\"}')");
like(slurp_file($node->logfile), qr/TYPED-secret/, 'what is typed is in the log');

$node->stop;
done_testing();
