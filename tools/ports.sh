# ports.sh -- sourced: which TCP ports of this machine are taken, from /proc, without a program.

# Whether something listens on TCP port $1 at 127.0.0.1 or at every address.
port_is_busy()
{
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$(printf '%04X' "$1")" '
		$4 == "0A" && $2 ~ (":" port "$") &&
		$2 ~ /^(0100007F|0+|0000000000000000FFFF00000100007F):/ { busy = 1 }
		END { exit !busy }'
}

# Prints a port that nothing listens on; different processes look in different places.
port_free()
{
	port_candidate=$((20000 + $$ % 20000))
	while port_is_busy "$port_candidate"; do
		port_candidate=$((port_candidate + 1))
	done
	echo "$port_candidate"
}
