# Calls over HTTP are rf_inbound's: the same answers, in transactions of the
# listener's own. Who repeats a key hears the same bytes, or is told that the first
# call goes on; what is nobody's business is in the log and not in the answer.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Listener;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $latin_port = PostgreSQL::Test::Cluster::get_free_port();
my $node = listening_node('main',
	"referral.listen = '127.0.0.1:$port/shop, 127.0.0.1:$latin_port/latin'",
	'referral.log_requests = log', 'referral.listen_rate = 0');
my $programme = q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_participant (campaign_id, email, code) VALUES (1, 'ann@example.com', 'ANN');
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
	SELECT 1, 'person' || i || '@example.com', 'PERSON' || i, 'ANN' FROM generate_series(1, 20) i;
	SELECT token FROM rf_create_inbound_token('shop', 'spring',
		'{qualify,unqualify,join,purchase,refund,participant}')};

create_listened($node, 'shop');
my $token = $node->safe_psql('shop', $programme);

# The bytes of a call.
sub call
{
	my ($action, $body, @headers) = @_;

	return join("\r\n", "POST /webhook/$token/$action HTTP/1.1", 'Host: test',
		'Content-Length: ' . length $body, @headers, '', $body);
}

sub body_of
{
	my ($answer) = @_;

	return (split /\r\n\r\n/, $answer, 2)[1];
}

# ---- every action -------------------------------------------------------------

my @json = ('Content-Type: application/json');
foreach my $case (
	[ 'qualify', 'code=PERSON1' ],
	[ 'qualify', '{"code": "PERSON2", "amount": 19.99, "currency": "EUR"}', @json ],
	[ 'unqualify', 'code=PERSON1' ],
	[ 'join', '{"email": "new@example.com", "referred_by": "PERSON1"}', @json ],
	[ 'purchase', 'code=PERSON3&amount=5&currency=EUR&external_id=order-1' ],
	[ 'refund', 'external_id=order-1' ],
	[ 'participant', 'email=person1@example.com' ],
	[ 'qualify', 'code=NOBODY' ],
	[ 'qualify', '{', @json ],
	[ 'fulfill', 'reward=1' ],
	[ 'qualify', '<code>PERSON1</code>', 'Content-Type: text/xml' ],
	[ 'qualify', '[{"code": "PERSON4"}, {"code": "NOBODY"}]', @json ],
	[ 'steal', 'code=PERSON1' ])
{
	my ($action, $body, @headers) = @$case;
	my $type = @headers ? $headers[0] =~ s/.*: //r : '';
	# What SQL would answer, before it is done.
	my $expected = $node->safe_psql('shop', qq{
		BEGIN;
		SELECT status, regexp_replace(body::text, '"(participant_id|purchase_id|code|joined_at)": "?[-0-9A-Z:.]+"?', '', 'g')
		FROM rf_inbound('$token', '$action', '$body', '$type');
		ROLLBACK});
	my $answer = call_over($port, call($action, $body, @headers));
	my $heard = $node->safe_psql('shop', 'SELECT ' . status_of($answer) . ', '
		  . q{regexp_replace($$} . body_of($answer)
		  . q{$$::jsonb::text, '"(participant_id|purchase_id|code|joined_at)": "?[-0-9A-Z:.]+"?', '', 'g')});

	is($heard, $expected, "$action, $body: as in SQL");
	my $kind = status_of($answer) == 200 ? 'json' : 'problem\+json';
	like($answer, qr{^Content-Type: application/$kind\r$}mi, 'and says what it is');
}

# ---- reading ------------------------------------------------------------------

my $answer = get_over($port, "/webhook/$token/participant?code=person%2D2");
is(status_of($answer), 200, 'a person is looked up by GET');
like(body_of($answer), qr/"code":"PERSON2","state":"qualified"/, 'with an escape in the query');
$answer = get_over($port, "/webhook/$token/qualify?code=PERSON5");
is(status_of($answer), 405, 'GET changes nothing');
like($answer, qr/^Allow: .*POST/mi, 'it says what does');

# ---- keys ---------------------------------------------------------------------

my @key = ('Idempotency-Key: order-17');
my $first = call_over($port, call('qualify', 'code=PERSON6', @key));
like(body_of($first), qr/"changed":true/, 'a call under a key');
$node->safe_psql('shop', "SELECT rf_unqualify('PERSON6')");
is(body_of(call_over($port, call('qualify', 'code=PERSON6', @key))), body_of($first), 'again: byte by byte the same');
is($node->safe_psql('shop', "SELECT state FROM rf_participant WHERE code = 'PERSON6'"), 'pending', 'and nothing is done');
is(status_of(call_over($port, call('qualify', 'code=PERSON7', @key))), 422, 'the key is not for another call');

