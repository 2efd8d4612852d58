# Whom a webhook trusts and whom it shows itself as is its own: authorities given
# with rf_set_tls count instead of the system's, a client certificate is shown to
# its receiver only, and connections are shared by none that differ in them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use PostgreSQL::Test::Utils;
use ServedNode;
use Test::More;
use WebhookSink;

BEGIN
{
	eval { require IO::Socket::SSL; 1 } or plan(skip_all => 'no IO::Socket::SSL');
}
use Certificates;

my $here = 'IP:127.0.0.1';
authority($_) foreach qw(ours others);
certificate('server', 'ours', $here);
certificate('elsewhere', 'ours', 'DNS:elsewhere.example');
certificate('ended', 'ours', $here, 1);
certificate('foreign', 'others', $here);
certificate($_, 'ours', 'DNS:client.example') foreach qw(alice bob);

sub sink_with
{
	my ($name, %more) = @_;

	return WebhookSink->new(
		SSL_cert_file => pem_file($name), SSL_key_file => pem_file($name, 'key'), %more);
}
my %sink = map { $_ => sink_with($_) } qw(server elsewhere ended foreign ours);
$sink{mutual} = sink_with('server',
	SSL_verify_mode => 0x03, # a certificate by this authority, or none at all goes on
	SSL_ca_file     => pem_file('ours'));

my $node = served_node('main');
create_served($node, 'shop');
$node->safe_psql('shop', "INSERT INTO rf_campaign (slug, name) VALUES ('spring', 'Spring')");

# A webhook and its TLS material: names of certificates, or none.
my %webhook;
sub create_webhook
{
	my ($name, $url, $ca, $client) = @_;
	my $id = $node->safe_psql('shop', "INSERT INTO rf_webhook (name, url, retry_schedule)"
		  . " VALUES ('$name', '$url', '{0,1h}') RETURNING id");

	set_tls($id, $ca, $client) if $ca;
	return $webhook{$name} = $id;
}

sub set_tls
{
	my ($id, $ca, $client) = @_;
	my @pems = map { defined $_ ? "'$_'" : 'NULL' } (
		$ca && pem($ca), $client && pem($client), $client && pem($client, 'key'));

	$node->safe_psql('shop', "SELECT rf_set_tls($id, " . join(', ', @pems) . ')');
	return;
}
create_webhook('trusted', $sink{server}->url('/ok/trusted'), 'ours');
create_webhook('system', $sink{server}->url('/ok/system'));
create_webhook('wrong authority', $sink{server}->url('/ok/wrong'), 'others');
create_webhook('foreign', $sink{foreign}->url('/ok/foreign'), 'others');
create_webhook($_, $sink{$_}->url("/ok/$_"), 'ours') foreach qw(elsewhere ended);
create_webhook('self-signed', $sink{ours}->url('/ok/self'));
create_webhook($_, $sink{mutual}->url("/ok/$_"), 'ours', $_) foreach qw(alice bob);
create_webhook('nobody', $sink{mutual}->url('/ok/nobody'), 'ours');

sub join_and_await
{
	my ($email) = @_;

	$node->safe_psql('shop', join_person($email));
	$node->poll_query_until('shop', "SELECT NOT EXISTS (SELECT FROM rf_event e, rf_webhook w"
		  . " WHERE NOT EXISTS (SELECT FROM rf_attempt a WHERE a.event_id = e.id AND a.webhook_id = w.id)"
		  . " AND NOT EXISTS (SELECT FROM rf_attempt a WHERE a.webhook_id = w.id AND a.outcome = 'retry'))")
	  or die 'not all were tried';
	return;
}

sub attempt
{
	my ($name) = @_;

	return $node->safe_psql('shop', "SELECT concat_ws('|', outcome, error_class, error)"
		  . " FROM rf_attempt WHERE webhook_id = $webhook{$name} ORDER BY started_at DESC LIMIT 1");
}

