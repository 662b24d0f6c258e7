#!/bin/sh
# ip6.sh -- the image finds its way by IPv6 in QEMU's user network, whose router announces fec0::/64.
. tools/test/qemu.sh

if ! make -s "$BUILD/x86_64/test-ip6.elf" >"$qemu_dir/make" 2>&1; then
	echo "not ok the image builds: $(tail -n 3 "$qemu_dir/make" | tr '\n' ' ')"
	exit 1
fi
qemu_start test-ip6
qemu_wait_for_exit >"$qemu_dir/exit"
grep -a -E '^(ok|not ok) ' "$QEMU_LOG"
check "all of it holds" test "$(cat "$qemu_dir/exit")" = 0
finish
