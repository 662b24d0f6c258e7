#!/bin/sh
# text.sh -- text_bytes of the smallest embedding, and what each part that a program may name adds.
#
# "name value unit" a line: text_bytes is that of the library built without all that the program does not
# name (<holm/build.h>) and left to link-time optimisation (LTO=1), text_bytes.whole that of the library that
# has everything, to which parts add. A part is linked by naming its table or function, which the linker does
# here as a program's list would: what it needs comes with it. The program is not position-independent, as no
# embedding that counts bytes is.
# Environment: BUILD, CC.
set -eu

least=${BUILD:-build}/least/libholm.a
build=${BUILD:-build}/size
main=$build/minimal.o
library=$build/libholm.a
program=$build/minimal

# The text of the smallest program, with the names in $1 linked, too; of the object $2 and the library $3.
text()
{
	options=
	for name in $1; do
		options="$options -Wl,-u,$name"
	done
	# shellcheck disable=SC2086 -- words.
	${CC:-gcc} -Os -flto-partition=one -no-pie -Wl,--gc-sections $options "${2:-$main}" "${3:-$library}" -o "$program"
	size "$program" | awk 'NR == 2 { print $1 }'
}

# The program of the least library is compiled with the names of what that is without.
least_main=$build/minimal-least.o
without=$(sed -n 's/^#define \(HOLM_WITH_[A-Z0-9]*\) 1$/-D\1=0/p' net/include/holm/build.h)
compile="${CC:-gcc} -std=c11 -Os -Inet/include -ffunction-sections -fdata-sections -c tests/embed/minimal/minimal.c"
$compile -o "$main"
# shellcheck disable=SC2086 -- words.
$compile $without -o "$least_main"

# What programs can name: the tables of protocols and their parts.
protocols=$(nm -g --defined-only "$library" | awk '$2 ~ /[DR]/ && $3 ~ /^holm_/ { print $3 }' | sort)
echo "text_bytes $(text "" "$least_main" "$least") bytes"
base=$(text "")
echo "text_bytes.whole $base bytes"
for name in $protocols; do
	added=$(($(text "$name") - base))
	[ "$added" -eq 0 ] || echo "text_bytes+${name#holm_} $added bytes"
done
for name in holm_net_set_trace; do
	echo "text_bytes+trace $(($(text "$name") - base)) bytes"
done
