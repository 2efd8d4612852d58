# Assemble an update script; run from the root of the checkout.
#
# The text of an update is what ALTER TABLE and the like must do to objects that
# the version before has. All else is taken from the files of the install script,
# so that nothing is said twice:
#
#   -- @include FILE     the whole of src/schema/FILE: one that holds only objects
#                        that are new, or that can be replaced (70 and above)
#   -- @comments FILE    only its COMMENT statements: one whose tables existed
#
# Once a version is released its files change no more: the assembled script of
# its update goes to src/schema/released, beside the install scripts.

$1 == "--" && ($2 == "@include" || $2 == "@comments") {
	file = "src/schema/" $3
	print "-- " $3
	copied = 0
	while ((status = (getline line < file)) > 0) {
		if (line ~ /^COMMENT ON /)
			inside = 1
		if ($2 == "@include" || inside) {
			print line
			copied++
		}
		if (line ~ /;$/)
			inside = 0
	}
	close(file)
	if (status < 0 || copied == 0) {
		print FILENAME ":" FNR ": nothing to take from " file > "/dev/stderr"
		exit 1
	}
	next
}
{ print }
