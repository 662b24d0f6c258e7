#!/bin/sh
# headers.sh -- every public header compiles alone, as C11 and as C++17; every other header of lib,
# net and drivers as C11.
set -u

# In C++ a function named like a struct hides its constructor, which -Wshadow would report.
warn="-Wall -Wextra -Wconversion -Wcast-qual -Wundef -Werror"

# alone HEADER COMPILER...
alone()
{
	header=$1
	shift
	if ! said=$(echo "#include \"$header\"" | "$@" $warn -I. -Inet/include -fsyntax-only - 2>&1); then
		echo "$header:1: does not compile alone by: $*"
		echo "$said" | grep -E 'error' | head -n 3 | sed 's/^/    /'
	fi
}

for header in net/include/holm/*.h; do
	[ -e "$header" ] || continue
	alone "$header" "${CC:-gcc}" -x c -std=c11 -ffreestanding -Wshadow
	alone "$header" "${CXX:-g++}" -x c++ -std=c++17
done
for header in lib/*.h net/*/*.h drivers/*.h drivers/*/*.h; do
	[ -e "$header" ] || continue
	alone "$header" "${CC:-gcc}" -x c -std=c11 -ffreestanding -Wshadow
done
