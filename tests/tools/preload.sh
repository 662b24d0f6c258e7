#!/bin/sh
# preload.sh -- programs on the preload library, on holm's loopback: no rights are needed. The suite of
# tests/posix as it was compiled for Linux, and what the library adds (tests/tools/preload). Real programs are in
# tests/interop.
set -u

BUILD=${BUILD:-build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# $1 "ok" or "not ok", the rest is the case and why.
say()
{
	[ "$1" = ok ] || failed=1
	echo "$*"
}

on_holm()
{
	timeout 100 tools/preload/run "$@"
}

# ---- the posix suite; what fails there, and has to ----

# What the C library tells of interfaces is the host's, what sockets tell is holm's; there are no routes
# without a device; descriptors in messages are the host's; who accepts nobody is not asked for a descriptor.
expected="the_mtu_of_the_loopback_is_large
accept_wants_a_descriptor_first
ancillary_a_listener_that_was_passed_listens_on
ancillary_only_on_unix_sockets
getifaddrs_and_ioctl_tell_the_same
bind_broadcast_wants_permission"

on_holm "$BUILD/host/tests/posix/linux" >"$dir/posix" 2>&1
grep '^ok ' "$dir/posix" | sed 's/^ok /ok posix: /'
grep '^not ok ' "$dir/posix" >"$dir/faults"
while read -r line; do
	name=${line#not ok }
	name=${name%%:*}
	echo "$expected" | grep -q -x "$name" || say "not ok" "posix: ${line#not ok }"
done <"$dir/faults"
for name in $expected; do
	grep -q "^not ok $name:" "$dir/faults" && say ok "posix: $name fails, as it has to" ||
		say "not ok" "posix: $name does not fail any more: take it off the list"
done

# ---- what the library adds; the same holds on the host ----

for how in env on_holm; do
	$how "$BUILD/host/tests/tools/preload" >"$dir/mixed" 2>&1
	sed "s/^ok /ok $how: /; s/^not ok /not ok $how: /" "$dir/mixed"
	grep -q '^ok ' "$dir/mixed" || say "not ok" "$how: the program of mixed cases runs"
	! grep -q '^not ok ' "$dir/mixed" || failed=1
done

# ---- how it begins ----

refuses()
{
	if "$@" >"$dir/out" 2>&1; then
		return 1
	fi
	grep -q "$pattern" "$dir/out"
}

pattern="no such value\|not such a value"
refuses on_holm HOLM_TAP=x HOLM_ADDR=10.300.0.1 curl -sS http://127.0.0.1:1/ &&
	say ok "a setting that is none is named" || say "not ok" "a setting that is none is named: $(cat "$dir/out")"
pattern=usage
refuses tools/preload/run && say ok "run says how it is used" || say "not ok" "run says how it is used"
exit $failed