my $holder = $node->background_psql('shop');
$holder->query_safe(qq{
	BEGIN;
	SELECT FROM rf_inbound('$token', 'qualify', 'code=PERSON8', headers => '{"idempotency-key": "order-18"}')});
$answer = call_over($port, call('qualify', 'code=PERSON8', 'idempotency-key: order-18'));
is(status_of($answer), 409, 'a call that goes on elsewhere');
like($answer, qr/^Retry-After: \d+\r$/mi, 'may be made again');
is(status_of(call_over($port, call('qualify', 'code=PERSON8', 'idempotency-key: order-19'))), 503,
	'under another key it is another call, which finds the person locked');
$holder->query_safe('COMMIT');
$holder->quit;
like(body_of(call_over($port, call('qualify', 'code=PERSON8', 'idempotency-key: order-18'))),
	qr/"changed":true/, 'then it is told the first answer');

# ---- other people's triggers --------------------------------------------------

my $offset = -s $node->logfile;
$node->safe_psql('shop', q{
	CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF new.code = 'PERSON9' THEN
			RAISE 'no employees' USING HINT = 'Ask the personnel department.';
		ELSIF new.code = 'PERSON10' THEN
			INSERT INTO accounts_of_the_king VALUES (new.id);
		ELSIF new.code = 'PERSON11' THEN
			INSERT INTO rf_fraud_rule SELECT;
		END IF;
		RETURN NULL;
	END $$;
	CREATE TRIGGER audit AFTER UPDATE ON rf_participant FOR EACH ROW EXECUTE FUNCTION audit()});
$answer = call_over($port, call('qualify', 'code=PERSON9'));
is(status_of($answer), 422, 'a trigger may refuse');
like(body_of($answer), qr/"detail":"no employees","code":"P0001","hint":"Ask the personnel department."/, 'in its own words');
$answer = call_over($port, call('qualify', 'code=PERSON10'));
is(status_of($answer), 500, 'or be at fault');
is(body_of($answer), '{"type":"about:blank","title":"Internal Server Error","status":500}', 'which is not told');
ok($node->log_contains('relation "accounts_of_the_king" does not exist', $offset), 'but logged');
$answer = call_over($port, call('qualify', 'code=PERSON11'));
unlike(body_of($answer), qr/Failing row|\(null/, 'nobody is shown rows');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_participant WHERE code IN ('PERSON9', 'PERSON10', 'PERSON11') AND state = 'pending'"),
	3, 'of all these, nothing was done');
# A sender whose payloads are mapped looks at the status alone.
my $mine = $token;
$token = $node->safe_psql('shop', q{
	INSERT INTO rf_inbound_mapping (mapping, position, action, code) VALUES ('crm', 1, 'qualify', '$.who');
	SELECT token FROM rf_create_inbound_token('crm', 'spring', mapping => 'crm')});
$answer = call_over($port, call('', '[{"who": "PERSON12"}, {"who": "PERSON10"}, {"who": "NOBODY"}]', @json));
is(status_of($answer), 500, 'a mapped batch is answered as its worst call');
like(body_of($answer), qr/^\[\{"status":200,.*"status":500.*\{"status":200,[^}]*"ignored"/, 'with an answer for each');
$token = $mine;
$node->safe_psql('shop', 'DROP FUNCTION audit CASCADE');

# ---- other letters ------------------------------------------------------------

$node->safe_psql('postgres', "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
$node->safe_psql('latin', 'CREATE EXTENSION referral');
$token = $node->safe_psql('latin', $programme);
$node->restart;
await_listener($node, 'latin');
$answer = call_over($latin_port, call('qualify', 'code=%C3%B6'));
is(status_of($answer), 422, 'a database in LATIN1');
like(body_of($answer), qr/unknown referral code \\"\xC3\xB6\\"/, 'is answered for in UTF-8');
is(status_of(call_over($latin_port, call('join', 'email=eur%40example.com&name=%E2%82%AC'))), 400, 'letters that it has not cannot be read');
is(status_of(call_over($latin_port, call('join', "{\"email\": \"x\@example.com\", \"name\": \"B\xC3\xB6b\"}", @json))), 200, 'others can');
is($node->safe_psql('latin', "SELECT encode(convert_to(name, 'LATIN1'), 'hex') FROM rf_participant WHERE email = 'x\@example.com'"), '42f662', 'and are kept');

# ---- secrets ------------------------------------------------------------------

unlike(slurp_file($node->logfile), qr/\Q$token\E.*POST|POST.*\Q$token\E/, 'the access log has no token in it');
$node->stop;
done_testing();
