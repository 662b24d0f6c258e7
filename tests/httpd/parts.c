/*
 * parts.c -- httpd's parts one by one: request heads, connections on a socket pair with a clock of
 * our own, files of a directory, formats.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/apps/httpd/conn.h"
#include "kernel/apps/httpd/date.h"
#include "kernel/apps/httpd/files.h"
#include "kernel/apps/httpd/pattern.h"
#include "kernel/apps/httpd/request.h"
#include "kernel/apps/httpd/site.h"
#include "kernel/apps/httpd/stats.h"

#define HOST "Host: h\r\n"

/* ---- heads ---------------------------------------------------------------------------------- */

/* Parse a copy without a byte to spare, so that reading beyond it is seen. */
static int parse(const char *head, struct request *r, char **copy)
{
	size_t len = strlen(head);

	*copy = malloc(len);
	memcpy(*copy, head, len);
	return request_parse(*copy, len, r);
}

static int status_of(const char *head)
{
	struct request r;
	char *copy;
	int status = parse(head, &r, &copy);

	free(copy);
	return status;
}

static void assert_path(const char *target, const char *path)
{
	char head[256];
	struct request r;
	char *copy;

	snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\n" HOST "\r\n", target);
	assert_int_equal(parse(head, &r, &copy), 0);
	assert_string_equal(r.path, path);
	free(copy);
}

static void assert_bad_target(const char *target)
{
	char head[256];

	snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\n" HOST "\r\n", target);
	assert_int_equal(status_of(head), 400);
}

static void a_head_ends_at_its_empty_line_however_it_arrives(void **state)
{
	static const char *const heads[] = { "GET / HTTP/1.1\r\nA: b\r\n\r\n",
					     "GET / HTTP/1.1\nA: b\n\n", "GET / HTTP/1.1\r\n\n" };

	(void)state;
	for (size_t h = 0; h < 3; h++) {
		size_t len = strlen(heads[h]), scanned = 0;

		for (size_t n = 0; n < len; n++)
			assert_int_equal(request_head_bytes(heads[h], n, &scanned), 0);
		assert_int_equal(request_head_bytes(heads[h], len, &scanned), len);
	}
}

static void the_request_line_is_taken_apart(void **state)
{
	struct request r;
	char *copy;

	(void)state;
	assert_int_equal(parse("HEAD /a%20b?x=1&y=2 HTTP/1.1\r\n" HOST "\r\n", &r, &copy), 0);
	assert_int_equal(r.method, METHOD_HEAD);
	assert_string_equal(r.path, "/a b");
	assert_string_equal(r.query, "x=1&y=2");
	assert_true(r.keep_alive);
	free(copy);
}

static void paths_are_decoded_and_cannot_climb(void **state)
{
	(void)state;
	assert_path("/", "/");
	assert_path("/a/b", "/a/b");
	assert_path("/a/./b/../c", "/a/c");
	assert_path("/a/..", "/");
	assert_path("/a/b/..", "/a/");
	assert_path("/a/.", "/a/");
	assert_path("//a///b/", "/a/b/");
	assert_path("/%61%2Fb", "/a/b");
	assert_path("/...", "/...");
	assert_path("/.hidden", "/.hidden");
	assert_path("http://h/x", "/x");
	assert_path("http://h:80", "/");
	assert_path("http://h?q", "/");
	assert_bad_target("/..");
	assert_bad_target("/a/../..");
	assert_bad_target("/%2e%2e/etc");
	assert_bad_target("/..%2fetc");
	assert_bad_target("/%00");
	assert_bad_target("/%");
	assert_bad_target("/%4");
	assert_bad_target("/%zz");
	assert_bad_target("x");
	assert_bad_target("*");
	assert_bad_target("http://");
	assert_bad_target("/a b");
}

