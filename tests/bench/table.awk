# awk -v json=FILE -f table.awk counts times values: the table of make bench, and the same as JSON.

function row(text)
{
	printf "%s\n  %s", n++ ? "," : "[", text >json
}

FILENAME ~ /counts$/ { instructions[$1] = $2; order[++rows] = $1; next }
FILENAME ~ /times$/ { ns[$1] = $2; floor_ns[$1] = $3; next }
{ value[++values] = $1; amount[$1] = $2; unit[$1] = $3 }

END {
	printf "%-14s %13s %10s %10s %7s\n", "row", "instructions", "ns", "floor ns", "ratio"
	for (i = 1; i <= rows; i++) {
		r = order[i]
		has_floor = floor_ns[r] > 0
		floor = has_floor ? sprintf("%.1f", floor_ns[r]) : "-"
		ratio = has_floor ? sprintf("%.2f", ns[r] / floor_ns[r]) : "-"
		printf "%-14s %13.0f %10.1f %10s %7s\n", r, instructions[r], ns[r], floor, ratio
		row(sprintf("{\"name\": \"%s\", \"instructions\": %.0f, \"ns\": %.1f, \"floor_ns\": %s}",
			    r, instructions[r], ns[r], has_floor ? floor : "null"))
	}
	for (i = 1; i <= values; i++) {
		v = value[i]
		printf "%-14s %13.1f %s\n", v, amount[v], unit[v]
		row(sprintf("{\"name\": \"%s\", \"value\": %.1f, \"unit\": \"%s\"}", v, amount[v], unit[v]))
	}
	printf "\n]\n" >json
}
