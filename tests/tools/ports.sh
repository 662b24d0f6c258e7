#!/bin/sh
# ports.sh -- tools/ports.sh: which ports it calls taken, and which one it gives, from tables of ours.
set -u

PORTS_PROC=$(mktemp -d)
trap 'rm -rf "$PORTS_PROC"' EXIT
failed=0
. tools/ports.sh

mkdir -p "$PORTS_PROC/net" "$PORTS_PROC/sys/net/ipv4"
heading='  sl  local_address rem_address   st tx_queue rx_queue'

# sockets ADDRESS:PORT STATE...: this machine's sockets over IPv4 from now on.
sockets()
{
	echo "$heading" >"$PORTS_PROC/net/tcp"
	while [ $# -gt 0 ]; do
		echo "   0: $1 00000000:0000 $2 00000000:00000000" >>"$PORTS_PROC/net/tcp"
		shift 2
	done
}

# given_to LOW HIGH: the ports that the machine gives to whoever connects.
given_to()
{
	printf '%s\t%s\n' "$1" "$2" >"$PORTS_PROC/sys/net/ipv4/ip_local_port_range"
}

# check NAME COMMAND...: passed when the command succeeds.
check()
{
	name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name: port_free says ${free:-nothing}"
		failed=1
	fi
}

is_not()
{
	! "$@"
}

given_to 32768 60999
sockets
free=$(port_free)
taken=$(printf '%04X' "$free")
check "a free port lies below those that whoever connects is given" [ "$free" -lt 32768 ]
check "and above those of servers" [ "$free" -ge 10000 ]
check "where nothing has it, it is given again" [ "$(port_free)" = "$free" ]

sockets "0100007F:$taken" 0A
check "a listener makes its port busy" port_is_busy "$free"
check "and another one is given" [ "$(port_free)" = $((free + 1)) ]

sockets "0100007F:$taken" 01
check "a connection's own port is not busy: what answers there went on" is_not port_is_busy "$free"
check "but it is not given" [ "$(port_free)" = $((free + 1)) ]

sockets "00000000:$taken" 0A "0100007F:$(printf '%04X' $((free + 1)))" 06
check "a listener at every address counts, what is about to go away, too" \
	[ "$(port_free)" = $((free + 2)) ]

sockets "0500000A:$taken" 0A
check "a listener at another address of the machine does not" [ "$(port_free)" = "$free" ]

sockets
echo "$heading
   0: 00000000000000000000000000000000:$taken 0:0 0A 0:0" >"$PORTS_PROC/net/tcp6"
check "one over IPv6 that takes IPv4, too, does" port_is_busy "$free"
rm "$PORTS_PROC/net/tcp6"

given_to 15000 60999
check "the limit is the machine's own" [ "$(port_free)" -lt 15000 ]
given_to 1024 65535
free=$(port_free)
check "a machine that gives all of them is looked at, too" [ "$free" -ge 10000 ]
exit $failed
