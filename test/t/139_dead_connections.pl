# When kept connections turn out to be dead, a request is sent a second time,
# under the same id and as the same attempt, and not once for each of them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;
use WebhookSink;

my $node = served_node('main');
my $sink = WebhookSink->new;
my $kept = 6;

create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

sub add_url
{
	my ($path) = @_;

	return $node->safe_psql('shop', sprintf "INSERT INTO rf_webhook (url) VALUES ('%s') RETURNING id",
		$sink->url($path));
}

# Each of them is waited for, so that it needs a connection of its own.
add_url("/once/$_") foreach 1 .. $kept;
$node->safe_psql('shop', join_person('first@example.com'));
$sink->await($kept, '/once');
$sink->release;
ok($node->poll_query_until('shop',
		"SELECT count(*) = $kept FROM rf_attempt WHERE outcome = 'success'"),
	"$kept connections are made");
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused'");

# The receiver closes each of these on its second request.
my $webhook = add_url('/once/more');
$node->safe_psql('shop', join_person('second@example.com'));
ok($node->poll_query_until('shop',
		"SELECT count(*) = 1 FROM rf_attempt WHERE webhook_id = $webhook AND outcome = 'success'"),
	'a request on a dead connection arrives all the same');
is($node->safe_psql('shop', "SELECT count(*) FROM rf_attempt WHERE webhook_id = $webhook"), '1',
	'within one attempt');

my @requests = $sink->requests('/once/more');
is(scalar @requests, 2, 'the receiver saw it twice');
is($requests[0]{headers}{'webhook-id'}, $requests[1]{headers}{'webhook-id'}, 'with the same id');
is($requests[0]{headers}{'referral-attempt'}, $requests[1]{headers}{'referral-attempt'},
	'and the same number of the attempt');
is($requests[1]{nth}, 1, 'the second time on a fresh connection');

# Who always closes gets no more than that.
$node->safe_psql('shop', "UPDATE rf_webhook SET state = 'paused'");
$webhook = add_url('/close');
$node->safe_psql('shop', join_person('third@example.com'));
ok($node->poll_query_until('shop',
		"SELECT count(*) = 1 FROM rf_attempt WHERE webhook_id = $webhook AND outcome = 'retry'"
		  . " AND attempt = 1 AND error_class = 'reset'"), 'who always closes has failed');
cmp_ok(scalar(grep { $_->{headers}{'referral-attempt'} == 1 } $sink->requests('/close')),
	'<=', 2, 'and saw the request twice at most');

$node->stop;
done_testing();
