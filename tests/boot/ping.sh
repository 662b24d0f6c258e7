#!/bin/sh
# ping.sh -- the image asks the gateway of QEMU's user network, and itself, by ICMP echo.
. tools/test/qemu.sh

qemu_start ping ARGS="-c 2 10.0.2.2"
qemu_wait_for_exit >"$qemu_dir/exit"
check "the gateway answers every request" grep -a -q 'ping: 2 sent, 2 answered' "$QEMU_LOG"
check "and the program ends with 0" test "$(cat "$qemu_dir/exit")" = 0

qemu_start ping ARGS="-c 1 -s 1400 127.0.0.1"
qemu_wait_for_exit >"$qemu_dir/exit"
check "the machine answers itself" grep -a -q '1408 bytes from 127.0.0.1: seq=1' "$QEMU_LOG"
finish
