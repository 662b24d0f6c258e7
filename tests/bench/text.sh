#!/bin/sh
# text.sh -- text_bytes of the smallest embedding, and what each part that a program may name adds.
#
# "name value unit" a line. A part is linked by naming its table or function, which the linker does
# here as a program's list would: what it needs comes with it. The program is not position-independent,
# as no embedding that counts bytes is. Environment: BUILD, CC.
set -eu

build=${BUILD:-build}/size
main=$build/minimal.o
library=$build/libholm.a
program=$build/minimal

# The text of the smallest program with the names in $1 linked, too.
text()
{
	options=
	for name in $1; do
		options="$options -Wl,-u,$name"
	done
	# shellcheck disable=SC2086 -- words.
	${CC:-gcc} -no-pie -Wl,--gc-sections $options "$main" "$library" -o "$program"
	size "$program" | awk 'NR == 2 { print $1 }'
}

${CC:-gcc} -std=c11 -Os -Inet/include -ffunction-sections -fdata-sections \
	-c tests/embed/minimal/minimal.c -o "$main"

# What programs can name: the tables of protocols and their parts.
protocols=$(nm -g --defined-only "$library" | awk '$2 ~ /[DR]/ && $3 ~ /^holm_/ { print $3 }' | sort)
base=$(text "")
echo "text_bytes $base bytes"
for name in $protocols; do
	added=$(($(text "$name") - base))
	[ "$added" -eq 0 ] || echo "text_bytes+${name#holm_} $added bytes"
done
for name in holm_net_set_trace; do
	echo "text_bytes+trace $(($(text "$name") - base)) bytes"
done
