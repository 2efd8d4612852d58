# Libraries of our own that a server under test is started with, so that it
# meets what seldom happens. They are built from their C file beside this one.
package Preloaded;

use strict;
use warnings;

use Exporter 'import';
use File::Basename;
use File::Spec;

use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(preload temporary_file);

# A file of which the server may be told, wherever it works.
sub temporary_file
{
	my ($name) = @_;

	return File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir() . "/$name");
}

# Build the library; then run the code, which starts the server, with it. Skips
# all tests where there is no compiler.
sub preload
{
	my ($name, $code) = @_;
	my $library = temporary_file("$name.so");
	my $source = dirname(__FILE__) . "/$name.c";
	my @compile = ($ENV{CC} // 'cc', '-O1', '-Wall', '-shared', '-fPIC', '-o', $library, $source, '-ldl');

	plan skip_all => 'a preloaded library does not go with AddressSanitizer or Valgrind'
	  if $ENV{ASAN_OPTIONS} || $ENV{VALGRIND_REPORTS};
	plan skip_all => "cannot compile $name.c" if system(@compile) != 0;
	local $ENV{LD_PRELOAD} = join ' ', grep { defined } $ENV{LD_PRELOAD}, $library;
	return $code->();
}

1;
