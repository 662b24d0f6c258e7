#!/bin/sh
# draw.sh -- the two pictures of make bench out of its results: cost.svg, what an operation costs
# with more and more connections, and loss.svg, goodput against loss. Environment: BUILD.
set -eu

here=$(dirname "$0")
build=${BUILD:-build}
out=$build/bench-results

# A panel of column $3 of file $4, "row@connections figure"; $1 and $2 describe it.
panel()
{
	echo "panel $1|$2|log"
	for operation in bulk rr crr rrn; do
		echo "series $(label $operation)"
		for n in 1 100 1000 10000 100000; do
			row=$operation@$n
			[ "$n" != 1 ] || [ "$operation" = rrn ] || row=$operation
			awk -v row="$row" -v n="$n" -v column="$3" \
				'$1 == row { print "point", n, $column }' "$4"
		done
	done
}

label()
{
	case $1 in
	bulk) echo "bulk, per 1460 bytes" ;;
	rr) echo "request and response on one connection" ;;
	crr) echo "connect, request, response, close" ;;
	rrn) echo "request and response on each in turn" ;;
	esac
}

if grep -q '@100000 ' "$out/counts" && grep -q '@100000 ' "$out/times"; then
	{
		echo "title What an operation costs, both ends, against the number of connections"
		panel "instructions per operation" "established connections" 2 "$out/counts"
		panel "nanoseconds per operation" "established connections" 2 "$out/times"
	} | awk -f "$here/plot.awk" >"$build/cost.svg"
fi

# Lines of the simulator: goodput CONTROLLER BUFFER RTT_MS LOSS KB_PER_S
if grep -q '^goodput ' "$build/goodput.txt" 2>/dev/null; then
	{
		echo "title Goodput against loss: 32 KiB buffers, 100 ms round trip, mean of 20 seeds"
		echo "panel kB/s|packets lost, per cent|linear"
		sort -s -k2,2 -k5,5n "$build/goodput.txt" |
			awk '$1 == "goodput" && $3 == 32768 && $4 == 100 {
				if ($2 != last)
					print "series", $2
				last = $2
				print "point", $5 + 0, $6
			}'
		# What its authors publish for the same link.
		printf 'series smoltcp, as published dashed\npoint 0 323\npoint 1 220\npoint 10 38\n'
	} | awk -f "$here/plot.awk" >"$build/loss.svg"
fi
