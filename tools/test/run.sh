#!/bin/sh
# run.sh SUITE EMULATOR PROGRAM... [-- SUITE EMULATOR PROGRAM...]... -- run test programs, sum up.
#
# Programs run in parallel, each with a time-out; what a passing one prints is hidden, what a failing
# one prints is shown with the command that repeats it. Cases are counted from what is printed:
# cmocka's lines, or "ok name" and "not ok name: why"; "skip what: why" is shown and counts as nothing.
# A program that prints none of these is one case, judged by its exit status. A suite named image runs
# one program at a time: it measures.
# The last line is "N passed, N failed".
set -u

BUILD=${BUILD:-build}
TEST_TIMEOUT=${TEST_TIMEOUT:-300}
export BUILD
# The tests start makes of their own, which share nothing with the one that started us.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
results=$BUILD/results

# Run one program: "run.sh --one SUITE EMULATOR PROGRAM", started below through xargs.
run_one()
{
	suite=$1 emulator=$2 program=$3
	name=$suite-$(echo "$program" | sed "s|^$BUILD/||" | tr '/' '_')
	log=$results/$name.log
	case $program in
	*.sh) set -- sh "$program" ;;
	*) set -- "$program" ;;
	esac
	timeout -k 5 "$TEST_TIMEOUT" ${emulator:+"$emulator"} "$@" >"$log" 2>&1 </dev/null
	status=$?
	counts=$(awk -v status=$status -f tools/test/count.awk "$log")
	echo "$counts" >"$results/$name.count"
	passed=${counts% *} failed=${counts#* }
	if [ "$failed" = 0 ]; then
		printf '  %-7s %s (%s)\n' "$suite" "${program#"$BUILD"/}" "$passed"
		sed -n 's/^skip /          skip /p' "$log"
		return
	fi
	{
		printf '  %-7s %s: %s FAILED\n' "$suite" "$program" "$failed"
		sed 's/^/    | /' "$log"
		[ $status != 124 ] || echo "    | stopped after $TEST_TIMEOUT seconds"
		echo "    again: ${emulator:+$emulator }$*"
	} >"$results/$name.report"
	cat "$results/$name.report"
}

# The sum of the .count files whose names begin with $1, as "passed failed".
sum()
{
	cat "$results/$1"*.count 2>/dev/null | awk '{ p += $1; f += $2 } END { print p + 0, f + 0 }'
}

run_suite()
{
	suite=$1 emulator=$2
	shift 2
	[ $# -gt 0 ] || return 0
	rm -f "$results/$suite-"*
	jobs=$(nproc 2>/dev/null || echo 1)
	[ "$suite" != image ] || jobs=1
	printf '%s\n' "$@" | xargs -P "$jobs" -I '{}' sh "$0" --one "$suite" "$emulator" '{}'
	sum "$suite-" | while read -r passed failed; do
		echo "$suite: $passed passed, $failed failed"
	done
}

if [ "${1:-}" = --one ]; then
	shift
	run_one "$@"
	exit 0
fi

mkdir -p "$results"
total="0 0"
while [ $# -gt 0 ]; do
	suite=$1 emulator=$2
	shift 2
	programs=
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		programs="$programs $1"
		shift
	done
	[ $# -eq 0 ] || shift
	# shellcheck disable=SC2086 -- paths of ours, without blanks.
	run_suite "$suite" "$emulator" $programs
	[ -z "$programs" ] || total=$(echo "$total $(sum "$suite-")" | awk '{ print $1 + $3, $2 + $4 }')
done

echo "${total% *} passed, ${total#* } failed"
[ "${total#* }" = 0 ] && [ "${total% *}" != 0 ]
