# Certificates for tests, made by the program openssl in a directory of their own.
package Certificates;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(authority certificate pem pem_file);

my $dir = PostgreSQL::Test::Utils::tempdir();
my @new_key = qw(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes);

sub _openssl
{
	my (@arguments) = @_;
	my ($output, $errors);

	return IPC::Run::run([ 'openssl', @arguments ], '>', \$output, '2>', \$errors)
	  || ($arguments[0] eq 'x509' ? 0 : die "openssl @arguments: $errors");
}

sub _file { return "$dir/$_[0].$_[1]" }

# An authority: it signs itself.
sub authority
{
	my ($name) = @_;

	_openssl('req', '-x509', @new_key, '-keyout', _file($name, 'key'), '-out', _file($name, 'pem'),
		'-subj', "/CN=$name", '-days', 10);
	return $name;
}

# A certificate by an authority, for the names in $for ("DNS:..." or "IP:...");
# ended if so told.
sub certificate
{
	my ($name, $by, $for, $ended) = @_;
	my @sign = ('x509', '-req', '-in', _file($name, 'csr'), '-CA', _file($by, 'pem'),
		'-CAkey', _file($by, 'key'), '-CAcreateserial', '-extfile', _file($name, 'ext'),
		'-out', _file($name, 'pem'));

	_openssl('req', @new_key, '-keyout', _file($name, 'key'), '-out', _file($name, 'csr'),
		'-subj', "/CN=$name");
	append_to_file(_file($name, 'ext'), "subjectAltName=$for\n");
	_openssl(@sign, '-days', $ended ? -1 : 10)
	  # Newer ones want dates for it.
	  or _openssl(@sign, '-not_before', '20200101000000Z', '-not_after', '20200102000000Z')
	  or die "openssl cannot sign $name";
	return $name;
}

# The text, or its file.
sub pem
{
	my ($name, $what) = @_;

	return slurp_file(_file($name, $what // 'pem'));
}

sub pem_file
{
	my ($name, $what) = @_;

	return _file($name, $what // 'pem');
}

1;
