#!/bin/sh
# tap.sh -- the image on a TAP device, as a host on a real network: ping, offloads, many connections at
# once, UDP. In a network namespace of its own, which goes when this script does: nothing of the
# machine's own network is touched. Where there are no rights or no TAP devices it says so and counts
# as nothing.
set -u

skip()
{
	echo "skip tap: $*"
	exit 0
}

PATH=$PATH:/usr/sbin:/sbin
if [ "${1:-}" != inside ]; then
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
	unshare -n true 2>/dev/null || skip "no network namespace can be made here"
	unshare -n sh -c 'ip tuntap add probe mode tap' 2>/dev/null ||
		skip "no TAP device can be made here"
	exec unshare -n sh "$0" inside
fi

. tools/test/qemu.sh
. tools/test/httpd.sh
IMAGE_ADDRESS=10.0.5.2
http=http://$IMAGE_ADDRESS
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY

# boot APP PATTERN SETTING...: and wait for a line of the program.
boot()
{
	boot_app=$1 boot_pattern=$2
	shift 2
	qemu_start "$boot_app" NET=tap "$@"
	qemu_wait_for "$boot_pattern"
}

says()
{
	grep -a -q -e "$1" "$QEMU_LOG"
}

pings_answered()
{
	said=$(ping -c 20 -i 0.05 -W 5 -s "$1" $IMAGE_ADDRESS)
	echo "$said" | grep -q '20 packets transmitted, 20 received' || { echo "$said"; return 1; }
}

# Detection of duplicates takes its second or two; until then nobody is there.
pings6_answered()
{
	timeout 10 sh -c 'until ping -6 -c 1 -W 1 2001:db8:5::2 >/dev/null 2>&1; do :; done'
	said=$(ping -6 -c 20 -i 0.05 -W 5 -s 1400 2001:db8:5::2)
	echo "$said" | grep -q '20 packets transmitted, 20 received' || { echo "$said"; return 1; }
}

# talk SCRIPT FILE: bash has connections as files; what the other end sent is compared with FILE.
talk()
{
	timeout 30 bash -c "$1" talk "$2" | cmp - "$2"
}

boot httpd "serving on port 80"
check "20 pings are answered (tap)" pings_answered 56
check "20 pings of a full frame are answered (tap)" pings_answered 1472
check "checksum and segmentation offloads are in use (tap)" says \
	'net0: csum guest_csum .*guest_tso4 .* tso4 '
check_server tap
check "50 connections at once (tap)" at_once 50 20000
qemu_stop

boot httpd "serving on port 80" MACHINE=q35
check_server "tap, q35"
qemu_stop

# over_ip6 COMMAND...: with an address of IPv6 on this side, where the image is 2001:db8:5::2.
over_ip6()
{
	http="http://[2001:db8:5::2]" "$@"
}

boot httpd "serving on port 80" CMDLINE="ip6=2001:db8:5::2/64"
tap=$(ip -o -4 addr show | awk '/10\.0\.5\.1\// { print $2 }')
check "the kernel says its address of IPv6 (tap)" says 'net0: 2001:db8:5::2/64 (static)'
check "this side has one, too (tap)" ip -6 addr add 2001:db8:5::1/64 dev "$tap" nodad
check "20 pings are answered over IPv6 (tap)" pings6_answered
check "a page is served over IPv6 (tap)" over_ip6 is_page
check "10 MB arrive byte for byte over IPv6 (tap)" over_ip6 is_pattern 10000000
check "and over IPv4 by the same socket (tap)" is_page
qemu_stop

boot httpd "serving on port 80" CMDLINE="ip6=off"
check "ip6=off: a page is served over IPv4 (tap)" is_page
qemu_stop

boot httpd "serving on port 80" CMDLINE="net.off=csum,guest_csum,tso,guest_tso,mrg"
check "net.off= switches them off (tap)" says 'net0: mac status'
check "without offloads 10 MB arrive byte for byte (tap)" is_pattern 10000000
check "without offloads 50 connections at once (tap)" at_once 50 20000
qemu_stop

boot httpd "serving on port 80" PCAP="$qemu_dir/capture"
check "a captured server serves (tap)" is_page
qemu_stop
check "PCAP= is a readable capture (tap)" captured "$qemu_dir/capture"

pattern 1000000 >"$qemu_dir/megabyte"
echo "one datagram" >"$qemu_dir/datagram"
head -c 1472 "$qemu_dir/megabyte" >"$qemu_dir/full"
boot echo "echo: "
tcp_echo="exec 3<>/dev/tcp/$IMAGE_ADDRESS/7; cat \"\$1\" >&3 & head -c \$(wc -c <\"\$1\") <&3"
udp_echo="exec 3<>/dev/udp/$IMAGE_ADDRESS/7
	dd if=\"\$1\" bs=9000 status=none >&3; dd bs=9000 count=1 status=none <&3"
check "echo sends a megabyte back by TCP (tap)" talk "$tcp_echo" "$qemu_dir/megabyte"
check "echo sends a datagram back by UDP (tap)" talk "$udp_echo" "$qemu_dir/datagram"
check "echo sends a datagram of a full frame back (tap)" talk "$udp_echo" "$qemu_dir/full"
qemu_stop

boot sink "sink: " ARGS="-n 1"
pattern 20000000 >"$qemu_dir/much"
check "sink takes 20 MB (tap)" timeout 30 bash -c "cat '$qemu_dir/much' >/dev/tcp/$IMAGE_ADDRESS/9"
qemu_wait_for_exit >"$qemu_dir/exit"
check "and has counted them (tap)" says 'sink: 20000000 bytes'
check "and ends with 0 (tap)" test "$(cat "$qemu_dir/exit")" = 0

boot source "source: " ARGS="-n 1 -b 20000000"
check "source sends 20 MB of the pattern (tap)" talk "cat </dev/tcp/$IMAGE_ADDRESS/19" "$qemu_dir/much"
qemu_wait_for_exit >"$qemu_dir/exit"
check "and ends with 0 then (tap)" test "$(cat "$qemu_dir/exit")" = 0
finish
