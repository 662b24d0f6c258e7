#!/bin/sh
# run.sh [WORD] -- the stack against Linux' own, both directions; with WORD only cases that name it.
#
# The stack runs in programs of `make tap`, each on a TAP device of its own; the other end is the
# kernel, with curl, python3's http.server and the same applications compiled for Linux. Everything is
# in a network namespace and a process namespace that begin and end with this script: nothing of the
# machine's own network is touched, and nothing is left behind however it ends. Each case compares
# contents, has a time limit, and prints "ok" or "not ok"; the whole is over in seven minutes.
set -u

skip()
{
	echo "skip interop: $*"
	exit 0
}

PATH=$PATH:/usr/sbin:/sbin
if [ "${1:-}" != inside ]; then
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
	unshare -n -p -f true 2>/dev/null || skip "no namespace can be made here"
	unshare -n sh -c 'ip tuntap add probe mode tap' 2>/dev/null ||
		skip "no TAP device can be made here"
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	# unshare blocks what a terminal sends; when it is killed, its first process is, and with that
	# everything in the namespaces.
	timeout -k 1 420 unshare -n -p -f --kill-child sh "$0" inside "$dir" "$@" &
	inside=$!
	trap 'kill $inside; wait $inside; exit 130' INT TERM
	wait $inside
	status=$?
	case $status in
	124 | 137) echo "not ok interop: not over after 420 seconds" ;;
	esac
	exit $status
fi

dir=$2
only=${3:-}
BUILD=${BUILD:-build}
tap=$BUILD/tap
native=$BUILD/tap/native
JOBS=${JOBS:-4}
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
ip link set lo up

# What we give Linux for an address may be used at once; holm asks about its own as it always does.
[ ! -d /proc/sys/net/ipv6 ] || echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad

# ---- a place of its own for each case: number N has holmN, 10.7.N.1 (Linux), 10.7.N.2 (holm), and over
# ---- IPv6 fd07:N::1 and fd07:N::2; the two find each other by ARP or neighbour discovery ----

number=0

addresses()
{
	echo "--tap holm$number --address 10.7.$number.2/24 --host 10.7.$number.1/24"
	[ "$family" = 4 ] || echo "--address6 $us/64 --host6 $them/64"
}

# holm APP [SETTING...] [-- ARGUMENT...]: run it on this case's device, wait until it serves.
holm()
{
	holm_app=$1
	shift
	"$tap/$holm_app" $(addresses) "$@" >"$here/$holm_app.log" 2>&1 &
	pids="$pids $!"
	wait_for "$here/$holm_app.log" || return 1
	# Linux asks three times about a neighbour, and a bad network loses all of them at times.
	case " $*" in
	*" --loss "*) ip neigh replace "$us" lladdr "$(printf '02:00:0a:07:%02x:02' "$number")" \
		dev "holm$number" nud permanent ;;
	esac
}

# linux APP [ARGUMENT...]: the same application on Linux' own sockets; ports are the case's.
linux()
{
	linux_app=$1
	shift
	"$native/$linux_app" "$@" >"$here/linux-$linux_app.log" 2>&1 &
	pids="$pids $!"
	wait_for "$here/linux-$linux_app.log"
}

# Until the program says that it serves.
wait_for()
{
	for try in $(seq 200); do
		! grep -q -E 'serving|listening|Serving' "$1" || return 0
		sleep 0.05
	done
	echo "$1 does not say that it serves:" && cat "$1"
	return 1
}

# holm_client SETTING... -- ARGUMENT...: the client on holm, the server on Linux.
holm_client()
{
	timeout -k 2 "$limit" "$tap/client" $(addresses) "$@"
}

linux_client()
{
	timeout -k 2 "$limit" "$native/client" "$@"
}

# ---- what the cases do; $settings are the impairment, $bytes how much, $us and $them the addresses ----

download()
{
	holm source $settings -- -n 1 -b "$bytes" && linux_client get "$us" 19 "$bytes"
}

upload()
{
	holm sink $settings -- -c -n 1 && linux_client put "$us" 9 "$bytes" || return 1
	wait_until_over
	grep -q "^sink: $bytes bytes" "$here/sink.log"
}

echoes()
{
	holm echo $settings && linux_client echo "$us" 7 "$bytes"
}

client_download()
{
	linux source -n 1 -b "$bytes" $((5000 + number)) &&
		holm_client $settings -- get "$them" $((5000 + number)) "$bytes"
}

client_upload()
{
	linux sink -c -n 1 $((5000 + number)) || return 1
	holm_client $settings -- put "$them" $((5000 + number)) "$bytes" || return 1
	wait_until_over
	grep -q "^sink: $bytes bytes" "$here/linux-sink.log"
}