static void malformed_heads_are_refused(void **state)
{
	(void)state;
	assert_int_equal(status_of("GET\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /\r\n\r\n"), 400);
	assert_int_equal(status_of("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400);
	assert_int_equal(status_of("G@T / HTTP/1.1\r\n" HOST "\r\n"), 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n\r\n"), 400); /* no Host */
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST HOST "\r\n"), 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n"), 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n"), 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n"), 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST ": empty\r\n\r\n"), 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n"), 400);
	assert_int_equal(status_of("GET / HTP/1.1\r\n" HOST "\r\n"), 400);
	assert_int_equal(status_of("GET / HTTP/1\r\n" HOST "\r\n"), 400);
}

static void other_versions_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(status_of("GET / HTTP/2.0\r\n" HOST "\r\n"), 505);
	assert_int_equal(status_of("GET / HTTP/0.9\r\n" HOST "\r\n"), 505);
	assert_int_equal(status_of("GET / HTTP/1.0\r\n\r\n"), 0);
	assert_int_equal(status_of("GET / HTTP/1.9\r\n" HOST "\r\n"), 0);
}

static void body_lengths_that_two_parsers_could_read_differently_are_refused(void **state)
{
	(void)state;
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n"), 0);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST
				   "Content-Length: 3\r\nContent-Length: 3\r\n\r\n"),
			 0);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST
				   "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"),
			 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\n"), 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\n"), 400);
	assert_int_equal(
		status_of("GET / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n"),
		400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST
				   "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
			 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"),
			 501);
}

static bool keeps_alive(const char *head)
{
	struct request r;
	char *copy;
	int status = parse(head, &r, &copy);

	free(copy);
	return status == 0 && r.keep_alive;
}

