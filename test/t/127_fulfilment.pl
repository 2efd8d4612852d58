# A reward that is given by whoever is told of it: a 2xx to reward.issued fulfills
# it, with the webhook-id as the reference; a dead delivery fails it. Nobody waits
# for people who are locked, and nothing is lost when the worker is killed before
# the reward was told.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main', 'restart_after_crash = on');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', sprintf(q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit)
		VALUES (1, 'welcome', 'invited', 'invited_joins', 10, 'USD');
	INSERT INTO rf_webhook (url, fulfills, sources, retry_schedule)
		VALUES ('%s', true, '{Given}', '{0}'), ('%s', true, '{Refused}', '{0,0s}'),
			('%s', false, '{Told}', '{0}'), ('%s', true, '{Gone}', '{0}');
	INSERT INTO rf_participant (campaign_id, email, code) VALUES (1, 'ann@example.com', 'ANN')},
	map { $sink->url($_) } '/ok/given', '/status/402/refused', '/ok/told', '/status/410/gone'));

sub join_person_of
{
	my ($source, $email) = @_;

	$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email, referred_by, source)"
		  . " VALUES (1, '$email', 'ANN', '$source')");
	return;
}

sub reward_of
{
	my ($email) = @_;

	return "(SELECT r.id FROM rf_reward r JOIN rf_participant p ON p.id = r.participant_id"
	  . " WHERE p.email = '$email')";
}

sub await_reward
{
	my ($email, $condition, $what) = @_;

	ok($node->poll_query_until('shop',
			'SELECT ' . $condition . ' FROM rf_reward WHERE id = ' . reward_of($email)), $what);
	return;
}

sub issued_to
{
	my ($path) = @_;

	return grep { $_->{headers}{'referral-event'} eq 'reward.issued' } $sink->requests($path);
}

join_person_of('Given', 'given@example.com');
elapsed_below(4, 'it does not take the clock', sub {
	await_reward('given@example.com', "state = 'fulfilled'", 'a 2xx fulfills the reward');
});
my ($issued) = issued_to('/ok/given');
await_reward('given@example.com', "reference = '$issued->{headers}{'webhook-id'}'",
	'with the webhook-id as the reference');
ok($node->poll_query_until('shop', "SELECT count(*) = 1 FROM rf_event WHERE type = 'reward.fulfilled'"),
	'and is told');

join_person_of('Refused', 'refused@example.com');
await_reward('refused@example.com', "state = 'failed' AND reason = 'HTTP status 402'",
	'a dead delivery fails it, with the last error');
join_person_of('Refused', 'late@example.com');
await_reward('late@example.com', "state = 'failed'", 'and another one');

# What does not fulfill, is not dead, or comes too late changes nothing.
join_person_of('Told', 'told@example.com');
join_person_of('Gone', 'gone@example.com');
ok($node->poll_query_until('shop', "SELECT state = 'disabled' FROM rf_webhook WHERE url LIKE '%410%'"),
	'one is disabled');
$sink->await(2, '/ok/told');
ok($node->poll_query_until('shop', "SELECT count(*) = 2 FROM rf_attempt a JOIN rf_webhook w ON w.id = webhook_id"
		  . " WHERE url LIKE '%told' AND outcome = 'success'"), 'one is told');
is($node->safe_psql('shop', "SELECT string_agg(state, ' ') FROM rf_reward WHERE id IN ("
		  . reward_of('told@example.com') . ', ' . reward_of('gone@example.com') . ')'),
	'issued issued', 'neither says anything about the reward');

# Failed, and sent again; or issued again: another event, another delivery.
$node->safe_psql('shop', sprintf "UPDATE rf_webhook SET url = '%s' WHERE sources = '{Refused}'",
	$sink->url('/ok/refused'));
$node->safe_psql('shop', 'SELECT rf_replay(d.delivery_id) FROM rf_dead d JOIN rf_event e ON e.id = d.event_id'
	  . ' WHERE e.reward_id = ' . reward_of('late@example.com'));
await_reward('late@example.com', "state = 'fulfilled' AND reason IS NULL AND reference ~ '^msg_'",
	'a delivery that arrives after all has given it');
$node->safe_psql('shop', 'SELECT rf_issue(' . reward_of('refused@example.com') . ')');
await_reward('refused@example.com', "state = 'fulfilled' AND reason IS NULL", 'issued again, it is given');
$issued = (issued_to('/ok/refused'))[-1];
my $dead = $node->safe_psql('shop', "SELECT d.delivery_id FROM rf_dead d JOIN rf_event e ON e.id = d.event_id"
	  . " WHERE e.type = 'reward.issued'");
$node->safe_psql('shop', "SELECT rf_replay($dead)");
ok($node->poll_query_until('shop', "SELECT count(*) = 1 FROM rf_attempt"
		  . " WHERE delivery_id = $dead AND outcome = 'success'"), 'the first one is replayed');
ok($node->poll_query_until('shop', 'SELECT count(*) = 0 FROM rf_fulfilment'), 'which has nothing to tell');
await_reward('refused@example.com', "reference = '$issued->{headers}{'webhook-id'}'",
	'the reference is that of the second');

# People are locked: the attempt is recorded, others are served, the reward comes later.
my $holder = $node->background_psql('shop');
$sink->hold;
$node->safe_psql('shop', sprintf
	"UPDATE rf_webhook SET url = '%s', events = '{reward.issued}', timeout = '60 s' WHERE sources = '{Given}'",
	$sink->url('/hold'));
join_person_of('Given', 'slow@example.com');
$sink->await(1, '/hold');
$holder->query_safe('BEGIN');
$holder->query_safe("SELECT FROM rf_participant WHERE email = 'slow\@example.com' FOR UPDATE");
$sink->release;
ok($node->poll_query_until('shop', 'SELECT count(*) = 1 FROM rf_fulfilment'),
	'who is locked is not waited for');
join_person_of('Refused', 'other@example.com');
await_reward('other@example.com', "state = 'fulfilled'", 'others get theirs');
is($node->safe_psql('shop', 'SELECT count(*) FROM pg_locks WHERE NOT granted'), '0', 'nobody waits');
is($node->safe_psql('shop', 'SELECT state FROM rf_reward WHERE id = ' . reward_of('slow@example.com')),
	'issued', 'the locked one does not yet');

# The worker is killed before the reward was told.
my $pid = worker_pid($node, 'shop');
my $offset = -s $node->logfile;
kill 'KILL', $pid;
$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
$node->poll_query_until('postgres', 'SELECT true');
other_worker($node, 'shop', $pid);
await_reward('slow@example.com', "state = 'fulfilled' AND reference LIKE 'msg\\_%'",
	'and when the worker is killed before the reward was told, another tells it');
is($node->safe_psql('shop', 'SELECT count(*) FROM rf_fulfilment'), '0', 'nothing is left to tell');
is(scalar $sink->requests('/hold'), 1, 'and it was not sent again');

$node->stop;
done_testing();
