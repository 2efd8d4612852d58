# When an endpoint gets nothing more: after five days without success, or when it
# asks for that. Enabling it again begins anew.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

my $people = 0;
sub join_somebody
{
	$people++;
	$node->safe_psql('shop', join_person("person$people\@example.com"));
	return;
}

# A webhook whose endpoint answers as it is told, with that name.
sub create_webhook
{
	my ($name) = @_;
	my $url = $sink->url("/told/$name");

	return $node->safe_psql('shop', "INSERT INTO rf_webhook (url, retry_schedule)"
		  . " VALUES ('$url', '{0,0,1 h,1 h}') RETURNING id");
}

sub drop_webhook { $node->safe_psql('shop', "DELETE FROM rf_webhook WHERE id = $_[0]"); return }

sub await_row
{
	my ($query, $what) = @_;

	ok($node->poll_query_until('shop', $query), $what);
	return;
}

# As if that had been so long ago.
sub pretend
{
	my ($webhook, $failing_since, $last_success) = @_;

	$last_success = defined $last_success ? "now() - interval '$last_success'" : 'NULL';
	$node->safe_psql('shop', "UPDATE rf_webhook_state"
		  . " SET failing_since = now() - interval '$failing_since',"
		  . " last_success_at = $last_success WHERE webhook_id = $webhook");
	return;
}

# One that fails, or one more failure.
sub let_fail
{
	my ($webhook, $n) = @_;

	join_somebody();
	$node->poll_query_until('shop', "SELECT count(*) >= $n FROM rf_attempt"
		  . " WHERE webhook_id = $webhook AND outcome = 'retry'") or die 'no failure';
	$node->poll_query_until('shop', "SELECT last_failure_at >= (SELECT max(started_at)"
		  . " FROM rf_attempt WHERE webhook_id = $webhook) FROM rf_webhook_state"
		  . " WHERE webhook_id = $webhook") or die 'not known';
	return;
}

# Who is disabled after five days without success, and who is not.
my %cases = (
	'failing for 13 hours, no success for six days' => [ '13 hours', '6 days', 1 ],
	'failing for eleven hours' => [ '11 hours', '6 days', 0 ],
	'a success four days ago' => [ '13 hours', '4 days', 0 ],
	'failing for six days, never a success' => [ '6 days', undef, 1 ],
	'failing for four days, never a success' => [ '4 days', undef, 0 ],
);
my $n = 0;
foreach my $case (sort keys %cases)
{
	my ($failing_since, $last_success, $disabled) = @{ $cases{$case} };
	my $name = 'days' . $n++;

	$sink->tell($name, 500);
	my $webhook = create_webhook($name);
	let_fail($webhook, 2);
	pretend($webhook, $failing_since, $last_success);
	let_fail($webhook, 4);
	if ($disabled)
	{
		await_row("SELECT state = 'disabled' FROM rf_webhook WHERE id = $webhook",
			"$case: disabled");
		is($node->safe_psql('shop', "SELECT disabled_reason, disabled_at IS NOT NULL"
				  . " FROM rf_webhook_state WHERE webhook_id = $webhook"),
			'no success for 5 days|t', 'and the reason is told');
	}
	else
	{
		is($node->safe_psql('shop', "SELECT state FROM rf_webhook WHERE id = $webhook"),
			'enabled', "$case: not disabled");
	}
	drop_webhook($webhook);
}

# A success in between begins the count anew.
my $webhook = create_webhook('well');
$sink->tell('well', 500);
let_fail($webhook, 2);
pretend($webhook, '6 days', '6 days');
$sink->tell('well', 204);
join_somebody();
await_row("SELECT failing_since IS NULL AND last_success_at > now() - interval '1 min'"
	  . " FROM rf_webhook_state WHERE webhook_id = $webhook", 'a success ends the failing');
$sink->tell('well', 500);
let_fail($webhook, 4);
is($node->safe_psql('shop', "SELECT w.state, s.failing_since > now() - interval '1 min'"
		  . " FROM rf_webhook w JOIN rf_webhook_state s ON s.webhook_id = w.id WHERE w.id = $webhook"),
	'enabled|t', 'what fails after that fails since then');

# Disabled: nothing more, all is kept. Enabled again: a new life.
pretend($webhook, '6 days', '6 days');
let_fail($webhook, 6);
await_row("SELECT state = 'disabled' FROM rf_webhook WHERE id = $webhook", 'disabled');
join_somebody();
is($node->safe_psql('shop', "SELECT count(*) FROM rf_retry WHERE webhook_id = $webhook"), '3',
	'what was not delivered is kept');
