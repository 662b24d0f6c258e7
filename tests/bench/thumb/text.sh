#!/bin/sh
# text.sh -- text_bytes.thumb and text_bytes.thumb.whole: text_bytes and text_bytes.whole (../text.sh) on a
# Cortex-M4, which has less of everything.
#
# Nothing but the library, the program, what both have of the C library (newlib's small memcpy and its like),
# the compiler's division and board.c is linked; there is no start. Environment: BUILD.
set -eu

here=$(dirname "$0")
build=${BUILD:-build}
cc=arm-none-eabi-gcc
main=$here/../../embed/minimal/minimal.c
flags="-std=c11 -Os -mcpu=cortex-m4 -mthumb -Inet/include -ffunction-sections -fdata-sections"

# The text of the smallest program with the library $1, compiled with the flags $2.
text()
{
	program=${1%/*}/minimal
	# shellcheck disable=SC2086 -- words.
	$cc $flags $2 -flto-partition=one --specs=nano.specs -nostartfiles -Wl,--gc-sections -Wl,-e,main \
		"$main" "$here/board.c" "$1" -o "$program"
	arm-none-eabi-size "$program" | awk 'NR == 2 { print $1 }'
}

if ! command -v $cc >/dev/null 2>&1; then
	for row in text_bytes.thumb text_bytes.thumb.whole; do
		echo "$row - bytes: not measured, $cc cannot be had here"
	done
	exit 0
fi
without=$(sed -n 's/^#define \(HOLM_WITH_[A-Z0-9]*\) 1$/-D\1=0/p' net/include/holm/build.h)
echo "text_bytes.thumb $(text "$build/thumb-least/libholm.a" "$without -flto") bytes"
echo "text_bytes.thumb.whole $(text "$build/thumb/libholm.a" "") bytes"
