# The worker hears of an event when it commits, and only then.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;

my $node     = served_node('main', 'max_prepared_transactions = 2');
my $receiver = hung_receiver();

create_served($node, 'shop');
add_webhook($node, 'shop', $receiver);

# The worker looks by itself every five seconds, so be quicker than that.
sub arrives
{
	my ($what, $sql) = @_;

	$node->safe_psql('shop', $sql);
	my $request = await_request($receiver, 3);
	isnt($request, undef, $what);
	answer_request($request) if $request;
	return;
}

sub nothing_arrives
{
	my ($what, $sql) = @_;

	$node->safe_psql('shop', $sql);
	is(await_request($receiver, 0.3), undef, $what);
	return;
}

arrives('a statement', join_person('a@example.com'));
arrives('a transaction block', 'BEGIN; ' . join_person('b@example.com') . '; COMMIT');
nothing_arrives('ROLLBACK', 'BEGIN; ' . join_person('c@example.com') . '; ROLLBACK');
arrives('beside a savepoint that is rolled back',
	    'BEGIN; '
	  . join_person('d@example.com')
	  . '; SAVEPOINT s; '
	  . join_person('e@example.com')
	  . '; ROLLBACK TO s; COMMIT');
arrives('in a savepoint', 'BEGIN; SAVEPOINT s; ' . join_person('f@example.com')
	  . '; RELEASE s; COMMIT');
nothing_arrives('PREPARE TRANSACTION',
	'BEGIN; ' . join_person('g@example.com') . "; PREPARE TRANSACTION 'g'");
arrives('COMMIT PREPARED', "COMMIT PREPARED 'g'");
$node->safe_psql('shop',
	'BEGIN; ' . join_person('h@example.com') . "; PREPARE TRANSACTION 'h'");
nothing_arrives('ROLLBACK PREPARED', "ROLLBACK PREPARED 'h'");

# The extension itself may come by a prepared transaction.
$node->safe_psql('postgres', 'CREATE DATABASE club');
$node->safe_psql('club', "BEGIN; CREATE EXTENSION referral; PREPARE TRANSACTION 'x'");
$node->safe_psql('club', "COMMIT PREPARED 'x'");
ok(await_state($node, 'club', 'serving'), 'CREATE EXTENSION in a prepared transaction');

$node->stop('fast');
done_testing();
