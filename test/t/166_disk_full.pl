# A full disk loses nothing: neither that of the WAL, which stops the server, nor that
# of the attempts, which keeps them from being recorded, and is told once a minute.
# Needs a small file system of its own: REFERRAL_SMALL_VOLUME, of some 40 MB.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Errno qw(ENOSPC);
use File::Temp ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use Time::HiRes qw(sleep);
use WebhookSink;

my $file_system = $ENV{REFERRAL_SMALL_VOLUME};
plan skip_all => 'REFERRAL_SMALL_VOLUME names no directory'
  unless defined $file_system && -d $file_system;
my $volume = File::Temp::tempdir(DIR => $file_system, CLEANUP => 1);

my $sink = WebhookSink->new;
my $ballast = "$volume/ballast";

# To the last byte.
sub fill_volume
{
	my $block = 'x' x 1_048_576;

	open my $file, '>', $ballast or die $!;
	while (length $block)
	{
		my $n = syswrite $file, $block;
		next if $n && $n == length $block;
		die $! unless $n || $! == ENOSPC;
		$block = substr $block, 0, length($block) / 2;
	}
	close $file;
	return;
}

sub free_volume { unlink $ballast or die $!; return }

sub small_node
{
	my ($name, @extra) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(extra => \@extra);
	$node->append_conf('postgresql.conf', join "\n",
		"shared_preload_libraries = 'referral'", 'referral.allow_http = on',
		"referral.allowed_networks = '127.0.0.0/8'",
		# No checkpoint makes room again.
		@extra ? ("min_wal_size = '2MB'", 'checkpoint_timeout = 1h') : (), '');
	$node->start;
	create_served($node, 'shop');
	$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');"
		  . " INSERT INTO rf_webhook (url) VALUES ('" . $sink->url("/ok/$name") . "')");
	return $node;
}

my $people = 0;
sub join_people
{
	my ($n) = @_;

	return join ";\n", map { $people++; join_person("person$people\@example.com") } 1 .. $n;
}

sub all_arrive
{
	my ($node, $what) = @_;

	ok( $node->poll_query_until('shop', 'SELECT count(*) = (SELECT count(*) FROM rf_event)'
			  . " FROM rf_attempt WHERE outcome = 'success'"), "$what: all are recorded");
	my %ids = map { $_->{headers}{'webhook-id'} => 1 } $sink->requests('/ok/' . $node->name);
	is(join(' ', sort keys %ids), $node->safe_psql('shop',
			q{SELECT string_agg(id, ' ' ORDER BY id COLLATE "C")}
			  . ' FROM (SELECT rf_message_id(home, id) FROM rf_event) AS e (id)'),
		"$what: what was committed has arrived, and nothing else");
	return;
}

# The WAL.
my $node = small_node('wal', '-X', "$volume/wal", '--wal-segsize=1');
$node->safe_psql('shop', join_people(5));
all_arrive($node, 'before');
fill_volume();
my $script = PostgreSQL::Test::Utils::tempdir() . '/people.sql';
append_to_file($script, join_people(5000));
ok(!run_log([ 'psql', '-X', '-q', '-d', $node->connstr('shop'), '-f', $script ]),
	'the server stops');
$node->wait_for_log(qr/PANIC: .*No space left on device/);
sleep 0.05 while -e $node->data_dir . '/postmaster.pid' && kill 0, $node->{_pid};
$node->stop('immediate', fail_ok => 1);
free_volume();
$node->start;
cmp_ok($node->safe_psql('shop', 'SELECT count(*) FROM rf_event'), '>', 5, 'some were committed before');
all_arrive($node, 'after');
$node->stop;

# The attempts.
$node = small_node('attempts');
mkdir "$volume/space" or die $!;
$node->safe_psql('shop', "CREATE TABLESPACE small LOCATION '$volume/space'");
$node->safe_psql('shop', "ALTER TABLE rf_attempt_$_ SET TABLESPACE small") foreach 0 .. 3;
$node->safe_psql('shop', join_people(1));
all_arrive($node, 'with room');
fill_volume();
$node->safe_psql('shop', join_people(500));
$sink->await(501, '/ok/attempts');
$node->wait_for_log(qr/could not extend file .*No space left on device/);
my $log = slurp_file($node->logfile);
free_volume();
all_arrive($node, 'with room again');
is(scalar $sink->requests('/ok/attempts'), 501, 'none is sent twice');
is(scalar(() = $log =~ /No space left on device/g), 1, 'and the log said it once');

$node->stop;
$sink->stop;
done_testing();
