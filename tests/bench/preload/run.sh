#!/bin/sh
# run.sh -- programs on the preload library against the same programs on Linux' stack, both over TAP, the
# other end Linux: iperf3 and redis-benchmark, each both ways, one after the other in turns. Prints ratios
# of the medians; root. Where the machine does other things meanwhile, they say little.
set -u

PATH=$PATH:/usr/sbin:/sbin
BUILD=${BUILD:-build}
ROUNDS=${ROUNDS:-3}
if [ "${1:-}" != inside ]; then
	[ "$(id -u)" = 0 ] || { echo "skip bench-preload: needs root"; exit 0; }
	unshare -n sh -c 'ip tuntap add probe mode tap' 2>/dev/null ||
		{ echo "skip bench-preload: no TAP device can be made here"; exit 0; }
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	timeout -k 1 570 unshare -n -p -f -m --mount-proc --kill-child sh "$0" inside "$dir"
	exit $?
fi
dir=$2
ip link set lo up
ln -sf "$(command -v redis-check-rdb)" "$dir/redis-server"

# Two ends: 10.8.0.1 is here; 10.8.0.2 is in another namespace behind the relay, or holm.
unshare -n sleep 600 &
there=$!
while [ "$(readlink /proc/$there/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
"$BUILD/bench/relay" near far >"$dir/relay" &
until grep -q carrying "$dir/relay"; do sleep 0.05; done
ip link set far netns $there
nsenter -t $there -n sh -c 'ip link set lo up; ip addr add 10.8.0.2/24 dev far; ip link set far up'
ip addr add 10.8.0.1/24 dev near
ip link set near up
ip tuntap add holm0 mode tap
ip addr add 10.9.0.1/24 dev holm0
ip link set holm0 up

# on linux|holm COMMAND...: at .2 of its network.
on()
{
	which=$1
	shift
	case $which in
	linux) timeout 20 nsenter -t $there -n "$@" ;;
	holm) timeout 20 env HOLM_TAP=holm0 HOLM_ADDR=10.9.0.2/24 tools/preload/run "$@" ;;
	esac
}

net_of()
{
	case $1 in
	linux) echo 10.8.0 ;;
	holm) echo 10.9.0 ;;
	esac
}

# Until somebody here, behind the relay or on holm serves: servers of one connection cannot be tried.
settle()
{
	sleep 1
}

iperf_rate()
{
	awk '/receiver$/ { for (i = 1; i < NF; i++) if ($(i + 1) == "Mbits/sec") print $i }' "$1"
}

# The program under test sends.
iperf_send()
{
	timeout 20 iperf3 -4 -s -1 >"$dir/server" 2>&1 &
	server=$!
	settle
	on "$1" iperf3 -4 -f m -c "$(net_of "$1").1" -t 3 >"$dir/client" 2>&1
	wait $server
	iperf_rate "$dir/client"
}

iperf_receive()
{
	on "$1" iperf3 -4 -s -1 >"$dir/server" 2>&1 &
	server=$!
	settle
	timeout 20 iperf3 -4 -f m -c "$(net_of "$1").2" -t 3 >"$dir/client" 2>&1
	wait $server
	iperf_rate "$dir/client"
}

redis_start()
{
	"$@" "$dir/redis-server" --save '' --appendonly no --protected-mode no --dir "$dir" \
		>"$dir/server" 2>&1 &
	server=$!
	settle
}

redis_rates()
{
	sed -n 's/^"\([A-Z]*\)","\([0-9.]*\)".*/\2/p' "$1" | head -n 1
}

# $2 are the benchmark's words.
redis_server()
{
	redis_start on "$1"
	timeout 20 redis-benchmark -h "$(net_of "$1").2" --csv -n 20000 $2 >"$dir/client" 2>/dev/null
	timeout 5 redis-cli -h "$(net_of "$1").2" shutdown nosave
	wait $server
	redis_rates "$dir/client"
}

redis_client()
{
	redis_start timeout 60
	on "$1" redis-benchmark -h "$(net_of "$1").1" --csv -n 20000 $2 >"$dir/client" 2>/dev/null
	timeout 5 redis-cli -h "$(net_of "$1").1" shutdown nosave
	wait $server
	redis_rates "$dir/client"
}

median()
{
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# row NAME FUNCTION [WORDS]
row()
{
	for i in $(seq "$ROUNDS"); do
		for stack in linux holm; do
			"$2" $stack "${3:-}" >>"$dir/$2.$stack"
		done
	done
	linux=$(median <"$dir/$2.linux") holm=$(median <"$dir/$2.holm")
	rm -f "$dir/$2.linux" "$dir/$2.holm"
	awk -v name="$1" -v l="${linux:-0}" -v h="${holm:-0}" 'BEGIN {
		printf("%-44s %s\n", name, (l > 0) ? sprintf("%.2f", h / l) : "?") }'
}

echo "holm by the preload library, to Linux over the same kind of device"
row "iperf3 sends" iperf_send
row "iperf3 receives" iperf_receive
row "redis-server, 50 clients, GET" redis_server "-t get"
row "redis-server, 50 clients, SET" redis_server "-t set"
row "redis-server, 50 clients, 16 GETs at a time" redis_server "-t get -P 16 -n 200000"
row "redis-server, one client, GET" redis_server "-t get -c 1"
row "redis-benchmark, 50 clients, GET" redis_client "-t get"
row "redis-benchmark, 50 clients, SET" redis_client "-t set"
row "redis-benchmark, 16 GETs at a time" redis_client "-t get -P 16 -n 200000"
