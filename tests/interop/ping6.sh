# ping6.sh -- cases of ICMPv6 against Linux, for run.sh: who is there, by address and by group; packets in
# fragments; how large packets may be on a path through a router.

# pings ADDRESS BYTES: all of ten are answered, byte for byte.
pings()
{
	ping -6 -c 10 -i 0.02 -W 5 -s "$2" "$1" >"$here/ping.log" 2>&1 || return 1
	! grep -q 'wrong data byte' "$here/ping.log" && grep -q '10 received' "$here/ping.log"
}

linux_pings()
{
	holm echo || return 1
	for size in 0 1 56 1452; do
		pings "$us" $size || return 1
	done
}

# Requests and answers in two, three and forty-odd pieces.
linux_pings_in_fragments()
{
	holm echo || return 1
	for size in 1453 4000 60000; do
		pings "$us" $size || return 1
	done
}

# Without an address of either side's: the one that a link gives, found by the group of all nodes.
linux_pings_link()
{
	holm echo || return 1
	device=holm$number
	# Linux asks from an address of the link once it knows that nobody else has it, and is answered from one
	# once the other side knows that of its own.
	own=
	for try in $(seq 100); do
		own=$(ip -6 -o addr show dev "$device" scope link -tentative |
			sed 's/.*inet6 \([^/]*\).*/\1/')
		[ -z "$own" ] || break
		sleep 0.05
	done
	found=
	for try in $(seq 10); do
		ping -6 -I "$device" -c 3 -i 0.2 -W 2 "ff02::1%$device" >"$here/group.log" 2>&1 ||
			return 1
		found=$(sed -n "s/^.* from \(fe80:[^%: ]*[^% ]*\)%$device: .*/\1/p" "$here/group.log" |
			grep -v -x "$own" | sort -u)
		[ -z "$found" ] || break
	done
	[ -n "$found" ] || return 1
	pings "$found%$device" 56 && pings "$found%$device" 4000
}

# Of what waits for the neighbour's address only some pieces are kept, so the first large request may be lost.
holm_pings()
{
	for size in 0 56 1452 4000 60000; do
		timeout -k 2 "$limit" "$tap/ping" $(addresses) -- -c 2 -s $size "$them" \
			>"$here/ping.log" 2>&1
		grep -q -E "^$((size + 8)) bytes from .* seq=2" "$here/ping.log" || return 1
		[ $size = 60000 ] || grep -q 'ping: 2 sent, 2 answered' "$here/ping.log" || return 1
	done
}

# far_host COMMAND...: on a host behind a router, which is this side: fd08:N::2 in a namespace of its own, to
# which nothing larger than 1300 bytes is passed on. What is too big the router tells holm (RFC 8201).
far_host()
{
	echo "$*" >"$here/far-command"
	unshare -n sh -c 'echo serving; for try in $(seq 100); do
			! ip link set far up 2>/dev/null || break; sleep 0.05
		done
		ip link set lo up; ip -6 addr add "$1::2/64" dev far nodad
		ip -6 route add default via "$1::1"; exec sh "$2"' far "fd08:$number" \
		"$here/far-command" >"$here/far.log" 2>&1 &
	pids="$pids $!"
	wait_for "$here/far.log" || return 1
	ip link add "far$number" type veth peer name far netns "$!" || return 1
	ip link set "far$number" up
	ip -6 addr add "fd08:$number::1/64" dev "far$number" nodad
	ip -6 route add "fd08:$number::2/128" dev "far$number" mtu lock 1300 || return 1
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
}

too_big_told()
{
	sed -n 's/^Icmp6OutPktTooBigs *//p' /proc/net/snmp6
}

# A stream through it, which the other end has as it was sent.
path_mtu()
{
	far_host "exec $native/sink -c -n 1 5000" || return 1
	wait_for_text "$here/far.log" listening || return 1
	before=$(too_big_told)
	holm_client $settings --gateway6 "$them" -- put "fd08:$number::2" 5000 "$bytes" || return 1
	wait_for_text "$here/far.log" "^sink: $bytes bytes" && [ "$(too_big_told)" -gt "$before" ]
}

# The first request does not pass; those behind it are cut smaller, and so is no answer of theirs lost.
path_mtu_of_fragments()
{
	far_host "exec sleep $limit" || return 1
	before=$(too_big_told)
	timeout -k 2 "$limit" "$tap/ping" $(addresses) --gateway6 "$them" -- -c 4 -s 4000 \
		"fd08:$number::2" >"$here/ping.log" 2>&1
	grep -q 'ping: 4 sent, 3 answered' "$here/ping.log" && [ "$(too_big_told)" -gt "$before" ]
}

# Until the log has it.
wait_for_text()
{
	for try in $(seq 100); do
		! grep -q "$2" "$1" || return 0
		sleep 0.05
	done
	return 1
}

case_ "IPv6: Linux pings" linux_pings 0 20
case_ "IPv6: Linux pings, in fragments both ways" linux_pings_in_fragments 0 20
case_ "IPv6: Linux pings all nodes of a link and who answers" linux_pings_link 0 20
case_ "IPv6: holm pings, in fragments both ways" holm_pings 0 40
wait_for_jobs 1
case_ "IPv6: 5 MB through a router to a narrower link" path_mtu 5000000 30
wait_for_jobs 1
case_ "IPv6: pings in fragments through a router to a narrower link" path_mtu_of_fragments 0 30
wait_for_jobs 1
