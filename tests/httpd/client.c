/*
 * client.c -- httpd as a whole, from outside: many clients at once, slow ones, rude ones.
 *
 *	client PORT [ADDRESS]	a server must be listening there, on 127.0.0.1 or at the address
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { CLIENTS = 200, TABLE = 256, PERIOD = 65521 };

static uint16_t port;
static const char *address = "127.0.0.1";

/* A connection on which nothing waits for longer than ten seconds: a failure, not a sleep. */
static int dial(int rcvbuf)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	if (rcvbuf > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	assert_int_equal(inet_pton(AF_INET, address, &addr.sin_addr), 1);
	assert_int_equal(connect(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void ask(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Read a head; what has come of the body is left in `rest`. Returns the status. */
static int read_head(int fd, char *rest, size_t size, size_t *rest_len, size_t *body)
{
	static char buf[4096];
	size_t len = 0;
	char *end, *field;

	do {
		ssize_t n = recv(fd, buf + len, sizeof(buf) - 1 - len, 0);

		if (n <= 0)
			return -1;
		len += (size_t)n;
		buf[len] = '\0';
		end = strstr(buf, "\r\n\r\n");
	} while (!end && len < sizeof(buf) - 1);
	if (!end)
		return -1;
	field = strstr(buf, "Content-Length: ");
	*body = field ? strtoul(field + 16, NULL, 10) : 0;
	*rest_len = len - (size_t)(end + 4 - buf);
	assert_true(*rest_len <= size);
	memcpy(rest, end + 4, *rest_len);
	return atoi(buf + 9);
}

static int get(int fd, const char *path)
{
	char request[256], rest[4096];
	size_t have, body;
	int status;

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
	ask(fd, request);
	status = read_head(fd, rest, sizeof(rest), &have, &body);
	while (status > 0 && have < body) {
		ssize_t n = recv(fd, rest, sizeof(rest), 0);

		if (n <= 0)
			return -1;
		have += (size_t)n;
	}
	return status;
}

static void a_download_of_10_mb_is_the_pattern_byte_for_byte(void **state)
{
	static unsigned char buf[65536];
	size_t body, len, seen = 0;
	int fd = dial(0);

	(void)state;
	ask(fd, "GET /generate?bytes=10000000 HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(read_head(fd, (char *)buf, sizeof(buf), &len, &body), 200);
	assert_int_equal(body, 10000000);
	while (seen < body) {
		for (size_t i = 0; i < len; i++) {
			size_t j = (seen + i) % PERIOD;

			if (buf[i] != (unsigned char)(j + (j >> 8)))
				fail_msg("byte %zu differs", seen + i);
		}
		seen += len;
		if (seen < body) {
			ssize_t n = recv(fd, buf, sizeof(buf), 0);

			assert_true(n > 0);
			len = (size_t)n;
		}
	}
	assert_int_equal(get(fd, "/stats"), 200);
	close(fd);
}

static void many_clients_are_served_at_once(void **state)
{
	static int fds[CLIENTS];

	(void)state;
	for (unsigned i = 0; i < CLIENTS; i++)
		fds[i] = dial(0);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < CLIENTS; i++)
			assert_int_equal(get(fds[(i * 7) % CLIENTS], "/"), 200);
	for (unsigned i = 0; i < CLIENTS; i++)
		close(fds[i]);
}

static void idle_clients_make_room_when_the_table_is_full(void **state)
{
	static int fds[TABLE + 20];
	int fd;

	(void)state;
	for (unsigned i = 0; i < TABLE + 20; i++) {
		fds[i] = dial(0);
		assert_int_equal(get(fds[i], "/page.css"), 200);
	}
	fd = dial(0);
	assert_int_equal(get(fd, "/"), 200);
	close(fd);
	for (unsigned i = 0; i < TABLE + 20; i++)
		close(fds[i]);
}

static void who_does_not_read_holds_up_nobody_else(void **state)
{
	int lazy[20], fd;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		lazy[i] = dial(4096);
		ask(lazy[i], "GET /bytes/1000000000 HTTP/1.1\r\nHost: h\r\n\r\n");
	}
	fd = dial(0);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(get(fd, "/page.js"), 200);
	close(fd);
	for (unsigned i = 0; i < 20; i++)
		close(lazy[i]);
}

static void who_sends_half_a_request_holds_up_nobody_else(void **state)
{
	int slow = dial(0), fd = dial(0);

	(void)state;
	ask(slow, "GET / HT");
	assert_int_equal(get(fd, "/"), 200);
	ask(slow, "TP/1.1\r\nHost: h\r\n\r\n");
	close(fd);
	close(slow);
}

static void resets_and_garbage_leave_the_server_standing(void **state)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	uint32_t seed = 20260729;
	int fd;

	(void)state;
	print_message("seed %u\n", seed);
	for (unsigned i = 0; i < 200; i++) {
		unsigned char junk[700];
		size_t len;

		for (size_t k = 0; k < sizeof(junk); k++) {
			seed = seed * 1664525 + 1013904223;
			junk[k] = (unsigned char)(seed >> 24);
		}
		len = (seed >> 8) % sizeof(junk);
		if (i % 3 == 0 && len > 60)
			memcpy(junk, "GET / HTTP/1.1\r\nHost: h\r\n", 25);
		fd = dial(0);
		(void)send(fd, junk, len, MSG_NOSIGNAL);
		if (i % 2 == 0)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(fd);
	}
	fd = dial(0);
	assert_int_equal(get(fd, "/"), 200);
	close(fd);
}

static void a_client_that_closes_its_side_first_still_gets_its_answer(void **state)
{
	char rest[4096];
	size_t have, body;
	int fd = dial(0);

	(void)state;
	ask(fd, "GET /page.css HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	shutdown(fd, SHUT_WR);
	assert_int_equal(read_head(fd, rest, sizeof(rest), &have, &body), 200);
	close(fd);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_download_of_10_mb_is_the_pattern_byte_for_byte),
		cmocka_unit_test(many_clients_are_served_at_once),
		cmocka_unit_test(idle_clients_make_room_when_the_table_is_full),
		cmocka_unit_test(who_does_not_read_holds_up_nobody_else),
		cmocka_unit_test(who_sends_half_a_request_holds_up_nobody_else),
		cmocka_unit_test(resets_and_garbage_leave_the_server_standing),
		cmocka_unit_test(a_client_that_closes_its_side_first_still_gets_its_answer),
	};

	if (argc < 2)
		return 2;
	port = (uint16_t)atoi(argv[1]);
	if (argc > 2)
		address = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
