# A person is erased while deliveries about them wait: what is sent afterwards
# does not name them, in any format, and each of them is sent once. The worker,
# which copies what it failed to send, does not wait for the erasure, nor does
# a copy made meanwhile keep the name.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;
my $person = qr/secret/i;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

sub create_webhook
{
	my ($url, $columns, $values) = @_;

	return $node->safe_psql('shop',
		"INSERT INTO rf_webhook (url, events, $columns)"
		  . " VALUES ('$url', '{referrer.joined}', $values) RETURNING id");
}

sub join_secretly
{
	my ($n) = @_;

	return $node->safe_psql('shop', qq{
		INSERT INTO rf_participant (campaign_id, email, name, code, meta)
		VALUES (1, 'secret$n\@example.com', 'Secret', 'SECRET-$n', '{"a": "secret"}') RETURNING id});
}

# Deliveries of webhooks that are paused have been put away by the worker.
my $fields = q{'{"mail": "participant.email", "who": "participant.name", "c": "participant.code"}'};
my @paused = (
	create_webhook($sink->url('/ok/standard'), 'state', "'paused'"),
	create_webhook($sink->url('/ok/fields'), 'state, format, fields', "'paused', 'fields', $fields"),
	create_webhook($sink->url('/ok/get'), 'state, method, format, fields',
		"'paused', 'GET', 'form', $fields"));
my $id = join_secretly(1);
ok($node->poll_query_until('shop', 'SELECT count(*) = 3 FROM rf_retry'), 'put away');
is($node->safe_psql('shop', "SELECT rf_erase($id)"), 't', 'erased');
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'enabled'");
my @requests = $sink->await(3, '/ok');
is((grep { $_->{body} =~ $person || ($_->{query} // '') =~ $person } @requests), 0,
	'nothing that was put away names the person');
is((grep { "$_->{body}$_->{query}" =~ /erased-$id\W/i } @requests), 3, 'all tell of somebody erased');
my $secret = $node->safe_psql('shop', "SELECT rf_webhook_secret($paused[1])");
ok(WebhookSink::is_signed((grep { $_->{path} eq '/ok/fields' } @requests)[0], $secret), 'signed');
ok($node->poll_query_until('shop',
		'SELECT count(*) = 3 AND count(DISTINCT delivery_id) = 3 FROM rf_attempt'), 'each once');
$node->safe_psql('shop', 'DELETE FROM rf_webhook');

# The worker is told of a failure while an erasure is under way.
my $receiver = hung_receiver();
my $hung = create_webhook('http://127.0.0.1:' . $receiver->sockport . '/',
	'format, fields, retry_schedule', "'fields', $fields, '{0,1h}'");
create_webhook($sink->url('/ok/other'), 'sources', "'{Added}'");
$id = join_secretly(2);
my $request = await_request($receiver) // die 'no request came';
my $eraser = $node->background_psql('shop');
$eraser->query_safe('BEGIN');
$eraser->query_safe("SELECT rf_erase($id)");
$request->syswrite("HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
$request->close;
$node->safe_psql('shop', q{
	INSERT INTO rf_participant (campaign_id, email, source) VALUES (1, 'other@example.com', 'Added')});
$sink->await(1, '/ok/other');
pass('others are sent to meanwhile');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_attempt WHERE outcome = \'retry\''), '0',
	'the failure is not recorded yet');
is($node->safe_psql('shop', "SELECT count(*) FROM pg_locks WHERE NOT granted"), '0',
	'nobody waits for the erasure');
$eraser->query_safe('COMMIT');
ok($node->poll_query_until('shop', "SELECT count(*) = 1 FROM rf_retry WHERE webhook_id = $hung"),
	'it is recorded then');
unlike($node->safe_psql('shop', "SELECT convert_from(body, 'UTF8') FROM rf_retry"), $person,
	'and the copy names nobody');
is($node->safe_psql('shop', 'SELECT rf_export(' . $id . ') ->> \'events\''
		  . " ~* 'secret'"), 'f', 'nor do events');
$eraser->quit;

$node->stop;
done_testing();
