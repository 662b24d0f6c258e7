#!/bin/sh
# run.sh IMAGE -- boot an image in QEMU with a network, and end with the application's status.
#
# Settings come from the environment, as `make help` lists them: PORT FWD MACHINE NET TAP MEM CMDLINE
# ARGS ROOT PCAP ACCEL. For make debug and the tests also: DEBUG=1 (wait for gdb, at GDB_PORT), QUIET=1
# (say nothing of its own), PIDFILE (where QEMU writes its process id), RNG=none (no virtio-rng), QEMU
# (which QEMU), QEMU_EXTRA (more words for it).
#
# The image writes a byte v to the debug-exit port and QEMU ends with (v << 1) | 1: v = 0x40 | status
# is the application's return value, v = 0x20 a panic. Ours is the status, 70 after a panic (the
# "internal software error" of sysexits.h), 0 when QEMU was told to stop.
set -u

. "$(dirname "$0")/ports.sh"
PATH=$PATH:/usr/sbin:/sbin

image=${1:-build/x86_64/httpd.elf}
BUILD=${BUILD:-build}
PORT=${PORT:-8080} FWD=${FWD:-} MACHINE=${MACHINE:-microvm} NET=${NET:-user} TAP=${TAP:-holm0}
MEM=${MEM:-64M} CMDLINE=${CMDLINE:-} ARGS=${ARGS:-} ROOT=${ROOT:-} PCAP=${PCAP:-}
ACCEL=${ACCEL:-tcg} DEBUG=${DEBUG:-} QUIET=${QUIET:-} PIDFILE=${PIDFILE:-}
GDB_PORT=${GDB_PORT:-1234} RNG=${RNG:-} QEMU_EXTRA=${QEMU_EXTRA:-}

QEMU=${QEMU:-qemu-system-x86_64}
PANIC_STATUS=65
MEM_LEAST=8
HOST_ADDRESS=10.0.5.1
IMAGE_ADDRESS=10.0.5.2
tap_is_ours=

die()
{
	echo "run: $*" >&2
	exit 2
}

say()
{
	[ -n "$QUIET" ] || echo "$*"
}

is_number()
{
	case $1 in
	'' | *[!0-9]*) return 1 ;;
	esac
}

# Whether a setting with a meaning for the machine can be used; one line says what to do if not.
check_settings()
{
	[ -f "$image" ] || die "there is no $image; make builds it"
	command -v $QEMU >/dev/null 2>&1 || die "$QEMU is missing; install it with: make setup"
	is_number "${MEM%[MG]}" || die "MEM=$MEM: a size like 64M or 1G, please"
	case $MEM in
	*G) ;;
	*) [ "${MEM%M}" -ge $MEM_LEAST ] || die "MEM=$MEM: at least ${MEM_LEAST}M, please" ;;
	esac
	case $ACCEL in
	tcg) ;;
	kvm) [ -w /dev/kvm ] || die "ACCEL=kvm: /dev/kvm cannot be used here; leave ACCEL out" ;;
	*) die "ACCEL=$ACCEL: tcg or kvm, please" ;;
	esac
	case $CMDLINE in
	'--' | '-- '* | *' -- '* | *' --') die "CMDLINE=\"$CMDLINE\": words for the application go into ARGS" ;;
	esac
	[ -z "$ROOT" ] || [ -d "$ROOT" ] || die "ROOT=$ROOT: there is no such directory"
	[ -z "$DEBUG" ] || ! port_is_busy "$GDB_PORT" ||
		die "port $GDB_PORT, where gdb is to connect, is taken; choose another:" \
			"make debug GDB_PORT=$((GDB_PORT + 1))"
	[ -z "$PCAP" ] || (: >"$PCAP") 2>/dev/null || die "PCAP=$PCAP: cannot write there"
}

# Appends words to QEMU's command line, which lives in the positional parameters of the main part.
choose_machine()
{
	case $MACHINE in
	microvm)
		machine=microvm,acpi=off,pit=off,pic=off,rtc=off
		net_device=virtio-net-device
		devices="-global virtio-mmio.force-legacy=false"
		rng_device=virtio-rng-device
		;;
	q35)
		machine=q35
		net_device=virtio-net-pci,disable-legacy=on,romfile=
		devices=
		rng_device=virtio-rng-pci,disable-legacy=on
		;;
	*) die "MACHINE=$MACHINE: microvm or q35, please" ;;
	esac
	[ "$RNG" = none ] || devices="$devices -device $rng_device"
	case $ACCEL in
	tcg) processor=max ;;
	kvm) processor=host,-arch-capabilities ;;
	esac
}

