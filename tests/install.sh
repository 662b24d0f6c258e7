#!/bin/sh
# install.sh -- what `make install` puts somewhere is enough to build a program against.
set -u

BUILD=${BUILD:-build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

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

build_with_pkg_config()
{
	# shellcheck disable=SC2046 -- flags.
	${CC:-gcc} -Wall -Werror "$dir/user.c" -o "$dir/user" \
		$(PKG_CONFIG_LIBDIR=$dir/stage/opt/holm/lib/pkgconfig \
			PKG_CONFIG_SYSROOT_DIR=$dir/stage pkg-config --cflags --libs holm)
}

same_version()
{
	[ "$("$dir/user")" = "$(PKG_CONFIG_LIBDIR=$dir/stage/opt/holm/lib/pkgconfig \
		pkg-config --modversion holm)" ]
}

cat >"$dir/user.c" <<'EOF'
#include <stdio.h>

#include <holm/net.h>
#include <holm/tcp.h>
#include <holm/version.h>

int main(void)
{
	puts(HOLM_VERSION_STRING);
	return holm_version() == HOLM_VERSION ? 0 : 1;
}
EOF

# What is built is built again when its flags change, which every start of make looks at.
flags_stay()
{
	touch "$dir/before"
	make -n BUILD="$BUILD" test >"$dir/plan" && [ -z "$(find "$BUILD" -name flags -newer "$dir/before")" ]
}

# A list that names no IPv4 links none of its protocols.
links_no_ip4()
{
	make -s BUILD="$BUILD" "$BUILD/embed/ip6" && [ -z "$(nm "$BUILD/embed/ip6" | awk '{ print $NF }' |
		grep -E '^(holm_(ipv4|arp|icmp4|igmp)|(ip4|arp|icmp4)_(input|start|output))$')" ]
}

# What the Makefile lets a build be without is what the header has constants for.
builds_without()
{
	make -s -n BUILD="$BUILD" WITHOUT=nothing libholm.a 2>&1 | sed -n 's/.*one of \(.*\)\. *Stop.*/\1/p' |
		tr ' ' '\n' | sort >"$dir/names"
	sed -n 's/^#define HOLM_WITH_\([A-Z0-9]*\) 1$/\1/p' net/include/holm/build.h | sort |
		cmp - "$dir/names"
}

failed=0
check "make install fills DESTDIR and PREFIX" \
	make -s BUILD="$BUILD" install DESTDIR="$dir/stage" PREFIX=/opt/holm
check "the libraries are there" test -s "$dir/stage/opt/holm/lib/libholm.a"
check "a program builds with pkg-config's flags" build_with_pkg_config
check "it runs and reports the installed version" same_version
check "installed files can be read by everybody" \
	test -z "$(find "$dir/stage/opt/holm" -type f ! -perm -444)"
check "a program of IPv6 alone links nothing of IPv4" links_no_ip4
check "a build may be without what its header names" builds_without
check "another make finds the flags that it left" flags_stay
exit $failed
