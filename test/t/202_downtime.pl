# After days of downtime the worker makes up for what time brought meanwhile, by
# itself and at once, batch after batch: windows to qualify in end, holds end,
# recurring rewards are paid once for each time, old idempotency keys go. What is not over yet stays.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;

my $node = served_node('main');

create_served($node, 'shop');
$node->safe_psql('shop', q{
	INSERT INTO rf_campaign (slug, name, qualify_within) VALUES ('spring', 'Spring', '3 days'), ('summer', 'Summer', '30 days');
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, amount, unit, hold)
		VALUES (1, 'held', 'referrer', 'invited_qualifies', 1, 'EUR', '4 days'),
			(1, 'held longer', 'referrer', 'invited_qualifies', 1, 'EUR', '14 days');
	INSERT INTO rf_reward_rule (campaign_id, name, recipient, earned_on, kind, amount, unit, recur_every)
		VALUES (1, 'daily', 'invited', 'invited_qualifies', 'recurring', 1, 'EUR', '1 day');
	INSERT INTO rf_webhook (campaign_id, name, url, events) VALUES (1, 'unreachable', 'http://127.0.0.1:9/', '{invited.expired}');
	INSERT INTO rf_participant (campaign_id, email, code) VALUES (1, 'ann@x.example', 'ANN'), (2, 'ann@x.example', 'ANN2');
	INSERT INTO rf_participant (campaign_id, email, referred_by)
		SELECT 1, 'n' || n || '@x.example', 'ANN' FROM generate_series(1, 3500) AS n;
	INSERT INTO rf_participant (campaign_id, email, code, referred_by)
		VALUES (1, 'bob@x.example', 'BOB', 'ANN'), (2, 'bob@x.example', 'BOB2', 'ANN2');
	SELECT rf_qualify('BOB', idempotency_key => 'a key');});
is( $node->safe_psql('shop', 'SELECT state, count(*) FROM rf_participant GROUP BY 1 ORDER BY 1'),
	"active|2\npending|3501\nqualified|1", 'nobody has expired yet');

$node->stop;
$node->append_conf('postgresql.conf', 'referral.clock_offset = 5d');
$node->append_conf('postgresql.conf', 'referral.idempotency_retention = 4d');
$node->start;

elapsed_below(20, 'in one go, not one batch each time the worker looks', sub {
ok( $node->poll_query_until('shop', q{
		SELECT count(*) FILTER (WHERE state = 'expired') = 3500
			AND (SELECT count(*) = 0 FROM rf_idempotency)
			AND (SELECT string_agg(state, ' ' ORDER BY rule_id) = 'issued pending' FROM rf_reward WHERE rule_id < 3)
			AND (SELECT count(*) = 6 FROM rf_reward WHERE rule_id = 3)
		FROM rf_participant}),
	'windows, holds and keys of days ago have ended, five days were paid');
});
is( $node->safe_psql('shop', 'SELECT state FROM rf_participant WHERE code = \'BOB2\''),
	'pending', 'a window that is not over stays open');
is( $node->safe_psql('shop', 'SELECT count(*), count(DISTINCT participant_id) FROM rf_event WHERE type = \'invited.expired\''),
	'3500|3500', 'each of them was announced once');
is( $node->safe_psql('shop', 'SELECT string_agg(n::text, \' \' ORDER BY n) FROM rf_reward WHERE rule_id = 3'),
	'1 2 3 4 5 6', 'each time once');
is( $node->safe_psql('shop', 'SELECT count(*) FROM rf_window'), '1', 'what is over waits no more');

$node->stop;
done_testing();