choose_net()
{
	case $NET in
	user)
		is_port "$PORT" ||
			die "PORT=$PORT: a number from 1 to 65535, please"
		! port_is_busy "$PORT" ||
			die "port $PORT of this machine is taken; choose another: make run PORT=$((PORT % 65535 + 1))"
		forwards=$(forwards) || exit
		netdev=user,id=net0,hostfwd=tcp:127.0.0.1:$PORT-:80$forwards
		address=127.0.0.1:$PORT
		words=
		;;
	tap)
		make_tap
		netdev=tap,id=net0,ifname=$TAP,script=no,downscript=no
		# With offloads each captured frame would begin with virtio's header: no capture at all.
		[ -z "$PCAP" ] || netdev=$netdev,vnet_hdr=off
		address=$IMAGE_ADDRESS
		words="ip=$IMAGE_ADDRESS/24 gw=$HOST_ADDRESS"
		;;
	*) die "NET=$NET: user or tap, please" ;;
	esac
}

is_port()
{
	is_number "$1" && [ "$1" -ge 1 ] && [ "$1" -le 65535 ]
}

# is_forward PROTOCOL HERE:THERE
is_forward()
{
	case $1:$2 in
	tcp:*:* | udp:*:*) is_port "${2%%:*}" && is_port "${2#*:}" ;;
	*) return 1 ;;
	esac
}

# FWD="tcp:5001:5001 udp:7000:7" as options of QEMU's user network.
forwards()
{
	for forward in $FWD; do
		protocol=${forward%%:*} ports=${forward#*:}
		is_forward "$protocol" "$ports" ||
			die "FWD=$forward: protocol, port here and port there, as in tcp:5001:5001, please"
		printf ',hostfwd=%s:127.0.0.1:%s-:%s' "$protocol" "${ports%%:*}" "${ports#*:}"
	done
}

make_tap()
{
	command -v ip >/dev/null 2>&1 || die "NET=tap needs the program ip: make setup"
	ip link show dev "$TAP" >/dev/null 2>&1 && return
	[ "$(id -u)" = 0 ] ||
		die "NET=tap: as root, or first: sudo ip tuntap add $TAP mode tap user $(id -un)" \
			"&& sudo ip addr add $HOST_ADDRESS/24 dev $TAP && sudo ip link set $TAP up"
	ip tuntap add dev "$TAP" mode tap || die "NET=tap: this machine makes no TAP devices"
	tap_is_ours=yes
	ip addr add $HOST_ADDRESS/24 dev "$TAP" && ip link set "$TAP" up ||
		die "NET=tap: cannot give $TAP the address $HOST_ADDRESS"
}

remove_tap()
{
	[ -z "$tap_is_ours" ] || ip tuntap del dev "$TAP" mode tap 2>/dev/null
}

# The tree of ROOT as an uncompressed newc archive, links followed, everything owned by root.
pack_root()
{
	archive=$BUILD/root.img
	mkdir -p "$BUILD"
	(cd "$ROOT" && find -L . | LC_ALL=C sort | cpio -o -L -H newc -R 0:0 --quiet) >"$archive" ||
		die "ROOT=$ROOT: cannot be packed"
	root_kib=$(du -k "$archive" | cut -f1)
	mem_kib=$((${MEM%[MG]} * 1024))
	[ "$MEM" = "${MEM%G}" ] || mem_kib=$((mem_kib * 1024))
	[ $((root_kib + 6144)) -lt "$mem_kib" ] ||
		die "ROOT=$ROOT is $((root_kib / 1024)) MB; give the image more memory:" \
			"MEM=$((root_kib / 1024 + 64))M"
}

# The application's status out of QEMU's.
status_of()
{
	code=$1
	[ "$code" != $PANIC_STATUS ] || return 70
	if [ "$code" -gt 128 ] && [ $((code % 2)) = 1 ]; then
		return $((code >> 1 & 0x3f))
	fi
	return "$code"
}

trap remove_tap EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
check_settings
choose_machine
choose_net
[ -z "$ROOT" ] || pack_root

words="time=$(date +%s.%N) $words $CMDLINE"
[ -z "$ARGS" ] || words="$words -- $ARGS"
# shellcheck disable=SC2086 -- $devices and $QEMU_EXTRA are words of ours.
set -- -M $machine -accel "$ACCEL" -cpu "$processor" -m "$MEM" -nodefaults -no-user-config \
	-display none -no-reboot -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=4 \
	-netdev "$netdev" $devices -device "$net_device",netdev=net0 \
	-kernel "$image" -append "$words" ${ROOT:+-initrd "$BUILD/root.img"} \
	${PCAP:+-object "filter-dump,id=dump0,netdev=net0,file=$PCAP"} \
	${PIDFILE:+-pidfile "$PIDFILE"} ${DEBUG:+-gdb "tcp:127.0.0.1:$GDB_PORT" -S} $QEMU_EXTRA

say "booting $image ($MACHINE, $MEM, $NET network)"
[ "$NET" = tap ] && say "address: http://$IMAGE_ADDRESS/" || say "address: http://127.0.0.1:$PORT/"
say "try:     curl http://$address/"
say "stop:    Ctrl-C"
[ -z "$DEBUG" ] || say "waiting for: gdb ${image%.elf}.elf -ex 'target remote :$GDB_PORT'"
$QEMU "$@"
status_of $?