static void the_connection_field_and_the_version_decide_about_keep_alive(void **state)
{
	(void)state;
	assert_true(keeps_alive("GET / HTTP/1.1\r\n" HOST "\r\n"));
	assert_false(keeps_alive("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
	assert_false(keeps_alive("GET / HTTP/1.1\r\n" HOST "connection: x , CLOSE\t\r\n\r\n"));
	assert_false(keeps_alive("GET / HTTP/1.0\r\n\r\n"));
	assert_true(keeps_alive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

static void a_head_cut_at_any_byte_is_no_request(void **state)
{
	static const char head[] = "GET http://h/a%20b?c HTTP/1.1\r\n" HOST
				   "Connection: a, close\r\nContent-Length: 12\r\n\r\n";

	(void)state;
	for (size_t n = 0; n < sizeof(head) - 3; n++) {
		char *copy = malloc(n + 1);
		struct request r;

		memcpy(copy, head, n);
		assert_true(request_parse(copy, n, &r) >= 400);
		free(copy);
	}
}

static void numbers_in_queries_are_read_whole_or_not_at_all(void **state)
{
	uint64_t value = 7;

	(void)state;
	assert_true(request_query_u64("a=1&bytes=10000000", "bytes", &value));
	assert_int_equal(value, 10000000);
	assert_false(request_query_u64("xbytes=1", "bytes", &value));
	assert_false(request_query_u64("bytes=", "bytes", &value));
	assert_false(request_query_u64("bytes=1x", "bytes", &value));
	assert_false(request_query_u64("bytes=-1", "bytes", &value));
	assert_false(request_query_u64("", "bytes", &value));
	assert_int_equal(value, 10000000);
}

/* ---- connections ---------------------------------------------------------------------------- */

struct link {
	struct conn *conn; /* NULL once it is over */
	int client;
	uint64_t now_ms;
	short wants;
	char got[1 << 16];
	size_t len;
};

static struct response answer(const struct request *r)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
	uint64_t bytes;

	if (!request_query_u64(r->query, "bytes", &bytes))
		bytes = 0;
	if (bytes >= sizeof(letters))
		return (struct response){ .status = 200, .kind = BODY_PATTERN, .bytes = bytes };
	return response_const("text/plain", letters, (size_t)bytes);
}

static void link_open(struct link *l)
{
	int fds[2];

	memset(l, 0, sizeof(*l));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	l->client = fds[0];
	l->now_ms = 1000;
	l->conn = conn_open(fds[1], l->now_ms);
	assert_non_null(l->conn);
}

static void link_close(struct link *l)
{
	if (l->conn)
		conn_close(l->conn);
	close(l->client);
}

/* Let the server side go on until it waits; take what it has sent. */
static void run(struct link *l)
{
	for (unsigned i = 0; i < 100; i++) {
		ssize_t n;

		if (l->conn) {
			l->wants = conn_run(l->conn, answer, l->now_ms);
			if (l->wants == 0) {
				conn_close(l->conn);
				l->conn = NULL;
			}
		}
		n = read(l->client, l->got + l->len, sizeof(l->got) - 1 - l->len);
		if (n > 0)
			l->len += (size_t)n;
		else if (l->wants == POLLIN || !l->conn)
			break;
	}
	l->got[l->len] = '\0';
}

static void put(struct link *l, const char *bytes, size_t len)
{
	assert_int_equal(send(l->client, bytes, len, MSG_NOSIGNAL), len);
}

static void say(struct link *l, const char *text)
{
	put(l, text, strlen(text));
	run(l);
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

static int first_status(const struct link *l)
{
	return strncmp(l->got, "HTTP/1.1 ", 9) == 0 ? atoi(l->got + 9) : -1;
}

static void a_request_may_be_split_at_every_byte(void **state)
{
	static const char request[] = "GET /?bytes=5 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
				      "\r\nabc";
	struct link whole, split;

	(void)state;
	link_open(&whole);
	say(&whole, request);
	assert_int_equal(first_status(&whole), 200);
	for (size_t at = 1; at < sizeof(request) - 1; at++) {
		link_open(&split);
		put(&split, request, at);
		run(&split);
		assert_int_equal(split.len, 0);
		say(&split, request + at);
		assert_int_equal(split.len, whole.len);
		assert_memory_equal(split.got + split.len - 5, whole.got + whole.len - 5, 5);
		link_close(&split);
	}
	link_close(&whole);
}

static void a_request_may_come_byte_by_byte(void **state)
{
	static const char request[] = "\r\nGET /?bytes=5 HTTP/1.1\r\nHost: h\r\n\r\n";
	struct link l;

	(void)state;
	link_open(&l);
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		put(&l, request + i, 1);
		run(&l);
	}
	assert_int_equal(first_status(&l), 200);
	assert_true(conn_is_idle(l.conn));
	link_close(&l);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	struct link l;
	char *one, *two, *three;

	(void)state;
	link_open(&l);
	say(&l, "GET /?bytes=1 HTTP/1.1\r\n" HOST "\r\n"
		"POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nGET "
		"HEAD /?bytes=33 HTTP/1.1\r\n" HOST "\r\n");
	one = strstr(l.got, "Content-Length: 1\r\n");
	two = strstr(l.got, "HTTP/1.1 405");
	three = strstr(l.got, "Content-Length: 33\r\n");
	assert_true(one && two && three && one < two && two < three);
	assert_non_null(strstr(two, "Allow: GET, HEAD"));
	assert_int_equal(count(l.got, "HTTP/1.1 "), 3);
	assert_true(conn_is_idle(l.conn));
	link_close(&l);
}

static void many_pipelined_requests_take_several_turns_and_all_are_answered(void **state)
{
	struct link l;

	(void)state;
	link_open(&l);
	for (unsigned i = 0; i < 100; i++)
		put(&l, "GET / HTTP/1.1\r\n" HOST "\r\n", 27);
	run(&l);
	assert_int_equal(count(l.got, "HTTP/1.1 200"), 100);
	link_close(&l);
}

static void head_answers_without_a_body(void **state)
{
	struct link l;

	(void)state;
	link_open(&l);
	say(&l, "HEAD /?bytes=1000 HTTP/1.1\r\n" HOST "\r\n");
	assert_non_null(strstr(l.got, "Content-Length: 1000\r\n"));
	assert_string_equal(l.got + l.len - 4, "\r\n\r\n");
	link_close(&l);
}

static void close_ends_with_fin_and_waits_for_the_clients(void **state)
{
	struct link l;
	char c;

	(void)state;
	link_open(&l);
	say(&l, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n");
	assert_int_equal(count(l.got, "HTTP/1.1 "), 1);
	assert_non_null(strstr(l.got, "Connection: close\r\n"));
	assert_int_equal(read(l.client, &c, 1), 0);
	assert_non_null(l.conn);
	shutdown(l.client, SHUT_WR);
	run(&l);
	assert_null(l.conn);
	link_close(&l);
}

static void an_error_is_answered_once_and_ends_the_connection(void **state)
{
	struct link l;

	(void)state;
	link_open(&l);
	say(&l, "BAD\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(first_status(&l), 400);
	assert_int_equal(count(l.got, "HTTP/1.1 "), 1);
	assert_non_null(strstr(l.got, "Connection: close\r\n"));
	link_close(&l);
}

static int status_of_long(const char *start, size_t len)
{
	struct link l;
	char *bytes = malloc(len);
	int status;

	memset(bytes, 'a', len);
	memcpy(bytes, start, strlen(start));
	link_open(&l);
	put(&l, bytes, len);
	run(&l);
	status = first_status(&l);
	link_close(&l);
	free(bytes);
	return status;
}

static void heads_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(status_of_long("GET /", CONN_HEAD_BYTES_MAX), 414);
	assert_int_equal(status_of_long("GET / HTTP/1.1\r\nA: ", CONN_HEAD_BYTES_MAX), 431);
	assert_int_equal(status_of_long("GET /", CONN_HEAD_BYTES_MAX - 1), -1);
}

static void bodies_are_bounded(void **state)
{
	struct link l;

	(void)state;
	link_open(&l);
	say(&l, "POST / HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n");
	assert_int_equal(first_status(&l), 413);
	link_close(&l);
}

static void who_expects_100_continue_gets_the_final_answer_at_once(void **state)
{
	struct link l;

	(void)state;
	link_open(&l);
	say(&l, "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	assert_int_equal(first_status(&l), 405);
	assert_non_null(strstr(l.got, "Connection: close\r\n"));
	link_close(&l);
}

static void a_silent_connection_is_closed_and_half_a_request_gets_408(void **state)
{
	struct link l;

	(void)state;
	link_open(&l);
	run(&l);
	assert_int_equal(l.conn->deadline_ms, l.now_ms + CONN_IDLE_MS);
	assert_int_equal(conn_expire(l.conn, l.conn->deadline_ms), 0);

	l.now_ms += 5;
	say(&l, "GET / HT");
	assert_int_equal(l.conn->deadline_ms, l.now_ms + CONN_HEAD_MS);
	l.now_ms += CONN_HEAD_MS - 1;
	say(&l, "TP"); /* more bytes do not buy more time */
	assert_int_equal(l.conn->deadline_ms, l.now_ms + 1);
	l.now_ms++;
	assert_int_equal(conn_expire(l.conn, l.now_ms), POLLOUT);
	run(&l);
	assert_int_equal(first_status(&l), 408);
	link_close(&l);
}

static void the_last_request_that_a_connection_may_carry_closes_it(void **state)
{
	struct link l;

	(void)state;
	link_open(&l);
	l.conn->requests = CONN_REQUESTS_MAX - 1;
	say(&l, "GET / HTTP/1.1\r\n" HOST "\r\n");
	assert_non_null(strstr(l.got, "Connection: close\r\n"));
	link_close(&l);
}

static void a_slow_reader_gets_every_byte_and_is_dropped_when_it_stops(void **state)
{
	static unsigned char expected[3 * PATTERN_PERIOD];
	struct link l;
	size_t seen = 0, head = 0;
	int small = 4096;

	(void)state;
	for (size_t i = 0; i < sizeof(expected); i++)
		expected[i] = (unsigned char)(i % PATTERN_PERIOD + ((i % PATTERN_PERIOD) >> 8));
	link_open(&l);
	setsockopt(l.conn->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	put(&l, "GET /?bytes=196563 HTTP/1.1\r\n" HOST "\r\n", 40);
	while (seen < sizeof(expected)) {
		unsigned char part[777];
		size_t from = 0;
		ssize_t n;

		assert_int_not_equal(conn_run(l.conn, answer, l.now_ms), 0);
		n = read(l.client, part, sizeof(part));
		assert_true(n > 0);
		if (head == 0) {
			for (from = 4; memcmp(part + from - 4, "\r\n\r\n", 4) != 0; from++)
				assert_true(from < (size_t)n);
			head = from;
		}
		assert_memory_equal(part + from, expected + seen, (size_t)n - from);
		seen += (size_t)n - from;
	}
	assert_int_equal(seen, sizeof(expected));

	put(&l, "GET /?bytes=196563 HTTP/1.1\r\n" HOST "\r\n", 40);
	do
		l.wants = conn_run(l.conn, answer, l.now_ms);
	while (l.wants == (POLLIN | POLLOUT));
	assert_int_equal(l.wants, POLLOUT);
	assert_int_equal(conn_expire(l.conn, l.now_ms + CONN_SEND_MS), 0);
	link_close(&l);
}

/* ---- what is served ------------------------------------------------------------------------- */

static char dir[] = "/tmp/httpd-parts-XXXXXX";

static void put_file(const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int make_dir(void **state)
{
	char path[256];

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/sub", dir);
	if (mkdir(path, 0700) != 0)
		return -1;
	put_file("sub/a.css", "body{}");
	put_file("empty.txt", "");
	pattern_init();
	return 0;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "sub/a.css", "sub/index.html",
					     "empty.txt", "index.html",
					     "sub",	  "" };
	char path[256];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)remove(path);
	}
	return 0;
}

static struct response get(const char *target)
{
	char head[256];
	struct request r;
	struct response response;
	char *copy;

	snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\n" HOST "\r\n", target);
	assert_int_equal(parse(head, &r, &copy), 0);
	site_set_root(dir);
	response = site_answer(&r);
	free(copy);
	return response;
}

static void assert_served(const char *target, int status, const char *type, uint64_t bytes)
{
	struct response r = get(target);

	assert_int_equal(r.status, status);
	if (type)
		assert_string_equal(r.type, type);
	if (status == 200)
		assert_int_equal(r.bytes, bytes);
	response_free(&r);
}

static void files_are_served_with_their_type(void **state)
{
	(void)state;
	assert_served("/sub/a.css", 200, "text/css; charset=utf-8", 6);
	assert_served("/empty.txt", 200, "text/plain; charset=utf-8", 0);
	assert_served("/none.txt", 404, NULL, 0);
	assert_served("/sub/a.css/", 404, NULL, 0);
}

static void directories_redirect_to_their_slash_and_serve_index_html(void **state)
{
	(void)state;
	assert_served("/sub", 301, NULL, 0);
	assert_served("/sub/", 404, NULL, 0);
	put_file("sub/index.html", "<p>");
	assert_served("/sub/", 200, "text/html; charset=utf-8", 3);
}

static void the_compiled_in_page_yields_to_an_index_html(void **state)
{
	struct response r = get("/");

	(void)state;
	assert_int_equal(r.status, 200);
	assert_int_equal(r.kind, BODY_CONST);
	assert_memory_equal(r.data, "<!doctype html>", 15);
	response_free(&r);
	put_file("index.html", "own");
	assert_served("/", 200, "text/html; charset=utf-8", 3);
	r = get("/holm");
	assert_memory_equal(r.data, "<!doctype html>", 15);
	response_free(&r);
}

static void generated_bytes_are_asked_for_in_two_ways(void **state)
{
	(void)state;
	assert_served("/bytes/10000000", 200, "application/octet-stream", 10000000);
	assert_served("/generate?bytes=0", 200, "application/octet-stream", 0);
	assert_served("/bytes/x", 400, NULL, 0);
	assert_served("/bytes/", 400, NULL, 0);
	assert_served("/generate", 400, NULL, 0);
	assert_served("/bytes/99999999999999999", 400, NULL, 0);
}

static void statistics_come_as_text_and_as_json(void **state)
{
	struct response r = get("/stats");

	(void)state;
	assert_int_equal(r.status, 200);
	assert_memory_equal(r.text.data, "Netid State", 11);
	response_free(&r);
	r = get("/stats.json");
	assert_memory_equal(r.text.data, "{\"machine\":{", 12);
	assert_memory_equal(r.text.data + r.bytes - 2, "}\n", 2);
	response_free(&r);
}

static void dates_are_written_as_http_wants_them(void **state)
{
	static const struct {
		uint64_t unix_s;
		const char *text;
	} dates[] = {
		{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
		{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ 951782399, "Mon, 28 Feb 2000 23:59:59 GMT" },
		{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
		{ 4107542399, "Sun, 28 Feb 2100 23:59:59 GMT" },
		{ 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT" },
		{ 1735689599, "Tue, 31 Dec 2024 23:59:59 GMT" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		char buf[64];
		struct text t = text_over(buf, sizeof(buf));

		date_http(&t, dates[i].unix_s);
		assert_int_equal(t.len, strlen(dates[i].text));
		assert_memory_equal(buf, dates[i].text, t.len);
	}
}

static void text_has_bounds_decimals_and_json_escapes(void **state)
{
	char buf[40];
	struct text t = text_over(buf, sizeof(buf));

	(void)state;
	text_thousandths(&t, 1500);
	text_char(&t, ' ');
	text_thousandths(&t, 90);
	text_char(&t, ' ');
	text_thousandths(&t, 2000);
	text_json(&t, "a\"\\\n");
	assert_memory_equal(buf, "1.5 0.09 2\"a\\\"\\\\\\u000a\"", t.len);
	assert_false(t.failed);
	for (unsigned i = 0; i < 10; i++)
		text_u64(&t, UINT64_MAX);
	assert_true(t.failed);
	assert_true(t.len <= sizeof(buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_ends_at_its_empty_line_however_it_arrives),
		cmocka_unit_test(the_request_line_is_taken_apart),
		cmocka_unit_test(paths_are_decoded_and_cannot_climb),
		cmocka_unit_test(malformed_heads_are_refused),
		cmocka_unit_test(other_versions_are_told_apart),
		cmocka_unit_test(body_lengths_that_two_parsers_could_read_differently_are_refused),
		cmocka_unit_test(the_connection_field_and_the_version_decide_about_keep_alive),
		cmocka_unit_test(a_head_cut_at_any_byte_is_no_request),
		cmocka_unit_test(numbers_in_queries_are_read_whole_or_not_at_all),
		cmocka_unit_test(a_request_may_be_split_at_every_byte),
		cmocka_unit_test(a_request_may_come_byte_by_byte),
		cmocka_unit_test(pipelined_requests_are_answered_in_order),
		cmocka_unit_test(many_pipelined_requests_take_several_turns_and_all_are_answered),
		cmocka_unit_test(head_answers_without_a_body),
		cmocka_unit_test(close_ends_with_fin_and_waits_for_the_clients),
		cmocka_unit_test(an_error_is_answered_once_and_ends_the_connection),
		cmocka_unit_test(heads_are_bounded),
		cmocka_unit_test(bodies_are_bounded),
		cmocka_unit_test(who_expects_100_continue_gets_the_final_answer_at_once),
		cmocka_unit_test(a_silent_connection_is_closed_and_half_a_request_gets_408),
		cmocka_unit_test(the_last_request_that_a_connection_may_carry_closes_it),
		cmocka_unit_test(a_slow_reader_gets_every_byte_and_is_dropped_when_it_stops),
		cmocka_unit_test(files_are_served_with_their_type),
		cmocka_unit_test(directories_redirect_to_their_slash_and_serve_index_html),
		cmocka_unit_test(the_compiled_in_page_yields_to_an_index_html),
		cmocka_unit_test(generated_bytes_are_asked_for_in_two_ways),
		cmocka_unit_test(statistics_come_as_text_and_as_json),
		cmocka_unit_test(dates_are_written_as_http_wants_them),
		cmocka_unit_test(text_has_bounds_decimals_and_json_escapes),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
