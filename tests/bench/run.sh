#!/bin/sh
# run.sh count|bench [ROW ...] -- the rows of tests/bench/README.md, all of them unless some are named.
#
# count prints instructions only, in a minute; bench adds time and the rows that are no operations,
# as a table and as bench.json. Environment: BUILD, and MINIMAL (the smallest embedding).
set -eu

here=$(dirname "$0")
build=${BUILD:-build}
out=$build/bench-results
plain=$build/bench/bench
v3=$build/bench-v3/bench
# What is built for x86-64-v3 as well, and what a count is asked for most.
v3_rows="bulk rr crr udp64 udp1472"
count_rows="bulk bulk.ts bulk.nocsum bulk.super rr crr udp64 udp1472 bulk.v3"

die()
{
	echo "bench: $*" >&2
	exit 2
}

# All rows that this machine can run.
all_rows()
{
	"$plain" list
	[ -x "$v3" ] && grep -q -w avx2 /proc/cpuinfo && for r in $v3_rows; do echo "$r.v3"; done
	return 0
}

# The program that runs row $1.
program()
{
	case $1 in
	*.v3) echo "$v3" ;;
	*) echo "$plain" ;;
	esac
}

# "name instructions" of row $1: per unit, payload copies at one instruction per 32 bytes.
count()
{
	profile=$out/callgrind/$1
	valgrind --quiet --tool=callgrind --collect-atstart=no --instr-atstart=no \
		--callgrind-out-file="$profile" "$(program "$1")" count "${1%.v3}" >"$profile.row" \
		2>"$profile.log" || { cat "$profile.log" >&2; exit 1; }
	read -r _ units copied <"$profile.row"
	awk -f "$here/callgrind.awk" "$profile.1" | awk -v name="$1" -v units="$units" \
		-v copied="$copied" '{ printf "%s %.1f\n", name, ($1 + copied / 32) / units }'
}

# "name ns floor_ns" of row $1.
measure()
{
	"$(program "$1")" time "${1%.v3}" | awk -v name="$1" '{ print name, $2, $3 }'
}

# The rows that are no operations, "name value unit".
values()
{
	"$plain" values
	[ -f "${MINIMAL:-}" ] || return 0
	size "$MINIMAL" | awk 'NR == 2 { print "text_bytes", $1, "bytes" }'
}

mode=${1:?"run.sh count|bench [ROW ...]"}
shift
rm -rf "$out"
mkdir -p "$out/callgrind"
known=$(all_rows)
case $mode in
count) [ $# -gt 0 ] || eval "set -- $count_rows" ;;
bench) [ $# -gt 0 ] || eval "set -- \$known" ;;
*) die "no such mode: $mode" ;;
esac

: >"$out/counts"
: >"$out/times"
: >"$out/values"
values_wanted=
for row in "$@"; do
	echo "$known" | grep -q -x -F "$row" || { values_wanted=yes; continue; }
	[ "$mode" = count ] || echo "  COUNT   $row" >&2
	count "$row" >>"$out/counts"
	[ "$mode" = bench ] || { tail -n 1 "$out/counts" | awk '{ printf "%-14s %10.0f\n", $1, $2 }'; continue; }
	echo "  TIME    $row" >&2
	measure "$row" >>"$out/times"
done
[ "$mode" = bench ] || exit 0
[ "$*" != "$(echo $known)" ] || values_wanted=yes
[ -z "$values_wanted" ] || values >"$out/values"
awk -v json="$build/bench.json" -f "$here/table.awk" "$out/counts" "$out/times" "$out/values"
echo
echo "What the rows are: tests/bench/README.md. Written to $build/bench.json."
