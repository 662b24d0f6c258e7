#!/bin/sh
# run.sh count|bench|peers [ROW ...] -- the rows of tests/bench/README.md, all unless some are named.
#
# count prints instructions only, in a minute; bench adds time and the rows that are no operations,
# as a table and as bench.json; peers has other stacks' rows beside ours, in peers.json.
# Environment: BUILD, CC (which links text_bytes).
set -eu

here=$(dirname "$0")
build=${BUILD:-build}
mode=${1:?"run.sh count|bench|peers [ROW ...]"}
shift
name=bench
[ "$mode" != peers ] || name=peers
out=$build/$name-results
plain=$build/bench/bench
v3=$build/bench-v3/bench
lwip=$build/bench/lwip
# What is built for x86-64-v3 as well.
v3_rows="bulk rr crr udp64 udp1472"
# What a count is asked for most.
count_rows="bulk bulk.ts bulk.nocsum bulk.super rr crr udp64 udp1472 bulk.v3"
# Rows that are no operations: bytes, and cache lines.
value_rows="idle_bytes idle6_bytes halfopen_bytes halfopen6_bytes timewait_bytes timewait6_bytes
	rrn_lines rrn.quick_lines text_bytes text_bytes.thumb"
# The cache that tells a line that was used in this round trip from one that waited since the last.
lines_cache="--cache-sim=yes --I1=32768,8,64 --D1=32768,8,64 --LL=1048576,16,64"

die()
{
	echo "bench: $*" >&2
	exit 2
}

# All operations that this machine can run.
operations()
{
	"$plain" list
	[ "$mode" != peers ] || "$lwip" list | sed 's/$/.lwip/'
	[ -x "$v3" ] && grep -q -w avx2 /proc/cpuinfo && for r in $v3_rows; do echo "$r.v3"; done
	return 0
}

# The program that runs row $1.
program()
{
	case $1 in
	*.v3) echo "$v3" ;;
	*.lwip) echo "$lwip" ;;
	*) echo "$plain" ;;
	esac
}

# What the program itself calls row $1.
own_name()
{
	row=${1%.v3}
	echo "${row%.lwip}"
}

# profile ROW [OPTION ...]: leaves ROW.1, of the floor ROW.2, and what the program printed in ROW.out.
profile()
{
	row=$1
	shift
	file=$out/callgrind/$row
	# shellcheck disable=SC2086 -- options are words.
	valgrind --quiet --tool=callgrind --collect-atstart=no --instr-atstart=no "$@" \
		--callgrind-out-file="$file" "$(program "$row")" count "$(own_name "$row")" >"$file.out" \
		2>"$file.log" || { cat "$file.log" >&2; exit 1; }
}

# per_unit ROW PART HARNESS: instructions of profile ROW.PART per unit, as line PART of ROW.out says,
# payload copies at one instruction per 32 bytes, the files that match HARNESS left out.
per_unit()
{
	line=$(sed -n "$2p" "$out/callgrind/$1.out")
	[ -n "$line" ] || { echo 0; return; }
	awk -v left_out="$3" -f "$here/callgrind.awk" "$out/callgrind/$1.$2" |
		awk -v line="$line" '{ split(line, f, " "); printf "%.1f\n", ($1 + f[3] / 32) / f[2] }'
}

# "name instructions floor_instructions" of row $1.
count()
{
	profile "$1"
	echo "$1 $(per_unit "$1" 1 '(^|/)tests/') $(per_unit "$1" 2 '(^|/)tests/bench/bench')"
}

# Cache lines that were fetched again, per end and round trip of the round robin $1: all, and
# without what the program's buffers took of them.
lines()
{
	row=$1@100000
	# shellcheck disable=SC2086 -- options are words.
	profile "$row" $lines_cache
	for what in "" .stack; do
		left_out='(^|/)tests/'
		[ -z "$what" ] || left_out="$left_out|/buf_ring|/core/ring_|holm/buf[.]h"
		read -r _ units _ <"$out/callgrind/$row.out"
		awk -v left_out="$left_out" -f "$here/callgrind.awk" "$out/callgrind/$row.1" |
			awk -v name="$1_lines$what" -v units="$units" \
				'{ printf "%s %.1f lines\n", name, ($8 + $9) / units / 2 }'
	done
}

# "name ns floor_ns" of row $1.
measure()
{
	"$(program "$1")" time "$(own_name "$1")" | awk -v name="$1" '{ print name, $2, $3 }'
}

# "name value unit" of row $1, or why there is none.
value()
{
	case $1 in
	*_lines) lines "${1%_lines}" ;;
	text_bytes) BUILD=$build "$here/text.sh" ;;
	text_bytes.thumb) BUILD=$build "$here/thumb/text.sh" ;;
	*) "$plain" values "$1" ;;
	esac
}

# Whether $1 is among the words $2.
among()
{
	for word in $2; do
		[ "$1" != "$word" ] || return 0
	done
	return 1
}

rm -rf "$out"
mkdir -p "$out/callgrind"
known=$(operations)
case $mode in
count) rows=${*:-$count_rows} ;;
bench) rows=${*:-$known $value_rows} ;;
peers) rows=${*:-$(for r in $("$lwip" list); do echo "$r" "$r.lwip"; done)} ;;
*) die "no such mode: $mode" ;;
esac
for row in $rows; do
	among "$row" "$known $value_rows" || die "no such row: $row; there are:" $known $value_rows
done

for file in counts times values; do
	: >"$out/$file"
done
if [ "$mode" != count ]; then
	"$plain" verify >"$out/verified" || die "the stack does not move what it should"
fi
for row in $rows; do
	[ "$mode" = count ] || echo "  BENCH   $row" >&2
	if among "$row" "$value_rows"; then
		value "$row" >"$out/value"
		cat "$out/value" >>"$out/values"
		[ "$mode" != count ] || cat "$out/value"
		continue
	fi
	count "$row" >"$out/count"
	cat "$out/count" >>"$out/counts"
	if [ "$mode" = count ]; then
		awk '{ printf "%-18s %10.0f\n", $1, $2 }' "$out/count"
	else
		measure "$row" >>"$out/times"
	fi
done
[ "$mode" != count ] || exit 0
awk -v json="$build/$name.json" -f "$here/table.awk" "$out/counts" "$out/times" "$out/values" |
	tee "$build/$name.txt"
if [ "$mode" = bench ] && [ $# = 0 ]; then
	echo "  BENCH   goodput against loss, fairness" >&2
	{
		FAMILY=4 "$build/bench/tests/sim/goodput" table
		FAMILY=6 "$build/bench/tests/sim/goodput" table
	} | tee "$build/goodput.txt"
fi
[ "$mode" != bench ] || BUILD=$build "$here/draw.sh"
echo
echo "What the rows are: tests/bench/README.md. Written to $build/$name.txt and $build/$name.json."
