# A delivery that fails is tried again on its schedule, under the same id, until
# it succeeds or the schedule is exhausted. Retry-After and 410 are obeyed.
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

sub create_webhook
{
	my ($path, $schedule) = @_;

	return $node->safe_psql('shop', sprintf(
			"INSERT INTO rf_webhook (url, events, retry_schedule)"
			  . " VALUES ('%s', '{referrer.joined}', %s) RETURNING id",
			$sink->url($path), $schedule ? "'$schedule'" : 'NULL'));
}

my $people = 0;
sub join_somebody
{
	$people++;
	$node->safe_psql('shop', join_person("person$people\@example.com"));
	return;
}

sub await_row
{
	my ($query, $what) = @_;

	ok($node->poll_query_until('shop', $query), $what);
	return;
}

# Each attempt of a webhook: outcome and status or error.
sub attempts
{
	my ($webhook) = @_;

	return $node->safe_psql('shop',
		"SELECT attempt, outcome, coalesce(status::text, error) FROM rf_attempt"
		  . " WHERE webhook_id = $webhook ORDER BY delivery_id, attempt");
}

sub drop_webhook { $node->safe_psql('shop', "DELETE FROM rf_webhook WHERE id = $_[0]"); return }

# Recovery.
my $recovers = create_webhook('/recover/2', '{0,1s,1s,1s}');
join_somebody();
my @requests = $sink->await(3, '/recover');
await_row("SELECT count(*) = 3 FROM rf_attempt WHERE webhook_id = $recovers",
	'three attempts are recorded');
is(attempts($recovers), "1|retry|500\n2|retry|500\n3|success|204", 'two failed, the third did not');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_retry'), '0', 'nothing is left to try');
is_deeply([ map { $_->{headers}{'referral-attempt'} } @requests ], [ 1, 2, 3 ], 'numbered');
is((keys %{ { map { $_->{headers}{'webhook-id'} => 1 } @requests } }), 1, 'under one id');
ok((grep { $requests[$_]{at} - $requests[ $_ - 1 ]{at} > 0.7 } 1, 2) == 2, 'a second apart');
drop_webhook($recovers);

# Exhaustion.
my $fails = create_webhook('/status/500', '{0,0s}');
join_somebody();
await_row("SELECT count(*) = 1 FROM rf_dead WHERE webhook_id = $fails AND attempts = 2"
	  . " AND last_error = 'HTTP status 500'", 'exhausted: dead, with the last error');
is(attempts($fails), "1|retry|500\n2|dead|500", 'after the attempts of its schedule');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_retry'), '0', 'and left the retries');
is($node->safe_psql('shop', "SELECT response FROM rf_attempt WHERE webhook_id = $fails LIMIT 1"),
	'\x' . unpack('H*', 'status 500'), 'what the endpoint said is kept');
await_row("SELECT failing_since IS NOT NULL AND last_error = 'HTTP status 500'"
	  . " FROM rf_webhook_state WHERE webhook_id = $fails", 'and seen in the state of the webhook');
drop_webhook($fails);
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_dead'), '0', 'its dead go with the webhook');

# Retry-After pauses the endpoint as a whole.
my $busy = create_webhook('/retry-after/2', '{0,0s,0s,0s,0s,0s}');
join_somebody();
$sink->await(1, '/retry-after');
await_row("SELECT paused_until > now() FROM rf_webhook_state WHERE webhook_id = $busy",
	'Retry-After pauses the endpoint');
join_somebody();
@requests = $sink->await(2, '/retry-after');
cmp_ok($requests[1]{at} - $requests[0]{at}, '>', 1.9, 'nothing is sent before');
drop_webhook($busy);

# A date far ahead means a day at most.
my $late = create_webhook('/retry-after/Fri%2C%2031%20Dec%202999%2023%3A59%3A59%20GMT');
drop_webhook($late);
my $long = create_webhook('/retry-after/9999999');
join_somebody();
await_row("SELECT next_at BETWEEN now() + interval '23 h' AND now() + interval '24 h'"
	  . " FROM rf_retry WHERE webhook_id = $long", 'Retry-After is a day at most');
drop_webhook($long);

# The default schedule: the second attempt about 5 s later, the third about 5 min.
my $default = create_webhook('/status/503');
join_somebody();
await_row("SELECT next_at - started_at BETWEEN interval '3.9 s' AND interval '6.2 s'"
	  . " FROM rf_attempt WHERE webhook_id = $default AND attempt = 1", 'first retry after 5 s');
await_row("SELECT next_at - started_at BETWEEN interval '4 min' AND interval '6.1 min'"
	  . " FROM rf_attempt WHERE webhook_id = $default AND attempt = 2", 'second after 5 min');
drop_webhook($default);

# A schedule may begin with a delay.
my $delayed = create_webhook('/ok/delayed', '{2s}');
my $before = time;
join_somebody();
@requests = $sink->await(1, '/ok/delayed');
cmp_ok($requests[0]{at} - $before, '>', 0.8, 'a first attempt can be delayed');
drop_webhook($delayed);

# 410 disables at once and keeps the backlog.
my $gone = create_webhook('/status/410');
join_somebody();
await_row("SELECT state = 'disabled' FROM rf_webhook WHERE id = $gone", '410 disables the webhook');
await_row("SELECT disabled_at IS NOT NULL AND disabled_reason LIKE '%410%'"
	  . " FROM rf_webhook_state WHERE webhook_id = $gone", 'and says why');
await_row("SELECT count(*) = 1 FROM rf_retry WHERE webhook_id = $gone AND next_at = 'infinity'",
	'what was not delivered waits');
$node->safe_psql('shop', sprintf(
		"UPDATE rf_webhook SET state = 'enabled', url = '%s' WHERE id = %d",
		$sink->url('/ok/back'), $gone));
is(scalar $sink->await(1, '/ok/back'), 1, 'enabled again, it gets that');
await_row("SELECT count(*) = 0 FROM rf_retry WHERE webhook_id = $gone", 'and nothing waits');

# Paused: collects; enabled: gets it; deleted: cancelled.
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused' WHERE id = $gone");
join_somebody();
await_row("SELECT count(*) = 1 FROM rf_retry WHERE webhook_id = $gone AND attempts = 0",
	'a paused one collects');
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'enabled' WHERE id = $gone");
$sink->await(2, '/ok/back');
pass('and gets it when it is enabled');
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused' WHERE id = $gone");
join_somebody();
await_row("SELECT count(*) = 1 FROM rf_retry WHERE webhook_id = $gone", 'paused again');
drop_webhook($gone);
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_retry'), '0',
	'deleting a webhook cancels what waits for it');

$node->stop;
done_testing();
