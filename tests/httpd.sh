#!/bin/sh
# httpd.sh -- the server of kernel/apps/httpd on the host, under sanitizers: its parts, then the whole.
set -u

BUILD=${BUILD:-build}
CC=${CC:-gcc}
dir=$BUILD/host/httpd
flags="-std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined"
flags="$flags -fno-sanitize-recover=all -I."
sources=$(ls kernel/apps/httpd/*.c)
parts=$(ls kernel/apps/httpd/*.c | grep -v '/httpd\.c$')
mkdir -p "$dir"

# shellcheck disable=SC2086 -- lists of words.
compile()
{
	$CC $flags $sources -o "$dir/httpd" &&
		$CC $flags tests/httpd/parts.c $parts -lcmocka -o "$dir/parts" &&
		$CC $flags tests/httpd/client.c -lcmocka -o "$dir/client"
}

if ! said=$(compile 2>&1); then
	echo "not ok httpd and its tests compile on the host: $said"
	exit 1
fi
echo "ok httpd and its tests compile on the host"

failed=0
"$dir/parts" || failed=1

# A port that nobody has: try a few, the server says when it is there.
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
port=$((20000 + $$ % 20000))
for try in 1 2 3 4 5; do
	port=$((port + try))
	"$dir/httpd" "$port" >"$dir/log" 2>&1 &
	server=$!
	tries=0
	until grep -qs serving "$dir/log"; do
		tries=$((tries + 1))
		if [ $tries -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
			server=
			break
		fi
		sleep 0.05
	done
	[ -z "$server" ] || break
done
if [ -z "$server" ]; then
	echo "not ok httpd starts on the host: $(cat "$dir/log")"
	exit 1
fi

timeout 120 "$dir/client" "$port" || failed=1
if kill -0 "$server" 2>/dev/null && ! grep -q ERROR "$dir/log"; then
	echo "ok the server survives its clients without a sanitizer's complaint"
else
	echo "not ok the server survives its clients: $(cat "$dir/log")"
	failed=1
fi
exit $failed
