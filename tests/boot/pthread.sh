#!/bin/sh
# pthread.sh -- threads as POSIX has them, in the image, and the signal that ends a program.
. tools/test/qemu.sh

qemu_start test-pthread MEM=16M
qemu_wait_for_exit >"$qemu_dir/exit"
grep -a -E '^(ok|not ok) ' "$QEMU_LOG"
! grep -a -q '^not ok ' "$QEMU_LOG" || qemu_failed=1
check "a program whose main thread has left ends with the last one" test "$(cat "$qemu_dir/exit")" = 0

# The status has six bits on its way out of the machine: of 128 + 13 the 13 is left.
qemu_start test-pthread MEM=16M ARGS=sigpipe
qemu_wait_for_exit >"$qemu_dir/exit"
check "SIGPIPE ends a program that does nothing about it" test "$(cat "$qemu_dir/exit")" = 13
check "and nothing behind it runs" sh -c "! grep -a -q 'nobody cares' $QEMU_LOG"
finish
