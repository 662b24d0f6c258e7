#!/bin/sh
# run.sh -- every lint check passes the good trees below tests/lint/<check>/ and finds in each bad
# tree what its file `expect` says (a pattern). A file `checks` names other checks than the folder.
set -u

top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# What the symbol and data checks look at: the tree's lib/*.c built as the library is.
build_library()
{
	mkdir -p build
	for source in lib/*.c; do
		gcc -O2 -ffreestanding -fPIE -fvisibility=hidden -ffunction-sections -fdata-sections \
			-c "$source" -o "build/$(basename "$source" .c).o" || return
	done
	gcc -r -nostdlib build/*.o -o build/joined && objcopy --localize-hidden build/joined &&
		ar rcs build/libholm.a build/joined
}

# What make leaves for the tidy check.
run_tidy()
{
	mkdir -p build/lint
	for source in lib/*.c; do
		clang-tidy --quiet --warnings-as-errors='*' "$source" -- -std=c11 \
			>"build/lint/$(basename "$source" .c).tidy" 2>/dev/null
	done
}

# lint_tree TREE CHECK...: lint's output for a copy of the tree.
lint_tree()
{
	tree=$1
	shift
	rm -rf "$work/tree"
	cp -r "$tree" "$work/tree"
	cp "$top/.clang-format" "$top/.clang-tidy" "$work/tree"
	cd "$work/tree" || return
	case "$*" in
	symbols | data) build_library ;;
	tidy) run_tidy ;;
	esac
	BUILD=build LINT_ALLOW=$work/tree/allow sh "$top/tools/lint/run.sh" "$@" 2>&1
	status=$?
	cd "$top" || exit
	return $status
}

result()
{
	if [ "$1" = 0 ]; then
		echo "ok $2"
	else
		echo "not ok $2: $(echo "$3" | tail -n 4 | tr '\n' ' ')"
		failed=1
	fi
}

for tree in tests/lint/*/*/; do
	tree=${tree%/}
	name=${tree#tests/lint/}
	checks=${name%%/*}
	[ ! -f "$tree/checks" ] || checks=$(cat "$tree/checks")
	# shellcheck disable=SC2086 -- names of checks.
	said=$(lint_tree "$tree" $checks)
	status=$?
	case ${name#*/} in
	good*) result $status "lint passes $name" "$said" ;;
	bad*)
		[ $status = 1 ] && echo "$said" | grep -q -e "$(cat "$tree/expect")"
		result $? "lint finds $name" "$said"
		;;
	esac
done

# A file of 801 lines is generated: it would be in everybody's way.
mkdir -p "$work/long/lib"
{
	echo '/* long.c -- a file of 801 lines. */'
	yes '' | head -n 800
} >"$work/long/lib/long.c"
said=$(lint_tree "$work/long" length)
[ $? = 1 ] && echo "$said" | grep -q 'the file has 801 lines'
result $? "lint finds a file of 801 lines" "$said"
exit $failed