join_and_await('first@example.com');
like(attempt('trusted'), qr/^success/, 'an authority of its own is trusted');
like(attempt('foreign'), qr/^success/, 'each webhook has its own');
like(attempt('system'), qr/^retry\|tls\|.*certificate/, 'without it the system\'s decide');
like(attempt('wrong authority'), qr/^retry\|tls\|.*certificate/, 'another authority does not help');
like(attempt('elsewhere'), qr/^retry\|tls\|.*127\.0\.0\.1/, 'a certificate of another host is refused');
like(attempt('ended'), qr/^retry\|tls\|.*expired/, 'one that has ended is refused');
like(attempt('self-signed'), qr/^retry\|tls\|.*self.signed/, 'one that signs itself is refused');
is(scalar grep({ $_->requests } @sink{qw(elsewhere ended ours)}), 0, 'and nothing was sent to them');
is(scalar $sink{server}->requests, 1, 'nor to whom only others trust');

like(attempt($_), qr/^success/, "$_ is let in") foreach qw(alice bob);
# Its receiver closes while the request is on its way: the alert may be lost in the reset.
like(attempt('nobody'), qr/^retry\|(tls\|.*certificate|reset\|)/, 'whoever shows nothing is not');

# Again and again on connections that stay open: each sees its own certificate.
for my $round (1 .. 3)
{
	join_and_await("more$round\@example.com");
}
my %seen;
$seen{ $_->{path} }{ $_->{client} }++ foreach $sink{mutual}->requests;
is_deeply(\%seen, { '/ok/alice' => { alice => 4 }, '/ok/bob' => { bob => 4 } },
	'of each webhook the receiver sees that webhook\'s certificate');
my %connection;
$connection{ $_->{connection} }{ $_->{client} } = 1 foreach $sink{mutual}->requests;
is(scalar grep({ keys %$_ > 1 } values %connection), 0, 'no connection serves both');
cmp_ok(scalar keys %connection, '<', 8, 'and some are used more than once');

# What is changed counts from the next attempt on, whatever is still connected.
set_tls($webhook{alice}, 'ours', 'bob');
join_and_await('changed@example.com');
is((map { $_->{client} } $sink{mutual}->requests('/ok/alice'))[-1], 'bob',
	'another certificate is shown at once');
set_tls($webhook{trusted}, 'others');
join_and_await('distrusted@example.com');
like(attempt('trusted'), qr/^retry\|tls\|/, 'whom it trusted before it trusts no more');

# Errors say what is wrong, and nothing of what was given.
sub refused
{
	my ($what, $like, @pems) = @_;
	my $arguments = join ', ', map { defined $_ ? "'$_'" : 'NULL' } @pems;
	my ($status, undef, $error) = $node->psql('shop',
		"\\set VERBOSITY verbose\nSELECT rf_set_tls($webhook{system}, $arguments)");
	my ($message) = $error =~ /ERROR:\s+(.*)/;

	like($message // '', qr/^22023: $like/, $what);
	return;
}
my $broken = pem('alice') =~ s/^(-+BEGIN CERTIFICATE-+\n)..../$1AAAA/r;
refused('no PEM', 'ca cannot be used: it holds no certificate', 'secret');
refused('nothing', 'ca cannot be used: it holds no certificate', '');
refused('a key instead', 'ca cannot be used: it holds something else', pem('alice', 'key'));
refused('a key as well', 'ca cannot be used: it holds something else', pem('alice') . pem('alice', 'key'));
refused('broken', 'ca cannot be used: a certificate in it cannot be read', $broken);
refused('cut', 'ca cannot be used: it is not complete', substr(pem('alice'), 0, -20));
refused('a certificate alone', 'certificate and key of a client belong together', undef, pem('alice'));
refused('a key alone', 'certificate and key of a client belong together', undef, undef, pem('alice', 'key'));
refused('another\'s key', 'key cannot be used: it is not that of the first certificate',
	undef, pem('alice'), pem('bob', 'key'));
refused('no key', 'key cannot be used: it holds no private key', undef, pem('alice'), pem('alice'));
IPC::Run::run([ qw(openssl pkey -aes128 -passout pass:phrase -in), pem_file('alice', 'key') ],
	'>', \my $locked);
refused('a key with a pass phrase', 'key cannot be used: it has a pass phrase', undef, pem('alice'), $locked);
is($node->safe_psql('shop', "SELECT count(*) FROM rf_secret WHERE kind = 'tls'"
		. " AND webhook_id = $webhook{system}"), '0', 'nothing of it was stored');

$node->stop;
done_testing();
