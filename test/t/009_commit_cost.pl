# A commit that wakes the worker costs the same, however many such commits the
# session has behind it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use ServedNode;
use Test::More;

my $node = served_node('main');
create_served($node, 'shop');
$node->safe_psql('shop', 'CREATE TABLE lap (n integer, at timestamptz)');

# Each UPDATE tells the worker that a webhook has changed.
$node->safe_psql('shop', q{
	INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring');
	INSERT INTO rf_webhook (name, url, state)
		VALUES ('paused', 'https://crm.example/hook', 'paused');
	DO $$
	BEGIN
		FOR i IN 0 .. 20000 LOOP
			UPDATE rf_webhook SET name = i::text;
			IF i % 5000 = 0 THEN
				INSERT INTO lap VALUES (i, clock_timestamp());
			END IF;
			COMMIT;
		END LOOP;
	END $$});
my ($first, $last) = split /\|/, $node->safe_psql('shop', q{
	SELECT max(d) FILTER (WHERE n = 5000), max(d) FILTER (WHERE n = 20000)
	FROM (SELECT n, extract(epoch FROM at - lag(at) OVER (ORDER BY n)) AS d FROM lap) laps});
cmp_ok($last, '<', 2 * $first, "$first s for the first 5000 commits, $last s for the last");

$node->stop;
done_testing();
