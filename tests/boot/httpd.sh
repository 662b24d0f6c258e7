#!/bin/sh
# httpd.sh -- the server in its image, from outside, through QEMU's user network: what `make run` gives.
# At most eight connections at once: the user network's queue of new ones is short.
. tools/test/qemu.sh
. tools/test/httpd.sh

# start_server SETTING...: and wait until it serves.
start_server()
{
	qemu_start httpd "$@"
	http=http://127.0.0.1:$QEMU_PORT
	qemu_wait_for "serving on port 80"
}

says()
{
	grep -a -q -e "$1" "$QEMU_LOG"
}

# Processor time of the image so far, in hundredths of a second.
cpu_used()
{
	sed 's/.*) //' "/proc/$(cat "$qemu_dir/pid")/stat" | awk '{ print $12 + $13 }'
}

is_idle()
{
	before=$(cpu_used)
	sleep 3
	percent=$((($(cpu_used) - before) / 3))
	echo "# idle: $percent % of a processor" >&3
	[ $percent -lt 50 ]
}

start_server
check_server microvm
check "the address comes by DHCP" says 'net0: 10\.0\.2\.15/24 via 10\.0\.2\.2 (dhcp)'
exec 3>&1
check "an image with nothing to do leaves the processor alone" is_idle
exec 3>&-
check "and serves again afterwards" is_page
qemu_stop

# QEMU takes a connection long before the image has an address. The user network sends its SYN as soon
# as DHCP names one, and the next time six seconds later.
answered_at_first_try()
{
	until port_is_busy "$QEMU_PORT"; do
		[ ! -s "$qemu_dir/status" ] || return 1
	done
	ask -o /dev/null "$http/" && [ "$(grep -a -c 'TCP \[S\] ' "$QEMU_LOG")" = 1 ]
}
qemu_start httpd CMDLINE=net.trace=1
http=http://127.0.0.1:$QEMU_PORT
check "a client that is there before the image is answered at its first SYN" answered_at_first_try
qemu_wait_for "serving on port 80"
qemu_stop

start_server MACHINE=q35
check_server q35
qemu_stop

start_server MEM=8M
check_server "8 MB of memory"
qemu_stop

start_server CMDLINE="ip=10.0.2.15/24 gw=10.0.2.2 net.trace=1" PCAP="$qemu_dir/capture"
check "a static address serves" is_page
check "and is said" says 'net0: 10\.0\.2\.15/24 via 10\.0\.2\.2 (static)'
check "without DHCP" test "$(grep -a -c DHCP "$QEMU_LOG")" = 0
check "net.trace=1 shows a connection's first segment" says \
	'net0 < 10\.0\.2\.2:[0-9]* > 10\.0\.2\.15:80 TCP \[S\] seq [0-9]* win [0-9]* len 0'
check "and the answer to it" says 'net0 > 10\.0\.2\.15:80 > 10\.0\.2\.2:[0-9]* TCP \[S\.\]'
check "and ARP" says 'net0 > ARP who has '
qemu_stop
check "PCAP= is a readable capture with that segment" captured "$qemu_dir/capture"

mkdir -p "$qemu_dir/root/deep/er"
pattern 300000 >"$qemu_dir/root/deep/er/file.bin"
echo '<html>mine</html>' >"$qemu_dir/root/index.html"
start_server ROOT="$qemu_dir/root"
is_served()
{
	ask "$http/$1" | cmp - "$qemu_dir/root/$1"
}
check "ROOT= is served: a file" is_served deep/er/file.bin
check "ROOT= is served: index.html in place of the page" test "$(ask "$http/")" = '<html>mine</html>'
check "the page is still at /holm" has_status 200 "$http/holm"
check "a path that leaves the tree is refused" has_status 400 --path-as-is "$http/../../etc/passwd"
qemu_stop

# Neither RDRAND nor virtio-rng.
NO_RDRAND="-cpu max,-rdrand,-rdseed"
refuses_tcp()
{
	[ "$(grep -a -c 'no source of entropy' "$QEMU_LOG")" = 1 ] && says 'with entropy=unsafe it is' &&
		! says 'serving on port 80'
}
qemu_start httpd RNG=none QEMU_EXTRA="$NO_RDRAND"
qemu_wait_for_exit >"$qemu_dir/exit"
check "without a source of entropy one line says why there is no TCP" refuses_tcp
check "and httpd ends with a status" test "$(cat "$qemu_dir/exit")" = 1
start_server RNG=none QEMU_EXTRA="$NO_RDRAND" CMDLINE=entropy=unsafe
check "with entropy=unsafe it serves" is_page
qemu_stop
finish
