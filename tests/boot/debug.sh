#!/bin/sh
# debug.sh -- what `make debug` says works: gdb stops in the program, sees its source, and lets it go on.
. tools/test/qemu.sh

if ! command -v gdb >/dev/null 2>&1; then
	echo "skip debug: gdb is not installed; make setup installs it"
	exit 0
fi

# The line that run.sh says, with its commands: gdb's output is in $qemu_dir/gdb.
qemu_start httpd DEBUG=1 QUIET= GDB_PORT=$(($(port_free) + 1))
check "run.sh says the line to type" qemu_wait_for "waiting for: gdb .* -ex 'target remote :[0-9]*'"
line=$(sed -n 's/^waiting for: gdb //p' "$QEMU_LOG")
eval "timeout 60 gdb -batch -nx $line \
	-ex 'break main' -ex continue -ex 'set backtrace past-main on' \
	-ex backtrace -ex 'info source' -ex detach" >"$qemu_dir/gdb" 2>&1

shows()
{
	grep -q -e "$1" "$qemu_dir/gdb" || { tail -n 5 "$qemu_dir/gdb"; return 1; }
}
check "gdb stops at main" shows 'Breakpoint 1, main (argc='
check "a backtrace leads from main to the kernel" shows '#[1-9] .*main_thread .*kernel/main.c:'
check "gdb knows the source" shows 'Located in .*kernel/apps/httpd/httpd.c'
check "the image goes on when gdb has left" qemu_wait_for "serving on port 80"
finish
