#!/bin/sh
# run.sh [CHECK...] -- hold the tree below the current directory against the rules of the house.
#
# Prints one line a check and ends with "lint: N checks passed", or with the lines that break a rule.
# tools/lint/allow lists reasoned exceptions; one that excepts nothing is itself reported, so the
# list only shrinks. Rooms that are not there are skipped.
set -u

here=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:-build}
allow=${LINT_ALLOW:-$here/allow}
libraries=${LINT_LIBRARIES-$(ls "$BUILD"/libholm*.a 2>/dev/null)}

# The files of the rooms given after the name patterns: files 'a*' 'b*' -- room...
sources()
{
	find "$@" \( -name '*.[chS]' -o -name '*.sh' -o -name '*.awk' \) -type f \
		! -path 'tests/lint/*/*' 2>/dev/null | sort
}

c_sources()
{
	sources "$@" | grep '\.[ch]$'
}

all_rooms="lib net drivers arch kernel tests tools"

# Give the file names on standard input to a command, if there are any.
each()
{
	xargs -r "$@"
}

check_format()
{
	c_sources $all_rooms | each clang-format --dry-run --Werror 2>&1 | grep 'error:' |
		sort -u -t: -k1,1
}

check_tidy()
{
	find "$BUILD/lint" -name '*.tidy' -exec cat {} + 2>/dev/null | grep -E ': (error|warning):' |
		sed "s|^$PWD/||" | sort -u
}

check_layers()
{
	c_sources $all_rooms | each awk -f "$here/layers.awk" "$here/layers"
}

check_length()
{
	c_sources $all_rooms | each awk -f "$here/length.awk"
}

check_head()
{
	sources $all_rooms | each awk -v rule=head -f "$here/source.awk"
}

check_conditional()
{
	c_sources $all_rooms | each awk -v rule=conditional -f "$here/source.awk"
}

check_words()
{
	sources $all_rooms | grep -v '^tools/lint/source.awk$' |
		each awk -v rule=words -f "$here/source.awk"
}

check_calls()
{
	c_sources $all_rooms | grep -v -e '^kernel/libc/' -e '^kernel/include/' |
		each awk -v rule=calls -f "$here/source.awk"
}

check_state()
{
	c_sources net/tcp | each awk -v rule=state -f "$here/source.awk"
}

check_headers()
{
	sh "$here/headers.sh"
}

check_symbols()
{
	# shellcheck disable=SC2086 -- a list of paths.
	sh "$here/symbols.sh" names $libraries
}

check_data()
{
	# shellcheck disable=SC2086 -- a list of paths.
	sh "$here/symbols.sh" data $libraries
}

about()
{
	case $1 in
	format) echo "clang-format agrees with every C file" ;;
	tidy) echo "clang-tidy finds nothing" ;;
	layers) echo "rooms include what the table allows" ;;
	length) echo "functions up to 70 lines, files up to 800 (tests 1000), lines up to 110 columns" ;;
	head) echo "every file begins with a comment" ;;
	conditional) echo "no #if inside a function" ;;
	words) echo "no marks of unfinished work" ;;
	calls) echo "no unbounded string calls" ;;
	state) echo "one writer of the TCP state" ;;
	headers) echo "public headers compile alone as C11 and C++17, others as C11" ;;
	symbols) echo "libraries define holm_ names only and need four functions" ;;
	data) echo "libraries hold no data that can change" ;;
	*) echo "no such check" ;;
	esac
}

# Findings on standard input without those that the allow list excepts for check $1. Lines of
# explanation (indented) follow the fate of the finding above them.
without_allowed()
{
	awk -v check="$1" -v list="$allow" '
		BEGIN {
			while ((getline line < list) > 0)
				if (split(line, f, /[ \t]+/) >= 3 && f[1] == check)
					excepted[f[2]] = 1
		}
		/^[^ \t]/ { path = $0; sub(/:.*/, "", path) }
		path in excepted { used[path] = 1; next }
		{ print }
		END {
			for (path in excepted)
				if (!(path in used))
					print list ":1: excepts " path " from " check " for nothing"
		}'
}

[ $# -gt 0 ] ||
	set -- format tidy layers length head conditional words calls state headers symbols data
passed=0 failed=
for check in "$@"; do
	findings=$("check_$check" | without_allowed "$check")
	if [ -z "$findings" ]; then
		printf '  ok      %-12s %s\n' "$check" "$(about "$check")"
		passed=$((passed + 1))
	else
		printf '  FAILED  %-12s %s\n' "$check" "$(about "$check")"
		echo "$findings" | sed 's/^/    /'
		failed="$failed $check"
	fi
done
if [ -n "$failed" ]; then
	echo "lint: failed:$failed"
	exit 1
fi
echo "lint: $passed checks passed"
