#!/bin/sh
# libc.sh -- the C library in the image: a program that looks at it from inside, and how it ends.
. tools/test/qemu.sh

root=$qemu_dir/root
mkdir -p "$root/sub"
echo "hello from the tree" >"$root/greeting.txt"

if ! make -s "$BUILD/x86_64/test-libc.elf" "$BUILD/x86_64/test-leave.elf" >"$qemu_dir/make" 2>&1; then
	echo "not ok the images of tests/boot/apps/libc.c and leave.c build: $(tail -n 3 "$qemu_dir/make" | tr '\n' ' ')"
	exit 1
fi

qemu_start test-libc MEM=16M ROOT="$root" CMDLINE="time=1700000000 hostname=harbour" ARGS='NAME=value one "two words"'
qemu_wait_for_exit >"$qemu_dir/exit"
grep -a -E '^(ok|not ok) ' "$QEMU_LOG"
! grep -a -q '^not ok ' "$QEMU_LOG" || qemu_failed=1
check "the value of main is the exit status" test "$(cat "$qemu_dir/exit")" = 37
check "exit runs what atexit was told" grep -a -q 'atexit ran' "$QEMU_LOG"
check "exit runs destructors" grep -a -q 'destructor ran' "$QEMU_LOG"
check "exit flushes stdout" grep -a -q 'no newline at the end' "$QEMU_LOG"

qemu_start test-leave
qemu_wait_for "leave: serving"
bytes=$(curl -s -m 20 "http://127.0.0.1:$QEMU_PORT/" | wc -c)
qemu_wait_for_exit >"$qemu_dir/exit"
check "what a program has sent arrives after it has left" test "$bytes" = 400000
check "and its status is still its own" test "$(cat "$qemu_dir/exit")" = 5
finish
