# awk -v left_out=PATTERN -f callgrind.awk PROFILE: what the measured code cost, one line of sums in
# the order of the profile's events (Ir alone, or Ir and those of the cache simulation).
#
# Only the functions' own costs are added up, by the file that a line of code came from, so that
# inlined code counts where it was written. Files that match PATTERN (the harness) do not count.

# A file is written out when it is first named, afterwards only its number stands there.
/^c?(fl|fi|fe)=/ {
	number = $1
	sub(/^[^=]*=/, "", number)
	if (NF > 1) {
		name = $0
		sub(/^[^ ]* /, "", name)
		out_of_it[number] = name ~ left_out
	}
	if ($1 !~ /^c/)
		skipped = out_of_it[number]
	next
}

# The line after calls= is what the callee cost, which stands at the callee, too.
/^calls=/ { inclusive = 1; next }

/^[0-9+*-]/ {
	if (!inclusive && !skipped)
		for (i = 2; i <= NF; i++)
			sum[i] += $i
	inclusive = 0
}

/^events:/ { events = NF }

END {
	for (i = 2; i <= events; i++)
		printf "%.0f%s", sum[i], i < events ? " " : "\n"
}
