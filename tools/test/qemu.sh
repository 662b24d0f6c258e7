# qemu.sh -- sourced by the boot tests: start an image, wait for what it says, stop it, count.
#
#	. tools/test/qemu.sh
#	qemu_start httpd MACHINE=q35 MEM=8M
#	check "the first page is served" curl -sf "http://127.0.0.1:$QEMU_PORT/"
#	qemu_stop
#	finish
#
# An image that outlives QEMU_SECONDS is stopped, and whatever a test started is stopped when it
# ends. What the image prints is in the file $QEMU_LOG.
. tools/ports.sh

BUILD=${BUILD:-build}
QEMU_SECONDS=${QEMU_SECONDS:-60}
qemu_dir=$(mktemp -d)
qemu_number=0
qemu_runner=
qemu_failed=0
trap 'qemu_stop; rm -rf "$qemu_dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# qemu_start APP|FILE.elf [SETTING=value...]: boot in the background. Sets QEMU_PORT and QEMU_LOG.
qemu_start()
{
	qemu_image=$1
	shift
	case $qemu_image in
	*.elf) ;;
	*) qemu_image=$BUILD/x86_64/$qemu_image.elf ;;
	esac
	qemu_number=$((qemu_number + 1))
	QEMU_LOG=$qemu_dir/log.$qemu_number
	QEMU_PORT=$(port_free)
	rm -f "$qemu_dir/pid" "$qemu_dir/status"
	: >"$QEMU_LOG"
	{
		env PORT="$QEMU_PORT" QUIET=1 PIDFILE="$qemu_dir/pid" "$@" \
			timeout -k 2 "$QEMU_SECONDS" tools/run.sh "$qemu_image" \
			>"$QEMU_LOG" 2>&1 </dev/null
		echo $? >"$qemu_dir/status"
	} &
	qemu_runner=$!
}

# qemu_wait_for PATTERN [SECONDS]: until the image has printed a line that matches; fails when it
# ends or the time is over.
qemu_wait_for()
{
	qemu_rounds=$((${2:-20} * 20))
	while ! grep -q -e "$1" "$QEMU_LOG"; do
		[ ! -s "$qemu_dir/status" ] || { grep -q -e "$1" "$QEMU_LOG"; return; }
		qemu_rounds=$((qemu_rounds - 1))
		[ $qemu_rounds -gt 0 ] || return 1
		sleep 0.05
	done
}

# qemu_wait_for_exit: until the image has ended by itself; prints the status of tools/run.sh (124
# after QEMU_SECONDS).
qemu_wait_for_exit()
{
	wait "$qemu_runner" 2>/dev/null
	qemu_runner=
	cat "$qemu_dir/status"
}

qemu_stop()
{
	[ -n "$qemu_runner" ] || return 0
	while [ ! -s "$qemu_dir/pid" ] && [ ! -s "$qemu_dir/status" ]; do
		sleep 0.05
	done
	[ ! -s "$qemu_dir/pid" ] || kill "$(cat "$qemu_dir/pid")" 2>/dev/null
	wait "$qemu_runner" 2>/dev/null
	qemu_runner=
}

# check NAME COMMAND...: one test case, passed when the command succeeds. A failing one is shown
# with what the command and the image said last.
check()
{
	qemu_case=$1
	shift
	if qemu_said=$("$@" 2>&1); then
		echo "ok $qemu_case"
		return
	fi
	qemu_failed=1
	echo "not ok $qemu_case: $(echo "$qemu_said" | tail -n 3 | tr '\n' ' ')"
	[ -z "${QEMU_LOG:-}" ] || tail -n 15 "$QEMU_LOG" | sed 's/^/  image: /'
}

# The last line of every test program.
finish()
{
	qemu_stop
	exit $qemu_failed
}
