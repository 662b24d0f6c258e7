# awk -v json=FILE -f table.awk counts times values: the table of make bench, and the same as JSON.
# A value of "-" was not measured; what follows its unit says why.

function row(text)
{
	printf "%s\n  %s", n++ ? "," : "[", text >json
}

# A figure, or what stands for one that there is not.
function figure(format, value, none)
{
	return value > 0 ? sprintf(format, value) : none
}

FILENAME ~ /counts$/ { instructions[$1] = $2; floor_instructions[$1] = $3; order[++rows] = $1; next }
FILENAME ~ /times$/ { ns[$1] = $2; floor_ns[$1] = $3; next }
{
	value[++values] = $1
	amount[values] = $2
	unit[values] = $3
	for (i = 4; i <= NF; i++)
		unit[values] = unit[values] " " $i
}

END {
	if (rows)
		printf "%-18s %12s %7s %10s %9s %6s\n", "row", "instructions", "floor", "ns", "floor ns",
			"ratio"
	for (i = 1; i <= rows; i++) {
		r = order[i]
		printf "%-18s %12s %7s %10.1f %9s %6s\n", r, figure("%.0f", instructions[r], "-"),
			figure("%.0f", floor_instructions[r], "-"), ns[r],
			figure("%.1f", floor_ns[r], "-"),
			figure("%.2f", floor_ns[r] ? ns[r] / floor_ns[r] : 0, "-")
		row(sprintf("{\"name\": \"%s\", \"instructions\": %s, \"floor_instructions\": %s, " \
			    "\"ns\": %.1f, \"floor_ns\": %s}", r, figure("%.0f", instructions[r], "null"),
			    figure("%.0f", floor_instructions[r], "null"), ns[r],
			    figure("%.1f", floor_ns[r], "null")))
	}
	for (i = 1; i <= values; i++) {
		printf "%-22s %8s %s\n", value[i], amount[i], unit[i]
		row(sprintf("{\"name\": \"%s\", \"value\": %s, \"unit\": \"%s\"}", value[i],
			    amount[i] == "-" ? "null" : amount[i], unit[i]))
	}
	printf "\n]\n" >json
}