# The same with a congestion controller by name.
client_upload_with()
{
	linux sink -c -n 1 $((5000 + number)) || return 1
	holm_client $settings -- -C "$controller" put "$them" $((5000 + number)) "$bytes" ||
		return 1
	wait_until_over
	grep -q "^sink: $bytes bytes" "$here/linux-sink.log"
}

client_echoes()
{
	linux echo $((5000 + number)) &&
		holm_client $settings -- echo "$them" $((5000 + number)) "$bytes"
}

short_connections()
{
	holm echo $settings && linux_client many "$us" 7 "$connections" "$bytes"
}

client_short_connections()
{
	linux echo $((5000 + number)) && holm_client $settings -- many "$them" \
		$((5000 + number)) "$connections" "$bytes"
}

curl_download()
{
	holm httpd $settings || return 1
	pattern "$bytes"
	curl -sS -m "$limit" "http://$site/bytes/$bytes" | cmp - "$dir/pattern.$bytes"
}

curl_upload()
{
	holm upload $settings || return 1
	pattern "$bytes"
	curl -sS -m "$limit" -H Expect: -T "$dir/pattern.$bytes" "http://$site:8000/" | grep 'all right'
}

# Ten requests over one connection, then twenty connections at once.
curl_many()
{
	holm httpd $settings || return 1
	pattern "$bytes"
	set --
	for i in $(seq 10); do
		set -- "$@" -o "$here/got.$i" "http://$site/bytes/$bytes"
	done
	curl -sS -m "$limit" "$@" || return 1
	set --
	for i in $(seq 11 30); do
		set -- "$@" -o "$here/got.$i" "http://$site/bytes/$bytes"
	done
	curl -sS -m "$limit" --parallel --parallel-immediate --parallel-max 20 "$@" || return 1
	for i in $(seq 30); do
		cmp "$here/got.$i" "$dir/pattern.$bytes" || return 1
	done
}

python_server()
{
	pattern "$bytes"
	python3 -u -m http.server --bind "$any" --directory "$dir" $((5000 + number)) \
		>"$here/python.log" 2>&1 &
	pids="$pids $!"
	wait_for "$here/python.log" || return 1
	holm_client $settings -- fetch "$them" $((5000 + number)) "/pattern.$bytes" |
		cmp - "$dir/pattern.$bytes"
}

# Four streams at once through one stack, each both ways.
parallel_streams()
{
	holm echo $settings && linux_client many "$us" 7 4 "$bytes" 4
}

# The pattern of kernel/apps/README.md as a file.
pattern()
{
	[ ! -s "$dir/pattern.$1" ] || return 0
	"$native/source" -n 1 -b "$1" $((6000 + number)) >"$here/pattern.log" 2>&1 &
	pids="$pids $!"
	wait_for "$here/pattern.log" || return 1
	bash -c "exec cat </dev/tcp/127.0.0.1/$((6000 + number))" >"$dir/pattern.new.$number"
	mv "$dir/pattern.new.$number" "$dir/pattern.$1"
}

# Programs that end by themselves get a moment to.
wait_until_over()
{
	for try in $(seq 100); do
		alive=
		for pid in $pids; do
			! kill -0 "$pid" 2>/dev/null || alive=yes
		done
		[ -n "$alive" ] || return 0
		sleep 0.02
	done
}

# ---- running cases ----

end_case()
{
	for pid in $pids; do
		kill "$pid" 2>/dev/null
	done
	wait
	rm -f "$dir/running.$number"
}

# What a case wants to add; the rate that a client has reported, where it means something.
rate()
{
	[ ! -s "$here/rate" ] || { echo " ($(cat "$here/rate"))" && return 0; }
	[ "$bytes" -ge 100000 ] || return 0
	sed -n 's/^client: .* s, \(.*\) Mbit.s$/ (\1 Mbit\/s)/p' "$here/said" | tail -n 1
}