my @before = $sink->requests('/told/well');
$sink->tell('well', 204);
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'enabled' WHERE id = $webhook");
is($node->safe_psql('shop', "SELECT paused_until, failing_since, disabled_at, disabled_reason,"
		  . " breaker, open_until, openings FROM rf_webhook_state WHERE webhook_id = $webhook"),
	'||||closed||0', 'enabled again, nothing is held against it');
join_somebody();
is(scalar $sink->await(@before + 1, '/told/well'), @before + 1, 'it is sent to again');
$sink->tell('well', 500);
let_fail($webhook, 8);
is($node->safe_psql('shop', "SELECT state FROM rf_webhook WHERE id = $webhook"), 'enabled',
	'and five days begin again');
drop_webhook($webhook);

# The endpoint says so: disable.
foreach my $status (500, 204)
{
	my $name = "disable$status";

	$sink->tell($name, $status, 'webhook-delivery: disable');
	$webhook = create_webhook($name);
	join_somebody();
	await_row("SELECT w.state = 'disabled' AND disabled_reason = 'the endpoint asked to be disabled'"
		  . " FROM rf_webhook w JOIN rf_webhook_state s ON s.webhook_id = w.id WHERE w.id = $webhook",
		"an answer $status can ask for no more");
	is($node->safe_psql('shop', "SELECT string_agg(outcome, ' ') FROM rf_attempt WHERE webhook_id = $webhook"),
		$status == 204 ? 'success' : 'disabled', 'and counts as what it is');
	is($node->safe_psql('shop', "SELECT count(*) FROM rf_retry WHERE webhook_id = $webhook"),
		$status == 204 ? '0' : '1', 'what was not delivered waits');
	drop_webhook($webhook);
}

# And: not this one.
$sink->tell('abort', 422, 'webhook-delivery: abort-message');
$webhook = create_webhook('abort');
join_somebody();
await_row("SELECT last_error = 'the endpoint asked to give up' AND attempts = 1"
	  . " FROM rf_dead WHERE webhook_id = $webhook", 'a delivery can be given up');
is(scalar $sink->requests('/told/abort'), 1, 'at once');
$sink->tell('abort', 204, 'webhook-delivery: abort-message');
join_somebody();
await_row("SELECT count(*) = 1 FROM rf_attempt WHERE webhook_id = $webhook AND outcome = 'success'",
	'what was taken needs no giving up');
is($node->safe_psql('shop', "SELECT state FROM rf_webhook WHERE id = $webhook"), 'enabled',
	'the webhook goes on');
$sink->tell('abort', 422, 'webhook-delivery: abort-message');
join_somebody() foreach 1 .. 15;
await_row("SELECT count(*) = 16 FROM rf_dead WHERE webhook_id = $webhook", 'many given up');
await_row("SELECT breaker = 'closed' FROM rf_webhook_state WHERE webhook_id = $webhook",
	'do not open the breaker: it is well');

# What one URL asks for says nothing about another: who retires a receiver moves its
# webhook first, while requests to it are under way.
my $witness = $node->safe_psql('shop', "INSERT INTO rf_webhook (url) VALUES ('"
	  . $sink->url('/ok/witness') . "') RETURNING id");
my $heard = 0;
foreach my $asked ([ 'gone', 410 ], [ 'disable', 500, 'webhook-delivery: disable' ],
	[ 'give-up', 422, 'webhook-delivery: abort-message' ], [ 'later', 503, 'Retry-After: 3600' ])
{
	my ($name, @answer) = @$asked;

	$sink->hold;
	$sink->tell("old-$name", @answer, 'Hold: until it has moved');
	$webhook = create_webhook("old-$name");
	join_somebody();
	$sink->await(1, "/told/old-$name");
	$node->safe_psql('shop', "UPDATE rf_webhook SET url = '" . $sink->url("/ok/new-$name")
		  . "' WHERE id = $webhook");
	join_somebody();
	$heard += 2;
	# Who sends what was written after that knows of it.
	await_row("SELECT count(*) >= $heard FROM rf_attempt WHERE webhook_id = $witness", "$name: moved");
	$sink->release;
	$sink->await(2, "/ok/new-$name");
	is($node->safe_psql('shop', "SELECT state FROM rf_webhook WHERE id = $webhook"), 'enabled',
		'the new URL is not disabled');
	is($node->safe_psql('shop', "SELECT string_agg(outcome, ' ' ORDER BY started_at) FROM rf_attempt"
			  . " WHERE webhook_id = $webhook AND outcome <> 'success'"),
		'retry', 'what the old one did not take is tried at the new one');
	drop_webhook($webhook);
}
$sink->release;

$sink->stop;
$node->stop;
done_testing();
