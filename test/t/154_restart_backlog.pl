# A million pending deliveries do not keep the workers of a starting server from
# sending at once; half a million that were tried are passed in moments; and it
# does not matter that after a crash another of the outbox tables is filled.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $backlog = 1_000_000;
my $node = served_node('main', 'max_wal_size = 4GB', 'referral.workers = 2',
	'referral.max_in_flight = 4', 'restart_after_crash = on', 'autovacuum = off');
my $sink = WebhookSink->new;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');"
	  . 'INSERT INTO rf_webhook (url, max_in_flight) VALUES '
	  . join(', ', map { "('" . $sink->url("/slow/20/$_") . "', 1)" } 1 .. 4));

# Without a worker; slot 0 is filled, as a bulk load would.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
$node->safe_psql('shop', qq{
	INSERT INTO rf_event (id, home, type, campaign_id, created_at, payload) OVERRIDING SYSTEM VALUE
	SELECT i, (SELECT home FROM rf_home), 'invited.joined', 1, now(), '{}'
	FROM generate_series(1, $backlog) i;
	INSERT INTO rf_outbox_0 (event_id, webhook_id)
	SELECT i, 1 + i % 4 FROM generate_series(1, $backlog) i;});
is($node->safe_psql('shop', 'SELECT pending FROM rf_status'), $backlog, 'they wait');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'referral'");

# Seconds from the start of the server, or its return, to the first request of each.
sub first_requests
{
	my ($since) = @_;
	my $started = $node->safe_psql('postgres',
		'SELECT extract(epoch FROM pg_postmaster_start_time())');
	my %first;

	$since //= $started;
	$node->poll_query_until('shop', "SELECT count(DISTINCT webhook_id) = 4 FROM rf_attempt"
		  . " WHERE started_at > to_timestamp($since)");
	foreach my $request (grep { $_->{at} > $since } $sink->requests)
	{
		$first{ $request->{path} } //= $request->{at} - $since;
	}
	my ($last) = sort { $b <=> $a } values %first;
	is(scalar keys %first, 4, 'every webhook is sent to');
	return $last;
}

$node->restart;
my $took = first_requests();
cmp_ok($took, '<', scaled(2), sprintf('within 2 s of the start (%.2f s)', $took));

# Half of them tried: what is left comes after them.
$node->stop;
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->start;
$node->safe_psql('shop', qq{
	INSERT INTO rf_attempt_0 (delivery_id, event_id, webhook_id, attempt, started_at, outcome)
	SELECT id, event_id, webhook_id, 1, now() - interval '1 hour', 'success'
	FROM rf_outbox_0 WHERE id <= (SELECT min(id) + $backlog / 2 FROM rf_outbox_0);});
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'referral'");
$node->restart;
$took = first_requests();
cmp_ok($took, '<', scaled(10), sprintf('within 10 s where half of them were tried (%.2f s)', $took));
$node->safe_psql('postgres', 'DROP DATABASE shop');

# What is parked needs no more reading: enough of it and another table is filled.
sub park
{
	my ($name) = @_;

	$node->safe_psql('club', "INSERT INTO rf_participant (campaign_id, email)"
		  . " SELECT 1, '$name' || i || '\@example.com' FROM generate_series(1, 11000) i");
	return;
}

sub slots
{
	return $node->safe_psql('club', "SELECT string_agg(DISTINCT slot::text, ',') FROM rf_outbox");
}

create_served($node, 'club');
$node->safe_psql('club', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');"
	  . "INSERT INTO rf_webhook (url, state) VALUES ('https://example.com/', 'paused')");
park('a');
ok($node->poll_query_until('club', 'SELECT count(*) = 0 FROM rf_outbox'), 'a table is emptied');
$node->safe_psql('club', "INSERT INTO rf_webhook (url) VALUES ('" . $sink->url('/hold/x') . "')");
$node->safe_psql('club', join_person("held$_\@example.com")) foreach 1 .. 5;
is(slots(), '1', 'another one is filled');
$sink->await(1, '/hold');

my $offset = -s $node->logfile;
kill 'KILL', worker_pid($node, 'club');
$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
$node->poll_query_until('postgres', 'SELECT true');
await_state($node, 'club', 'serving');
$node->safe_psql('club', join_person("after$_\@example.com")) foreach 1 .. 5;
is(slots(), '0,1', 'after a crash the first one is filled again');
$sink->release;
ok($node->poll_query_until('club', "SELECT count(*) = 10 FROM rf_attempt"
		  . " WHERE webhook_id = 2 AND outcome = 'success'"), 'what is in both is sent');
$node->safe_psql('club', 'DELETE FROM rf_webhook WHERE id = 2');
park('b');
ok($node->poll_query_until('club', 'SELECT count(*) = 0 FROM rf_outbox'), 'and both are emptied');

$node->stop;
done_testing();
