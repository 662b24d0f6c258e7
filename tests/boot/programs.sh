#!/bin/sh
# programs.sh -- ordinary programs of sockets and threads, compiled unchanged for the host and for the
# image; what they check holds on both.
. tools/test/qemu.sh

mkdir -p "$qemu_dir/root/etc"
echo "10.1.2.3 printer.home.arpa printer" >"$qemu_dir/root/etc/hosts"

if ! make -s "$BUILD/x86_64/test-many.elf" "$BUILD/x86_64/test-chat.elf" "$BUILD/x86_64/test-selectd.elf" \
	"$BUILD/x86_64/test-reactor.elf" "$BUILD/x86_64/test-resolver.elf" >"$qemu_dir/make" 2>&1; then
	echo "not ok the images of the programs build: $(tail -n 3 "$qemu_dir/make" | tr '\n' ' ')"
	exit 1
fi

# lines WHERE FILE: what a program has checked, each a case here.
lines()
{
	grep -a -E '^(ok|not ok) ' "$2" | sed "s/\(ok\) /\1 $1: /"
	! grep -a -q '^not ok ' "$2" || qemu_failed=1
}

# on_linux NAME ARGUMENTS...: the oracle.
on_linux()
{
	on_name=$1
	shift
	check "$on_name compiles for Linux" \
		gcc -std=gnu11 -O1 -Wall -Wextra -pthread "tests/boot/apps/$on_name.c" -o "$qemu_dir/$on_name"
	timeout 60 "$qemu_dir/$on_name" "$@" >"$qemu_dir/linux" 2>&1
	check "$on_name ends well on Linux" test $? = 0
	lines "$on_name on Linux" "$qemu_dir/linux"
}

# in_image NAME SETTING=...: the same in the image.
in_image()
{
	in_name=$1
	shift
	qemu_start "test-$in_name" "$@"
	qemu_wait_for_exit >"$qemu_dir/exit"
	check "$in_name ends well in the image" test "$(cat "$qemu_dir/exit")" = 0
	lines "$in_name" "$QEMU_LOG"
}

on_linux chat
in_image chat CMDLINE="ip=off"
on_linux selectd
in_image selectd CMDLINE="ip=off"
on_linux reactor
in_image reactor CMDLINE="ip=off"
in_image resolver CMDLINE="ip=off" ROOT="$qemu_dir/root"
# As many as an ordinary user may have open on Linux, and ten thousand in the image.
on_linux many 400
in_image many CMDLINE="ip=off" MEM=256M
grep -a '^many: ' "$QEMU_LOG" | sed 's/^/# /'
finish
