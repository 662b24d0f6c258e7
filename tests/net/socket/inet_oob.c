/* Out-of-band bytes: MSG_OOB, SO_OOBINLINE, the mark. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sockets.h"

static void begin(struct duo *d, struct holm_socket *p[2])
{
	sockets_duo(d);
	sockets_pair(d, p);
	assert_int_equal(sockets_send(p[0], "ab", 2, 0), 2);
	assert_int_equal(sockets_send(p[0], "cX", 2, HOLM_MSG_OOB), 2);
	assert_int_equal(sockets_send(p[0], "de", 2, 0), 2);
	duo_settle(d);
}

static void end(struct duo *d, struct holm_socket *p[2])
{
	holm_socket_close(p[0]);
	holm_socket_close(p[1]);
	duo_fini(d);
}

static void reads_stop_at_the_urgent_byte_and_step_over_it(void **state)
{
	struct holm_socket *p[2];
	char buf[8];
	struct duo d;

	(void)state;
	begin(&d, p);
	assert_true(holm_socket_poll(p[1]) & HOLM_POLLPRI);
	assert_int_equal(holm_socket_readable_bytes(p[1]), 3);
	assert_false(holm_socket_at_mark(p[1]));
	assert_int_equal(sockets_recv(p[1], buf, 8, 0), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_true(holm_socket_at_mark(p[1]));
	assert_int_equal(sockets_recv(p[1], buf, 8, HOLM_MSG_OOB | HOLM_MSG_PEEK), 1);
	assert_int_equal(sockets_recv(p[1], buf, 8, HOLM_MSG_OOB), 1);
	assert_int_equal(buf[0], 'X');
	assert_int_equal(sockets_recv(p[1], buf, 8, HOLM_MSG_OOB), -HOLM_EINVAL);
	assert_int_equal(holm_socket_poll(p[1]) & HOLM_POLLPRI, 0);
	assert_int_equal(sockets_recv(p[1], buf, 8, HOLM_MSG_PEEK), 2);
	assert_memory_equal(buf, "de", 2);
	assert_int_equal(sockets_recv(p[1], buf, 8, 0), 2);
	assert_memory_equal(buf, "de", 2);
	assert_false(holm_socket_at_mark(p[1]));
	end(&d, p);
}

static void an_urgent_byte_alone_is_not_readable(void **state)
{
	struct holm_socket *p[2];
	char buf[8];
	struct duo d;

	(void)state;
	begin(&d, p);
	assert_int_equal(sockets_recv(p[1], buf, 8, 0), 3);
	assert_int_equal(sockets_recv(p[1], buf, 8, 0), 2);
	assert_int_equal(sockets_send(p[0], "Y", 1, HOLM_MSG_OOB), 1);
	duo_settle(&d);
	assert_int_equal(holm_socket_poll(p[1]) & (HOLM_POLLIN | HOLM_POLLPRI), HOLM_POLLPRI);
	assert_int_equal(sockets_recv(p[1], buf, 8, 0), -HOLM_EAGAIN);
	assert_int_equal(sockets_recv(p[1], buf, 8, HOLM_MSG_OOB), 1);
	assert_int_equal(buf[0], 'Y');
	end(&d, p);
}

static void in_line_it_is_a_byte_like_others(void **state)
{
	struct holm_socket *p[2];
	char buf[8];
	struct duo d;

	(void)state;
	begin(&d, p);
	assert_int_equal(sockets_set_int(p[1], HOLM_SOL_SOCKET, HOLM_SO_OOBINLINE, 1), 0);
	assert_int_equal(sockets_get_int(p[1], HOLM_SOL_SOCKET, HOLM_SO_OOBINLINE), 1);
	assert_int_equal(sockets_recv(p[1], buf, 8, HOLM_MSG_OOB), -HOLM_EINVAL);
	assert_int_equal(sockets_recv(p[1], buf, 8, 0), 3);
	assert_true(holm_socket_at_mark(p[1]));
	assert_int_equal(sockets_recv(p[1], buf, 8, 0), 3);
	assert_memory_equal(buf, "Xde", 3);
	end(&d, p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_stop_at_the_urgent_byte_and_step_over_it),
		cmocka_unit_test(an_urgent_byte_alone_is_not_readable),
		cmocka_unit_test(in_line_it_is_a_byte_like_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
