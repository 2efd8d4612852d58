# When the system's clock jumps, by an hour forward or back, what is committed goes on
# being sent at once, and pauses that endpoints asked for are as long as they asked.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use Time::HiRes qw(time);
use WebhookSink;

my ($library) = glob '/usr/lib/*/faketime/libfaketimeMT.so.1';
plan skip_all => 'libfaketime is not installed' unless defined $library;
# Both take the place of the C library's functions, and wait for each other.
plan skip_all => 'libfaketime does not go with AddressSanitizer' if $ENV{ASAN_OPTIONS};

my $sink = WebhookSink->new;
my $clock = PostgreSQL::Test::Utils::tempdir() . '/clock';
my $people = 0;

# Replaced as a whole: nobody reads half of it.
sub set_clock
{
	my ($offset) = @_;

	append_to_file("$clock.new", "$offset\n");
	rename "$clock.new", $clock or die $!;
	return;
}

set_clock('+0s');
my $node;
{
	local $ENV{LD_PRELOAD} = $library;
	local $ENV{FAKETIME_TIMESTAMP_FILE} = $clock;
	local $ENV{FAKETIME_NO_CACHE} = 1;
	local $ENV{FAKETIME_DONT_FAKE_MONOTONIC} = 1;
	$node = served_node('main');
}
create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');"
	  . " INSERT INTO rf_webhook (url, sources) VALUES ('" . $sink->url('/ok') . "', '{Well}'),"
	  . " ('" . $sink->url('/retry-after/2') . "', '{Busy}')");

sub join_somebody
{
	my ($source) = @_;

	$people++;
	$node->safe_psql('shop', "INSERT INTO rf_participant (campaign_id, email, source)"
		  . " VALUES (1, 'person$people\@example.com', '$source')");
	return;
}

sub arrives_soon
{
	my ($what) = @_;
	my $before = $sink->requests('/ok');

	elapsed_below(4, $what, sub {
			join_somebody('Well');
			$sink->await($before + 1, '/ok');
		});
	return;
}

sub server_hour
{
	return $node->safe_psql('shop', 'SELECT round(extract(epoch FROM clock_timestamp())) - ' . int time);
}

arrives_soon('before');

# A pause of two seconds begins; then the clock goes.
foreach my $jump ([ '+3600s', 'forward' ], [ '+0s', 'back' ], [ '-3600s', 'further back' ])
{
	my ($offset, $what) = @$jump;
	my @before = $sink->requests('/retry-after');
	my $begin = time;

	join_somebody('Busy');
	$sink->await(@before + 1, '/retry-after');
	set_clock($offset);
	cmp_ok(abs(server_hour() - ($offset =~ /(-?\d+)/)[0]), '<', 60, "$what: the clock has jumped");
	arrives_soon("$what: what is committed arrives");
	join_somebody('Busy');
	my @after = $sink->await(@before + 2, '/retry-after');
	my $pause = $after[ $#before + 2 ]{at} - $after[ $#before + 1 ]{at};
	cmp_ok($pause, '>', 1.5, "$what: a pause is no shorter");
	cmp_ok($pause, '<', 8, "$what: and not much longer");
	$node->safe_psql('shop', 'DELETE FROM rf_retry');
}
is($node->safe_psql('shop', "SELECT count(*) FROM rf_attempt WHERE outcome = 'success'"),
	4, 'all are recorded');

$node->stop;
$sink->stop;
done_testing();
