#!/bin/sh
# kernel.sh -- the kernel without a network: boots on every machine, runs its own checks from inside,
# panics readably, ends with the right status, leaves the processor alone when idle.
. tools/test/qemu.sh

# One image, made here: the program tests/boot/apps/threads.c prints a line per behaviour.
if ! make -s APP=tests/boot/apps/threads.c image >"$qemu_dir/make" 2>&1; then
	echo "not ok the image of tests/boot/apps/threads.c builds: $(tail -n 3 "$qemu_dir/make" | tr '\n' ' ')"
	exit 1
fi

# microvm describes its devices in ACPI tables unless it is told not to.
WITH_ACPI="-machine acpi=on"

# The status of an image that ends by itself, in $status. (No command substitution: a subshell cannot
# wait for what this shell started.)
wait_for_status()
{
	qemu_wait_for_exit >"$qemu_dir/exit"
	status=$(cat "$qemu_dir/exit")
}

# check_inside NAME SETTING...: every line of the program is a case of its own.
check_inside()
{
	inside=$1
	shift
	qemu_start threads CMDLINE="time=1700000000.25 kernel.stats=1" ARGS="E=1 one two" "$@"
	wait_for_status
	grep -a -E '^(ok|not ok) ' "$QEMU_LOG" | sed "s/\$/ ($inside)/"
	! grep -a -q '^not ok ' "$QEMU_LOG" || qemu_failed=1
	check "main's value is the exit status ($inside)" test "$status" = 42
}

# check_panic KIND PATTERN...: the report has a line for each pattern, and the status is a panic's.
check_panic()
{
	kind=$1
	shift
	qemu_start threads MEM=8M CMDLINE="panic.test=$kind"
	wait_for_status
	check "panic.test=$kind ends as a panic" test "$status" = 70
	for pattern in "$@" "addr2line -pfie"; do
		check "panic.test=$kind says: $pattern" grep -a -q -e "$pattern" "$QEMU_LOG"
	done
}

check_inside "microvm, 8M" MEM=8M
check_inside "microvm with ACPI, 8M" MEM=8M QEMU_EXTRA="$WITH_ACPI"
check_inside "q35, 8M" MACHINE=q35 MEM=8M
check_inside "microvm, 256M" MEM=256M
check_inside "q35, 5G" MACHINE=q35 MEM=5G ARGS="E=brief one two"
check_inside "a processor without RDRAND" MEM=8M QEMU_EXTRA="-cpu max,-rdseed,-rdrand"

check_panic null "page fault: read where nothing is mapped, address 0x0" "null pointer" "thread main"
check_panic exec "page fault: execute in a page that holds data"
check_panic text "page fault: write to a page that is read-only"
check_panic stack "stack overflow" "thread main"
check_panic assert "panictest.c:[0-9]*: not true: two == 3"
check_panic canary "stack protector"
check_panic undefined "invalid opcode"

# A word that nobody asks for is probably a spelling mistake.
qemu_start threads CMDLINE="tiem=1"
wait_for_status
check "a word that nobody knows is reported" grep -a -q "nobody knows the word tiem=1" "$QEMU_LOG"

finish
