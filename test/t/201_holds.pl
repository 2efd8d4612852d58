# The worker ends holds by its clock: a reward becomes due, or is issued, and
# the webhook hears of it, with nobody calling rf_tick().
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;

my $node = served_node('main');

create_served($node, 'shop');
$node->safe_psql('shop', q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, hold, auto_issue)
		VALUES (1, 'issued', 'referrer', 'invited_qualifies', 1, 'EUR', '30 days', true),
			(1, 'approved', 'referrer', 'invited_qualifies', 2, 'EUR', '30 days', false),
			(1, 'later', 'referrer', 'invited_qualifies', 3, 'EUR', '90 days', true);
	INSERT INTO rf_participant (campaign_id, email, code) VALUES (1, 'ann@x.example', 'ANN');
	INSERT INTO rf_participant (campaign_id, email, code, referred_by, joined_at)
		VALUES (1, 'bob@x.example', 'BOB', 'ANN', now() - interval '60 days');
	SELECT rf_qualify('BOB', occurred_at => now() - interval '29 days');});
is( $node->safe_psql('shop', 'SELECT string_agg(DISTINCT state, \' \') FROM rf_reward'),
	'pending', 'granted, and held');

# Two days later.
$node->append_conf('postgresql.conf', 'referral.clock_offset = 172800');
$node->reload;
ok( $node->poll_query_until('shop', q{
		SELECT string_agg(state, ' ' ORDER BY rule_id) = 'issued due pending' FROM rf_reward}),
	'holds end by the clock of the worker');

$node->stop;
done_testing();
