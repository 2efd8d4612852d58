# nginx as a receiver that speaks HTTP/2 over TLS, as many do.
package Nginx;

use strict;
use warnings;

use Certificates;
use File::Spec;
use IO::Socket::INET;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub _program
{
	my ($found) = grep { -x } map { "$_/nginx" } split(/:/, $ENV{PATH}), '/usr/sbin', '/usr/local/sbin';

	return $found;
}

# undef if it is not there. Connections end after some requests, as nginx's do.
sub new
{
	my ($class, $authority, $requests) = @_;
	my $program = _program() // return undef;
	my $dir = File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir());
	my $name = certificate('nginx', $authority, 'IP:127.0.0.1');
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my ($certificate, $key) = map { File::Spec->rel2abs(pem_file($name, $_)) } qw(pem key);

	append_to_file("$dir/nginx.conf", <<"CONF");
daemon off;
worker_processes 1;
pid $dir/pid;
error_log $dir/error.log;
events { worker_connections 200; }
http {
	log_format told '\$connection \$server_protocol \$status \$http_webhook_id \$request_length';
	access_log $dir/access.log told;
	keepalive_requests $requests;
	client_body_temp_path $dir/body;
	proxy_temp_path $dir/proxy;
	fastcgi_temp_path $dir/fastcgi;
	uwsgi_temp_path $dir/uwsgi;
	scgi_temp_path $dir/scgi;
	server {
		listen 127.0.0.1:$port ssl http2;
		ssl_certificate $certificate;
		ssl_certificate_key $key;
		return 204;
	}
}
CONF
	my $pid = fork // die $!;
	if ($pid == 0)
	{
		open STDERR, '>', "$dir/start.log";
		exec($program, '-p', $dir, '-e', "$dir/error.log", '-c', "$dir/nginx.conf")
		  or POSIX::_exit(1);
	}
	my $self = bless { pid => $pid, port => $port, dir => $dir, parent => $$ }, $class;
	$self->_await;
	return $self;
}

sub _await
{
	my ($self) = @_;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;

	until (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}))
	{
		die 'nginx does not start: ' . slurp_file("$self->{dir}/start.log") if time > $end;
		select undef, undef, undef, 0.05;
	}
	return;
}

sub url { return "https://127.0.0.1:$_[0]{port}$_[1]" }

# Connection, protocol, status and message id of each request that has ended.
sub requests
{
	my ($self) = @_;

	return map { [ split / / ] } split /\n/, slurp_file("$self->{dir}/access.log");
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);

	return unless $self->{pid} && $self->{parent} == $$;
	kill 'QUIT', $self->{pid};
	waitpid $self->{pid}, 0;
	return;
}

1;