run_case()
{
	name=$1 function=$2 bytes=$3 limit=$4 settings=$5
	here=$dir/case$number pids=
	if [ "$family" = 6 ]; then
		us=fd07:$number::2 them=fd07:$number::1 site=[$us] any=::
	else
		us=10.7.$number.2 them=10.7.$number.1 site=$us any=0.0.0.0
	fi
	mkdir -p "$here"
	trap end_case EXIT
	if "$function" >"$here/said" 2>&1; then
		echo "ok $name$(rate)"
	else
		echo "not ok $name: $(tr '\n' ' ' <"$here/said" | tail -c 300)"
		sed 's/^/    | /' "$here"/*.log 2>/dev/null | tail -n 30
		echo "    settings: $settings --seed $number"
	fi >"$here/result"
	cat "$here/result" >>"$dir/results"
	cat "$here/result"
}

# Until fewer than $1 cases run.
wait_for_jobs()
{
	while [ "$(find "$dir" -maxdepth 1 -name 'running.*' | wc -l)" -ge "$1" ]; do
		sleep 0.05
	done
}

# case_ NAME FUNCTION BYTES SECONDS [SETTINGS]: in the background, at most JOBS at a time, over $family.
case_()
{
	case $1 in
	*"$only"*) ;;
	*) return ;;
	esac
	number=$((number + 1))
	wait_for_jobs "$JOBS"
	: >"$dir/running.$number"
	( run_case "$1" "$2" "$3" "$4" "${5:-}${5:+ --seed $number}" ) &
}

family=4
connections=3000

# One at a time first: these print rates.
alone=$JOBS
JOBS=1
case_ "a bulk download of 500 MB" download 500000000 40
case_ "a bulk upload of 500 MB" upload 500000000 40
case_ "a bulk echo of 200 MB" echoes 200000000 40
case_ "client: a bulk download of 500 MB" client_download 500000000 40
case_ "client: a bulk upload of 500 MB" client_upload 500000000 40
case_ "client: a bulk echo of 200 MB" client_echoes 200000000 40
case_ "four streams at once, 50 MB each both ways" parallel_streams 50000000 40
case_ "3000 short connections" short_connections 300 40
case_ "client: 3000 short connections" client_short_connections 300 40
wait_for_jobs 1
JOBS=$alone

case_ "without offloads, 50 MB down" download 50000000 40 --no-offload
case_ "without offloads, 50 MB up" upload 50000000 40 --no-offload
case_ "an MTU of 9000, 50 MB both ways" echoes 50000000 40 "--mtu 9000"
case_ "an MTU of 576, 5 MB both ways" echoes 5000000 40 "--mtu 576"
case_ "curl downloads 50 MB" curl_download 50000000 30
case_ "curl uploads 50 MB" curl_upload 50000000 30
case_ "curl, 30 downloads over one and over twenty connections" curl_many 100000 30
case_ "client: python's HTTP server, 20 MB" python_server 20000000 30
case_ "one byte there and back" echoes 1 10
case_ "client: one byte there and back" client_echoes 1 10

# impaired NAME SETTINGS BYTES: both directions, both roles.
impaired()
{
	case_ "$1, down" download "$3" 60 "$2"
	case_ "$1, up" upload "$3" 60 "$2"
	case_ "client: $1, down" client_download "$3" 60 "$2"
	case_ "client: $1, up" client_upload "$3" 60 "$2"
	case_ "$1, both ways" echoes $(($3 / 4)) 60 "$2"
}

impaired "20 ms round trip" "--delay 10ms" 20000000
impaired "1 % loss" "--loss 1 --delay 5ms" 4000000
impaired "3 % loss" "--loss 3 --delay 5ms" 2000000
impaired "10 % loss" "--loss 10 --delay 5ms" 300000
impaired "5 % reordered" "--reorder 5 --delay 10ms" 5000000
impaired "5 % doubled" "--duplicate 5" 10000000
impaired "0.5 % damaged" "--corrupt 0.5 --delay 2ms" 2000000
impaired "20 Mbit/s with a queue of 64 KiB" "--rate 20M --delay 5ms" 5000000
impaired "2 Mbit/s with a queue of 8 KiB" "--rate 2M --queue 8k --delay 20ms" 500000
impaired "everything at once" "--loss 1 --reorder 1 --duplicate 1 --corrupt 0.1 --delay 5ms
	--jitter 2ms --rate 50M" 1000000
. tests/interop/preload.sh
for controller in reno cubic bbr; do
	case_ "client: $controller, 1 % loss, up" client_upload_with 4000000 60 \
		"--loss 1 --delay 5ms"
	case_ "client: $controller, 20 Mbit/s, up" client_upload_with 5000000 60 \
		"--rate 20M --delay 10ms"
done
connections=200
case_ "200 short connections with 2 % loss" short_connections 300 60 "--loss 2 --delay 2ms"
case_ "client: 200 short connections with 2 % loss" client_short_connections 300 60 \
	"--loss 2 --delay 2ms"
case_ "curl downloads 2 MB with 2 % loss" curl_download 2000000 60 "--loss 2 --delay 5ms"
case_ "curl uploads 2 MB with 2 % loss" curl_upload 2000000 60 "--loss 2 --delay 5ms"
if [ -d /proc/sys/net/ipv6 ]; then
	family=6
	. tests/interop/ip6.sh
	. tests/interop/nd.sh
	. tests/interop/ping6.sh
else
	echo "skip interop over IPv6: this kernel has none"
fi
wait

touch "$dir/results"
passed=$(grep -c '^ok ' "$dir/results")
failed=$(grep -c '^not ok ' "$dir/results")
echo "interop: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
