# ports.sh -- sourced: which TCP ports of this machine are taken, from /proc, without a program.
#
# PORTS_PROC is another place to read from, for tests.

# Whether something listens on TCP port $1 at 127.0.0.1 or at every address.
port_is_busy()
{
	port_has_socket "$1" 0A
}

# Whether a socket at 127.0.0.1 or at every address has TCP port $1: in state $2 (hexadecimal), or
# in any.
port_has_socket()
{
	cat "${PORTS_PROC:-/proc}/net/tcp" "${PORTS_PROC:-/proc}/net/tcp6" 2>/dev/null |
		awk -v port="$(printf '%04X' "$1")" -v state="${2:-}" '
		(state == "" || $4 == state) && $2 ~ (":" port "$") &&
		$2 ~ /^(0100007F|0+|0000000000000000FFFF00000100007F):/ { busy = 1 }
		END { exit !busy }'
}

# Prints a port that no socket has; different processes look in different places. It lies below
# those that the machine gives to whoever connects without asking for one: such a port is taken
# without a listener, by any program, between our looking and our use of it.
port_free()
{
	port_limit=$(cut -f1 "${PORTS_PROC:-/proc}/sys/net/ipv4/ip_local_port_range" 2>/dev/null)
	[ "${port_limit:-0}" -gt 12000 ] || port_limit=32768
	port_candidate=$((10000 + $$ % (port_limit - 11000)))
	while port_has_socket "$port_candidate"; do
		port_candidate=$((port_candidate + 1))
	done
	echo "$port_candidate"
}
