# httpd.sh -- sourced after qemu.sh: what the boot tests ask of a server, at the address $http.

# The pattern of kernel/apps/README.md, $1 bytes: with j = i mod 65521, byte i is j + j / 256.
pattern()
{
	if [ ! -s "$qemu_dir/period" ]; then
		# shellcheck disable=SC2059 -- octal escapes are the point.
		printf "$(awk 'BEGIN {
			for (j = 0; j < 65521; j++) printf "\\%03o", (j + int(j / 256)) % 256
		}')" >"$qemu_dir/period"
	fi
	pattern_periods=$(($1 / 65521 + 1))
	while [ $pattern_periods -gt 0 ]; do
		cat "$qemu_dir/period"
		pattern_periods=$((pattern_periods - 1))
	done | head -c "$1"
}

ask()
{
	curl -sS -m 30 "$@"
}

is_page()
{
	ask "$http/" >"$qemu_dir/page" && grep -q '<html' "$qemu_dir/page"
}

is_stats()
{
	ask "$http/stats" >"$qemu_dir/stats" && grep -q '^tcp *LISTEN .*:80 ' "$qemu_dir/stats" &&
		grep -q '^tcp *ESTAB ' "$qemu_dir/stats"
}

is_stats_json()
{
	ask "$http/stats.json" >"$qemu_dir/json" && awk -f tools/test/json.awk "$qemu_dir/json"
}

# A head with the length of the body, and no body.
is_head()
{
	ask -I "$http/bytes/12345" >"$qemu_dir/head" &&
		tr -d '\r' <"$qemu_dir/head" | grep -q -x 'Content-Length: 12345' &&
		head -n 1 "$qemu_dir/head" | grep -q '^HTTP/1.1 200 '
}

has_status()
{
	wanted=$1
	shift
	[ "$(ask -o /dev/null -w '%{http_code}' "$@")" = "$wanted" ]
}

# Three requests make one connection.
keeps_alive()
{
	made=$(ask -o /dev/null -o /dev/null -o /dev/null -w '%{num_connects} ' \
		"$http/" "$http/stats" "$http/bytes/100000")
	[ "$made" = "1 0 0 " ] || { echo "connections made: $made"; return 1; }
}

# at_once CLIENTS BYTES: that many downloads at the same time, each compared.
at_once()
{
	pattern "$2" >"$qemu_dir/wanted"
	pids=
	for client in $(seq "$1"); do
		{ ask -o "$qemu_dir/got.$client" "$http/bytes/$2" &&
			cmp "$qemu_dir/wanted" "$qemu_dir/got.$client"; } &
		pids="$pids $!"
	done
	bad=0
	for pid in $pids; do
		wait "$pid" || bad=$((bad + 1))
	done
	rm -f "$qemu_dir"/got.*
	[ $bad = 0 ] || { echo "$bad of $1 failed"; return 1; }
}

is_pattern()
{
	pattern "$1" >"$qemu_dir/wanted"
	ask "$http/generate?bytes=$1" | cmp - "$qemu_dir/wanted"
}

captured()
{
	od -An -v -tu1 -w1 "$1" | awk -f tools/test/pcap.awk
}

# What every machine and network has to do. WHERE names it.
check_server()
{
	where=$1
	check "the page is served ($where)" is_page
	check "/stats shows the listener and this connection ($where)" is_stats
	check "/stats.json is JSON ($where)" is_stats_json
	check "HEAD has the length and no body ($where)" is_head
	check "what is not there is 404 ($where)" has_status 404 "$http/nothing/here"
	check "several requests share a connection ($where)" keeps_alive
	check "8 downloads at once are the pattern ($where)" at_once 8 200000
	check "10 MB arrive byte for byte ($where)" is_pattern 10000000
}
