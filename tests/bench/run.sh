#!/bin/sh
# make bench: instructions from callgrind, time from a quiet run, as a table and as bench.json.
# Environment: BUILD (the build directory), BENCH_MINIMAL (the smallest embedding, for text_bytes).
# Rows may be named as arguments. The table says what an operation is at its end.
set -eu

build=${BUILD:-build}
out=$build/bench-results
rm -rf "$out"
mkdir -p "$out"

# count BINARY SUFFIX ROW...: lines "name units copied instructions"
count() {
	binary=$1 suffix=$2
	shift 2
	dir=$out/callgrind$suffix
	mkdir -p "$dir"
	echo "  COUNT   $binary (callgrind, some minutes)" >&2
	valgrind --quiet --tool=callgrind --collect-atstart=no --dump-line=no \
		--callgrind-out-file="$dir/out" "$binary" count "$@" >"$dir/rows" 2>"$dir/log" ||
		{ cat "$dir/log" >&2; exit 1; }
	n=0
	while read -r name units copied; do
		n=$((n + 1))
		total=$(awk '/^(totals|summary):/ { t = $2 } END { print t + 0 }' "$dir/out.$n")
		echo "$name$suffix $units $copied $total"
	done <"$dir/rows"
}

measure() {
	binary=$1 suffix=$2
	shift 2
	count "$binary" "$suffix" "$@" >>"$out/counts"
	echo "  TIME    $binary" >&2
	"$binary" time "$@" | awk -v s="$suffix" '{ print $1 s, $2, $3 }' >>"$out/times"
}

measure "$build/bench/bench" "" "$@"
if [ -x "$build/bench-v3/bench" ] && grep -q -w avx2 /proc/cpuinfo; then
	measure "$build/bench-v3/bench" .v3 bulk rr crr udp64 udp1472
fi
"$build/bench/bench" values >"$out/values"
if [ -n "${BENCH_MINIMAL:-}" ] && [ -f "$BENCH_MINIMAL" ]; then
	size "$BENCH_MINIMAL" | awk 'NR == 2 { print "text_bytes", $1, "bytes" }' >>"$out/values"
fi

awk -v json="$build/bench.json" '
function row(s) { printf "%s\n  %s", n++ ? "," : "[", s >json }
FILENAME ~ /counts$/ { instr[$1] = ($4 + $3 / 32) / $2; order[++rows] = $1; next }
FILENAME ~ /times$/ { ns[$1] = $2; floor_ns[$1] = $3; next }
{ value[++values] = $1; amount[$1] = $2; unit[$1] = $3 }
END {
	printf "%-14s %13s %10s %10s %7s\n", "row", "instructions", "ns", "floor ns", "ratio"
	for (i = 1; i <= rows; i++) {
		r = order[i]
		f = floor_ns[r] > 0 ? sprintf("%10.1f %7.2f", floor_ns[r], ns[r] / floor_ns[r]) : sprintf("%10s %7s", "-", "-")
		printf "%-14s %13.0f %10.1f %s\n", r, instr[r], ns[r], f
		row(sprintf("{\"name\": \"%s\", \"instructions\": %.0f, \"ns\": %.1f, \"floor_ns\": %s}", r, instr[r], ns[r], floor_ns[r] > 0 ? floor_ns[r] : "null"))
	}
	for (i = 1; i <= values; i++) {
		v = value[i]
		printf "%-14s %13.1f %s\n", v, amount[v], unit[v]
		row(sprintf("{\"name\": \"%s\", \"value\": %.1f, \"unit\": \"%s\"}", v, amount[v], unit[v]))
	}
	printf "\n]\n" >json
}' "$out/counts" "$out/times" "$out/values"

cat <<END

bulk: per 1460 payload bytes, window 64 KiB. rr: 64-byte request and response. crr: connect, request,
answer, close. udp64, udp1472: per datagram. @N: with N idle connections present; rrn@N: round robin
over N. .ts timestamps, .nocsum checksums left to the device, .super 64 KiB super-frames, .v3 built for
x86-64-v3. Both ends together; payload copies count as one instruction per 32 bytes. floor: no protocol,
same flags. Written to $build/bench.json.
END
