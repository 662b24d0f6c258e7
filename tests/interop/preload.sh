# preload.sh -- sourced by run.sh: programs that were not made for holm, on the preload library. One end is on
# holm, the other on Linux. Python is Debian's, which has its own tests beside it.

python=/usr/bin/python3
[ -x "$python" ] || python=python3
# The server of Debian's redis is its checker by another name.
ln -sf "$(command -v redis-check-rdb)" "$dir/redis-server"

# preloaded PROGRAM...: on this case's device, as long as the case may take.
preloaded()
{
	env HOLM_TAP="holm$number" HOLM_ADDR="10.7.$number.2/24" HOLM_HOST="10.7.$number.1/24" \
		timeout -k 2 "$limit" tools/preload/run "$@"
}

# Until somebody listens at address $1, port $2. Says which of them never did.
wait_for_port()
{
	for try in $(seq 200); do
		! bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null || return 0
		sleep 0.05
	done
	echo "nobody listens at $1:$2" && return 1
}

# start NAME COMMAND...: in the background of the case; its words are in $here/NAME.log.
start()
{
	start_name=$1
	shift
	"$@" >"$here/$start_name.log" 2>&1 &
	pids="$pids $!"
}

same()
{
	[ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ] || { echo "$1 is not $2"; return 1; }
}

# ---- curl and python's http.server ----

