#!/bin/sh
# setup.sh GROUP... -- install what the named groups of tools/packages lack, from the distribution.
#
# Says in one line what it installs, asks for root only when something is missing, and where it
# cannot install says in one line what to type. Called by make, which remembers the answer.
set -u

here=$(dirname "$0")
list=${HOLM_PACKAGES:-$here/packages}
PATH=$PATH:/usr/sbin:/sbin

die()
{
	echo "set-up: $*" >&2
	exit 1
}

# Whether the program or file $1 is there.
present()
{
	case $1 in
	*/*)
		for file in $1; do
			[ -e "$file" ] && return 0
		done
		return 1
		;;
	esac
	command -v "$1" >/dev/null 2>&1
}

# Whether a package for machines of kind $1 is of use on this one.
concerns_us()
{
	case $1 in
	-) return 0 ;;
	!*) [ "!$arch" != "$1" ] ;;
	*) [ "$arch" = "$1" ] ;;
	esac
}

machine_arch()
{
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64 | arm64) echo arm64 ;;
	*) uname -m ;;
	esac
}

# The columns package and probe of what group $1 lacks.
missing_of()
{
	grep -v '^#' "$list" | while read -r group package probe where; do
		[ "$group" = "$1" ] && concerns_us "$where" || continue
		present "$probe" || echo "$package $probe"
	done
}

apt()
{
	# shellcheck disable=SC2086 -- $as_root is empty or one word.
	$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1
}

apt_install()
{
	# shellcheck disable=SC2086 -- a list of package names.
	apt install --no-install-recommends $packages
}

install_packages()
{
	log=$(mktemp)
	as_root=
	[ "$(id -u)" = 0 ] || as_root=sudo
	echo "set-up: installing $packages (some minutes, once)"
	ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || apt update
	if ! apt_install && ! { apt update && apt_install; }; then
		grep -E '^(E|W):' "$log" | tail -n 5 >&2
		rm -f "$log"
		die "apt-get could not install what is missing; see above, then: make setup"
	fi
	rm -f "$log"
}

may_become_root()
{
	[ "$(id -u)" = 0 ] && return 0
	command -v sudo >/dev/null 2>&1 || return 1
	sudo -n true 2>/dev/null || [ -t 0 ]
}

arch=$(machine_arch)
missing=$(for group in "$@"; do missing_of "$group"; done)
[ -n "$missing" ] || exit 0
packages=$(echo "$missing" | cut -d' ' -f1 | tr '\n' ' ' | sed 's/ $//')
command -v apt-get >/dev/null 2>&1 ||
	die "this is no Debian; please install what provides:" \
		"$(echo "$missing" | cut -d' ' -f2 | tr '\n' ' ')"
may_become_root || die "please type, as root: apt-get install --no-install-recommends $packages"
install_packages
