#!/bin/sh
# run.sh SECONDS TARGET... -- run each fuzz target for so long, from the kept corpus and what earlier runs
# have found, and say what was covered; run.sh keep TARGET... puts what reaches new code into the kept
# corpus, without what does not.
#
# New inputs are collected in build/fuzz/corpus. A crash prints the command that repeats it, and the
# input stays where that command says.
set -u

BUILD=${BUILD:-build}
kept=tests/fuzz/corpus
seconds=$1
shift

# Edges only: counts of loops would make a corpus of thousands.
keep()
{
	new=$(mktemp -d)
	"$BUILD/fuzz/$1" -merge=1 -use_counters=0 -set_cover_merge=1 "$new" "$kept/$1" \
		"$BUILD/fuzz/corpus/$1" >"$BUILD/fuzz/$1.log" 2>&1 || { tail -n 5 "$BUILD/fuzz/$1.log"; return 1; }
	rm -rf "${kept:?}/$1" && mkdir -p "$kept/$1" && cp "$new"/* "$kept/$1/"
	rm -rf "$new"
	printf '%-12s %6s inputs, %s bytes\n' "$1" "$(find "$kept/$1" -type f | wc -l)" \
		"$(cat "$kept/$1"/* | wc -c)"
}

# The last figures of a log: edges, features, corpus.
figures()
{
	grep -o 'cov: [0-9]* ft: [0-9]* corp: [0-9]*/[0-9A-Za-z]*' "$1" | tail -n 1
}

run()
{
	log=$BUILD/fuzz/$1.log
	began=$(date +%s)
	timeout -k 10 $((seconds + 120)) "$BUILD/fuzz/$1" -max_total_time="$seconds" \
		-max_len="$(max_len "$1")" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$BUILD/fuzz/$1-" "$BUILD/fuzz/corpus/$1" "$kept/$1" \
		>"$log" 2>&1
	status=$?
	set -- "$1" "$(figures "$log")"
	echo "$2" | awk -v name="$1" -v s=$(($(date +%s) - began)) -v log_file="$log" '
		BEGIN { while ((getline line < log_file) > 0)
			if (line ~ /number_of_executed_units/) { sub(/.*: */, "", line); runs = line } }
		{ printf "%-12s %4d s %11d runs %6d edges %7d features, corpus %s\n",
			name, s, runs, $2, $4, $6 }'
	[ $status = 0 ] && return
	crash=$(sed -n 's/.*written to //p' "$log" | tail -n 1)
	tail -n 20 "$log" | sed 's/^/    | /'
	echo "    again: make $BUILD/host/fuzz/$1 && $BUILD/host/fuzz/$1 ${crash:-$log}"
	return 1
}

# What real input needs, so that the fuzzer does not lose itself in length.
max_len()
{
	case $1 in
	arp | icmp4 | ip4 | tcp | udp) echo 128 ;;
	icmp6 | ip6 | mld | nd) echo 256 ;;
	dhcp4) echo 600 ;;
	*) echo 2048 ;;
	esac
}

status=0
for target in "$@"; do
	mkdir -p "$BUILD/fuzz/corpus/$target" "$kept/$target"
	if [ "$seconds" = keep ]; then
		keep "$target" || status=1
	else
		run "$target" || status=1
	fi
done
exit $status
