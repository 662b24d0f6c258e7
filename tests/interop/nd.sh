# nd.sh -- sourced by run.sh: how holm and Linux find each other, addresses and routers over IPv6. Linux is
# the other host; the router is tests/interop/router.py on its device. Number N has the networks
# 2001:db8:N::/64 and, behind the router, 2001:db8:f:N::/64.

# The case's device before holm is there, with addresses of Linux' own: the router's, and $1...
nd_link()
{
	prefix=2001:db8:$number: far=2001:db8:f:$number::1 router=fe80::99
	ip tuntap add "holm$number" mode tap || return 1
	# A host says of itself that it is no router; run.sh lets Linux use what it is given without asking.
	echo 1 >"/proc/sys/net/ipv6/conf/holm$number/forwarding" || return 1
	echo 1 >"/proc/sys/net/ipv6/conf/holm$number/accept_dad" || return 1
	ip link set "holm$number" up
	ip -6 addr add "$far/128" dev lo nodad
	for address in "$router" "$@"; do
		ip -6 addr add "$address/64" dev "holm$number" nodad || return 1
	done
}

nd_router()
{
	python3 -u tests/interop/router.py "holm$number" "$router" "$prefix:" \
		>"$here/router.log" 2>&1 &
	pids="$pids $!"
	wait_for "$here/router.log"
}

# heard WORD BEGINNING: the first that the router has heard after WORD with this beginning.
heard()
{
	for try in $(seq 200); do
		heard_at=$(sed -n "s/^$1 \($2\)/\1/p" "$here/router.log" | head -n 1)
		[ -z "$heard_at" ] || { echo "$heard_at" && return 0; }
		sleep 0.05
	done
	echo "no $1 $2 of holm's was heard" >&2
	return 1
}

# nud STATE ADDRESS: Linux has this address in this state, or will soon.
nud()
{
	for try in $(seq 100); do
		ip -6 neigh show dev "holm$number" | grep -q "^$2 .*$1" && return 0
		sleep 0.05
	done
	ip -6 neigh show dev "holm$number"
	return 1
}

# Until an address of holm's answers: the question whether it is somebody else's takes a second or two.
nd_ping()
{
	for try in $(seq 20); do
		! ping -6 -q -c 1 -W 1 -I "holm$number" "$@" >"$here/ping.log" || return 0
	done
	cat "$here/ping.log"
	return 1
}

# Linux resolves holm, believes it, doubts it, and believes it again.
nd_neighbours()
{
	nd_link && nd_router && holm echo || return 1
	local=$(heard solicit fe80:) || return 1
	nd_ping "$local" && nud REACHABLE "$local" || return 1
	ip -6 neigh change "$local" dev "holm$number" nud probe || return 1
	nud REACHABLE "$local" && nd_ping -s 4000 "$local"
}

# What holm listens to is known to bridges before it asks whether an address is somebody's.
nd_listeners()
{
	nd_link && nd_router && holm echo && heard wanted ff02: || return 1
	awk '$1 == "report" { reported[$2] = 1 }
		$1 == "wanted" && !reported[$2] { unheard = 1 }
		END { exit unheard }' "$here/router.log"
}

# The address is of the router's prefix; an answer to a stranger goes through the router.
nd_router_advertises()
{
	nd_link "2001:db8:$number::1" && nd_router && holm echo || return 1
	made=$(heard probe "$prefix") || return 1
	nd_ping "$made" && linux_client echo "$made" 7 "$bytes" || return 1
	ping -6 -q -c 3 -W 2 -I "$far" "$made" || return 1
	# As large as the router says that packets may be, and larger.
	ping -6 -q -c 1 -W 2 -I "$far" -s 1352 "$made" && ping -6 -q -c 1 -W 2 -s 3000 "$made"
}

# An address that Linux has is not taken: the program says so, and does not begin. Linux' side of a device that
# is open for a few milliseconds only loses its answer at times: then once more.
nd_taken()
{
	nd_link "$us" || return 1
	for try in 1 2 3; do
		timeout -k 1 6 "$tap/echo" $(addresses) >"$here/echo.log" 2>&1
		! grep 'also used by another host: not used' "$here/echo.log" || return 0
	done
	return 1
}

# An address that holm has is not taken by Linux.
nd_kept()
{
	nd_link && holm echo && nd_ping "$us" || return 1
	ip -6 addr add "$us/64" dev "holm$number" || return 1
	for try in $(seq 100); do
		! ip -6 addr show dev "holm$number" dadfailed | grep -q "$us" || return 0
		sleep 0.05
	done
	ip -6 addr show dev "holm$number"
	return 1
}

case_ "neighbours over IPv6: Linux finds holm, and asks again" nd_neighbours 0 30
case_ "neighbours over IPv6: groups are reported" nd_listeners 0 30
case_ "neighbours over IPv6: a router's prefix, route and MTU" nd_router_advertises 50000 30
case_ "neighbours over IPv6: holm leaves Linux its address" nd_taken 0 30
case_ "neighbours over IPv6: Linux leaves holm its address" nd_kept 0 30