# Serves its directory, takes a PUT as a file beside it.
http_server='
import http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_PUT(self):
        with open("put", "wb") as f:
            f.write(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
'

preload_curl()
{
	head -c "$bytes" /dev/urandom >"$here/file"
	start server env -C "$here" "$python" -c "$http_server" 0.0.0.0 $((5000 + number))
	wait_for_port 127.0.0.1 $((5000 + number)) || return 1
	url=http://$them:$((5000 + number))
	preloaded curl -sS -o "$here/got" "$url/file" && same "$here/file" "$here/got" || return 1
	preloaded curl -sS -T "$here/file" "$url/put" && same "$here/file" "$here/put"
}

# Many at once over one stack.
preload_curl_parallel()
{
	head -c "$bytes" /dev/urandom >"$here/file"
	start server env -C "$here" "$python" -c "$http_server" 0.0.0.0 $((5000 + number))
	wait_for_port 127.0.0.1 $((5000 + number)) || return 1
	set --
	for i in $(seq 20); do
		set -- "$@" -o "$here/got.$i" "http://$them:$((5000 + number))/file"
	done
	preloaded curl -sS --parallel --parallel-immediate "$@" || return 1
	for i in $(seq 20); do
		same "$here/file" "$here/got.$i" || return 1
	done
}

preload_http_server()
{
	head -c "$bytes" /dev/urandom >"$here/file"
	start server preloaded env -C "$here" "$python" -c "$http_server" 0.0.0.0 8000
	wait_for_port "$us" 8000 || return 1
	set --
	for i in $(seq 4); do
		set -- "$@" -o "$here/got.$i" "http://$us:8000/file"
	done
	curl -sS -m "$limit" --parallel "$@" || return 1
	for i in $(seq 4); do
		same "$here/file" "$here/got.$i" || return 1
	done
	curl -sS -m "$limit" -T "$here/file" "http://$us:8000/put" && same "$here/file" "$here/put"
}

# ---- iperf3; $options are the client's ----

# It says how much came only if it came. Rates mean nothing here: cases run side by side.
received()
{
	grep -q 'receiver$' "$here/client.log" || { tail -n 3 "$here/client.log"; return 1; }
}

preload_iperf_client()
{
	start server iperf3 -4 -s -1 -p $((5000 + number))
	wait_until_listening $((5000 + number)) || return 1
	preloaded iperf3 -4 -c "$them" -p $((5000 + number)) $options >"$here/client.log" 2>&1 &&
		received
}

preload_iperf_server()
{
	start server preloaded iperf3 -4 -s -1 --forceflush
	wait_for "$here/server.log" || return 1
	timeout -k 2 "$limit" iperf3 -4 -c "$us" $options >"$here/client.log" 2>&1 && received
}

# Without connecting: the server serves one connection.
wait_until_listening()
{
	for try in $(seq 200); do
		! ss -Hltn "sport = :$1" | grep -q . || return 0
		sleep 0.05
	done
	echo "nobody listens at $1" && return 1
}

# ---- redis ----

redis_settings="--protected-mode no --appendonly no --dir $dir --daemonize no"

# $1 is where the server is, $2 its port; the rest is in front of the clients.
redis_clients()
{
	redis_at=$1 redis_port=$2
	shift 2
	head -c 1000000 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$here/value"
	"$@" redis-cli -h "$redis_at" -p "$redis_port" -x set key <"$here/value" >"$here/cli" &&
		"$@" redis-cli -h "$redis_at" -p "$redis_port" get key >"$here/got" || return 1
	[ "$(cat "$here/got")" = "$(cat "$here/value")" ] || { echo "another value"; return 1; }
	"$@" redis-benchmark -h "$redis_at" -p "$redis_port" -q -t set,get,lpush,mset -n "$bytes" \
		--csv >"$here/benchmark" 2>&1 &&
		"$@" redis-benchmark -h "$redis_at" -p "$redis_port" -q -t set,get -P 16 -n "$bytes" \
			--csv >>"$here/benchmark" 2>&1 || { tail -n 3 "$here/benchmark"; return 1; }
	[ "$(grep -c -E '^"(SET|GET|LPUSH|MSET)' "$here/benchmark")" = 6 ] || { cat "$here/benchmark"; return 1; }
}

preload_redis_server()
{
	start server preloaded "$dir/redis-server" $redis_settings --save '' --bind "$us"
	wait_for_port "$us" 6379 && redis_clients "$us" 6379 || return 1
	redis-cli -h "$us" shutdown nosave
	wait_until_over
	grep -q 'bye bye' "$here/server.log"
}

preload_redis_benchmark()
{
	start server "$dir/redis-server" $redis_settings --save '' --port $((5000 + number))
	wait_for_port 127.0.0.1 $((5000 + number)) &&
		redis_clients "$them" $((5000 + number)) preloaded
}

# ---- python's own tests of sockets ----

# AF_VSOCK's test hangs on machines whose kernel has it without a host; UDP-Lite is not holm's. What is
# skipped says why: families that are the host's and are not there.
preload_test_socket()
{
	preloaded "$python" -m test -v test_socket -i '*VSOCK*' -i '*UDPLITE*' \
		>"$here/test.log" 2>&1
	status=$?
	ran=$(sed -n 's/^Ran \([0-9]*\) tests.*/\1/p' "$here/test.log")
	skipped=$(sed -n 's/^OK (skipped=\([0-9]*\))/\1/p' "$here/test.log")
	holms=$(grep -c "skipped.*\(IPv6\|dualstack\)" "$here/test.log")
	grep -E '^(ERROR|FAIL):' "$here/test.log"
	echo "$((${ran:-0} - ${skipped:-0})) passed, ${skipped:-?} skipped, $holms of them without IPv6" \
		>"$here/rate"
	[ $status = 0 ] && [ "${ran:-0}" -ge 500 ] && [ "${skipped:-999}" -le 120 ] && [ "$holms" = 0 ]
}

case_ "preload: curl, 10 MB down and up" preload_curl 10000000 30
case_ "preload: curl, twenty downloads at once" preload_curl_parallel 500000 30
case_ "preload: python's http.server, four downloads at once, an upload" preload_http_server 10000000 30
case_ "preload: python's test_socket" preload_test_socket 0 120
for options in "-n 200M" "-n 200M -R" "-n 100M -P 4" "-n 100M --bidir" "-u -b 50M -t 1"; do
	case_ "preload: iperf3 $options" preload_iperf_client 0 30
	case_ "preload: iperf3 server, $options" preload_iperf_server 0 30
done
case_ "preload: redis-server, redis-benchmark on Linux" preload_redis_server 20000 60
case_ "preload: redis-benchmark, redis-server on Linux" preload_redis_benchmark 20000 60
