#!/bin/sh
# tap.sh -- the programs of `make tap`, as far as it goes without a network: every application has been
# built, settings are explained, and mistakes are one line and status 2.
set -u

BUILD=${BUILD:-build}
failed=0

# check NAME COMMAND...
check()
{
	name=$1
	shift
	if said=$("$@" 2>&1); then
		echo "ok $name"
	else
		echo "not ok $name: $said"
		failed=1
	fi
}

helps()
{
	for app in echo httpd sink source client; do
		"$BUILD/tap/$app" --help | grep -q -e '--loss P' || return 1
	done
}

# refuses TEXT SETTING...
refuses()
{
	wanted=$1
	shift
	said=$("$BUILD/tap/echo" "$@" 2>&1 </dev/null)
	status=$?
	echo "$said, status $status"
	[ $status = 2 ] && [ "$(echo "$said" | wc -l)" = 1 ] && echo "$said" | grep -q -e "$wanted"
}

check "every application explains its settings" helps
check "an unknown setting is named" refuses '--nonsense: no such setting' --nonsense
check "a missing value is named" refuses '--loss needs a value' --loss
check "more than all cannot be lost" refuses '--loss 101: not such a value' --loss 101
check "a time has a unit or is milliseconds" refuses '--delay 3parsec' --delay 3parsec
check "an address is an address" refuses '--address 10.0.0' --address 10.0.0
check "an address of one family is not of the other" refuses '--address6 10.0.0.1' --address6 10.0.0.1
check "nor the other way round" refuses '--address fd00::1' --address fd00::1
check "a prefix of IPv6 has at most 128 bits" refuses '--host6 fd00::1/129' --host6 fd00::1/129
check "a mask is ones, then zeros" refuses '--mask 255.0.255.0' --mask 255.0.255.0
check "a rate is not nothing" refuses '--rate 0' --rate 0
check "a small MTU is refused" refuses '--mtu 100' --mtu 100
check "a direction is in or out" refuses '--only up' --only up
check "what overtakes needs something to overtake" refuses '--reorder needs --delay' --reorder 1
check "a queue needs a rate to wait for" refuses '--queue needs --rate' --queue 8k
exit $failed
