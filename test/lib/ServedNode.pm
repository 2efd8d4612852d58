# A server that preloads referral, its databases, and a receiver that answers
# only when it is told to.
package ServedNode;

use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(served_node create_served await_state await_no_worker
  worker_pid other_worker elapsed_below scaled hung_receiver add_webhook join_person
  await_request answer_request hang_request);

# A running server; more lines for its postgresql.conf may follow the name.
sub served_node
{
	my ($name, @conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init;
	$node->append_conf('postgresql.conf', join("\n",
			"shared_preload_libraries = 'referral'",
			"referral.allow_http = on",
			"referral.allowed_networks = '127.0.0.0/8'",
			@conf, ''));
	$node->start;
	return $node;
}

# A database with the extension and a worker in it.
sub create_served
{
	my ($node, $database) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION referral');
	await_state($node, $database, 'serving');
	return;
}

sub await_state
{
	my ($node, $database, $state) = @_;

	$node->poll_query_until($database,
		"SELECT state = '$state' FROM rf_worker_status()")
	  or die "worker of $database is not $state: "
	  . $node->safe_psql($database, 'SELECT * FROM rf_worker_status()');
	return 1;
}

sub await_no_worker
{
	my ($node, $database) = @_;

	return $node->poll_query_until('postgres',
		"SELECT NOT EXISTS (SELECT FROM pg_stat_activity"
		  . " WHERE backend_type = 'referral worker' AND datname = '$database')");
}

sub worker_pid
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, 'SELECT pid FROM rf_worker_status()');
}

# Wait until another process than this one serves.
sub other_worker
{
	my ($node, $database, $pid) = @_;

	return $node->poll_query_until($database,
		"SELECT state = 'serving' AND pid <> $pid FROM rf_worker_status()");
}

# A limit of time or memory, so many times more where everything takes more of
# it: under a sanitizer.
sub scaled
{
	my ($limit) = @_;

	return $limit * ($ENV{REFERRAL_TEST_SLOWNESS} // 1);
}

# Run some code and test that it took less than this many seconds.
sub elapsed_below
{
	my ($seconds, $what, $code) = @_;
	$seconds = scaled($seconds);
	my $start = time;

	$code->();
	my $took = time - $start;
	cmp_ok($took, '<', $seconds, sprintf('%s (%.2f s)', $what, $took));
	return;
}

# A socket to which requests come, and from which no answer does by itself.
sub hung_receiver
{
	return IO::Socket::INET->new(
		LocalAddr => '127.0.0.1',
		Listen    => 100) // die "cannot listen: $!";
}

# A campaign "spring" in the database, and a webhook for all its events.
sub add_webhook
{
	my ($node, $database, $receiver) = @_;
	my $url = 'http://127.0.0.1:' . $receiver->sockport . '/';

	$node->safe_psql($database, qq{
		INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
		INSERT INTO rf_webhook (name, url) VALUES ('hung', '$url');});
	return;
}

# Text of a statement that causes one event.
sub join_person
{
	my ($email) = @_;

	return "INSERT INTO rf_participant (campaign_id, email)"
	  . " SELECT id, '$email' FROM rf_campaign WHERE slug = 'spring'";
}

# The connection of the next request, undef if none comes within the seconds.
sub await_request
{
	my ($receiver, $seconds) = @_;

	return undef
	  unless IO::Select->new($receiver)
	  ->can_read($seconds // $PostgreSQL::Test::Utils::timeout_default);
	return $receiver->accept;
}

# Read the request and answer that all is well. Returns the request's text.
sub answer_request
{
	my ($request) = @_;
	my $text = '';
	my $whole;

	until ($whole)
	{
		$request->sysread($text, 8192, length $text) or last;
		my ($head, $body) = split /\r\n\r\n/, $text, 2;
		next unless defined $body;
		my ($length) = $head =~ /^content-length: (\d+)/im;
		$whole = length($body) >= ($length // 0);
	}
	$request->syswrite("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
	$request->close;
	return $text;
}

# Bring the database's worker to wait for an answer that will not come.
# Returns what must be kept so that it goes on waiting.
sub hang_request
{
	my ($node, $database) = @_;
	my $receiver = hung_receiver();

	add_webhook($node, $database, $receiver);
	$node->safe_psql($database, join_person('hung@example.com'));
	my $request = await_request($receiver) // die 'no request came';
	return [ $receiver, $request ];
}

1;
