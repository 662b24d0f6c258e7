#!/bin/sh
# symbols.sh names|data ARCHIVE... -- what the libraries may define, and what they may ask for.
#
# names: they define nothing but holm_..., and ask for memcpy, memmove, memset, memcmp (and what
#        the compiler itself supplies on machines without wide division) and for holm_... only.
# data:  they hold no data that can change: .data, .bss and COMMON are empty.
set -u

what=$1
shift

names()
{
	nm -g --defined-only "$1" | awk -v file="$1" '
		NF == 3 && $3 !~ /^holm_/ { print file ":1: defines " $3 }
		NF == 3 { n++ }
		END { if (!n) print file ":1: defines nothing; are its public functions visible?" }'
	nm -u "$1" | awk -v file="$1" '
		$1 == "U" && $2 !~ /^(holm_|__u?(div|mod)[dt]i[34]$|_GLOBAL_OFFSET_TABLE_$)/ &&
		$2 !~ /^mem(cpy|move|set|cmp)$/ { print file ":1: asks for " $2 }'
}

# With -fdata-sections a section's name ends in the variable's.
data()
{
	size -A "$1" | awk -v file="$1" '
		/^\.(data|bss|tdata|tbss|sdata|sbss)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
			print file ":1: " $2 " bytes that can change in " $1 }'
	nm "$1" | awk -v file="$1" '$2 ~ /^[cC]$/ { print file ":1: " $3 " is a common symbol" }'
}

for archive in "$@"; do
	"$what" "$archive"
done
