#!/bin/sh
# run.sh -- tools/run.sh: settings become QEMU's words, mistakes one line, statuses the application's.
# It runs against a program of ours in place of QEMU, which prints its words and ends as told.
set -u

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
. tools/ports.sh

mkdir -p "$dir/bin" "$dir/tree/sub"
cat >"$dir/bin/qemu-system-x86_64" <<'EOF'
#!/bin/sh
for word in "$@"; do echo "[$word]"; done
exit "${FAKE_STATUS:-0}"
EOF
chmod +x "$dir/bin/qemu-system-x86_64"
: >"$dir/image.elf"
echo hello >"$dir/tree/sub/hello.txt"
port=$(port_free)

# boot SETTING=value...: output in $said, status in $status.
boot()
{
	said=$(env PATH="$dir/bin:$PATH" BUILD="$dir" PORT="$port" NET=user MACHINE=microvm MEM=64M \
		ACCEL=tcg CMDLINE= ARGS= ROOT= PCAP= FWD= "$@" tools/run.sh "$dir/image.elf" 2>&1)
	status=$?
}

# result NAME: passed when the command before succeeded.
result()
{
	if [ $? = 0 ]; then
		echo "ok $1"
	else
		echo "not ok $1: status $status, said: $(echo "$said" | tail -n 40 | tr '\n' ' ')"
		failed=1
	fi
}

has()
{
	echo "$said" | grep -q -F -e "$1"
}

# refuses NAME PATTERN SETTING=value...: one line, status 2, QEMU not started.
refuses()
{
	name=$1 pattern=$2
	shift 2
	boot "$@"
	[ $status = 2 ] && [ "$(echo "$said" | wc -l)" = 1 ] && has "$pattern"
	result "one line refuses $name"
}

boot
[ $status = 0 ] && has "[microvm,acpi=off,pit=off,pic=off,rtc=off]" && has "[virtio-net-device,netdev=net0]"
result "the default machine is microvm without anything old"
has "[user,id=net0,hostfwd=tcp:127.0.0.1:$port-:80]" && has "curl http://127.0.0.1:$port/"
result "PORT leads to the image and is said"
has "[time=$(date +%s | cut -c1-7)"
result "the wall time is handed over"

boot MACHINE=q35
has "[q35]" && has "[virtio-net-pci,disable-legacy=on,romfile=,netdev=net0]"
result "MACHINE=q35 has its network card on PCI"
boot CMDLINE="net.trace=1 loglevel=3" ARGS="HOME=/ one two"
echo "$said" | grep -q '^\[time=[0-9.]*  net.trace=1 loglevel=3 -- HOME=/ one two\]$'
result "CMDLINE stands before -- and ARGS behind it"
boot FWD="tcp:5001:5002 udp:7000:7"
has ",hostfwd=tcp:127.0.0.1:5001-:5002,hostfwd=udp:127.0.0.1:7000-:7]"
result "FWD adds ports"
boot PCAP="$dir/out.pcap"
has "[filter-dump,id=dump0,netdev=net0,file=$dir/out.pcap]"
result "PCAP captures every frame"
boot DEBUG=1
has "[-S]" && has "gdb $dir/image.elf -ex 'target remote :1234'"
result "DEBUG waits for gdb and says the line to type"
boot ROOT="$dir/tree"
has "[$dir/root.img]" && cpio -t --quiet <"$dir/root.img" | grep -q -x sub/hello.txt &&
	[ "$(head -c 6 "$dir/root.img")" = 070701 ]
result "ROOT is packed as a newc archive"

for value in 0 1 63; do
	boot FAKE_STATUS=$(((64 | value) << 1 | 1))
	[ $status = $value ]
	result "an application that returns $value ends with $value"
done
boot FAKE_STATUS=65
[ $status = 70 ]
result "a panic ends with 70"
boot FAKE_STATUS=1
[ $status = 1 ]
result "QEMU's own failure stays what it is"

refuses "a port that is no number" "PORT=abc" PORT=abc
refuses "a port out of range" "PORT=65536" PORT=65536
refuses "an unknown machine" "MACHINE=pc: microvm or q35" MACHINE=pc
refuses "an unknown network" "NET=wifi: user or tap" NET=wifi
refuses "a size that is none" "MEM=much" MEM=much
refuses "less memory than an image needs" "MEM=5: at least 8M" MEM=5
refuses "a port to forward without where to" "FWD=tcp:1: protocol, port here" FWD=tcp:1
refuses "a protocol that cannot be forwarded" "FWD=sctp:1:2" FWD="tcp:5001:5001 sctp:1:2"
refuses "an unknown accelerator" "ACCEL=magic" ACCEL=magic
refuses "a root that is no directory" "ROOT=$dir/none" ROOT="$dir/none"
refuses "a capture that cannot be written" "PCAP=$dir/none/x" PCAP="$dir/none/x"
refuses "the application's words in CMDLINE" "go into ARGS" CMDLINE="a -- b"
mkdir "$dir/large" && head -c 3000000 /dev/zero >"$dir/large/file"
refuses "a tree that does not fit" "give the image more memory" ROOT="$dir/large" MEM=8M

perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1",
	LocalPort => $ARGV[0], ReuseAddr => 1) or exit 1; $| = 1; print "ready\n"; sleep 30' \
	"$port" >"$dir/listening" &
listener=$!
until [ -s "$dir/listening" ] || ! kill -0 $listener 2>/dev/null; do
	sleep 0.02
done
refuses "a busy port, naming another" "port $port of this machine is taken; choose another: make run PORT="
kill $listener
exit $failed
