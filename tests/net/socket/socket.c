/* The socket object: which kinds there are, limits, children, and running out of memory at every point. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sockets.h"

static int open_kind(struct duo *d, int family, int type, int protocol)
{
	struct holm_socket *s;
	int err = holm_socket_open(d->net[0], family, type, protocol, NULL, &s);

	if (!err)
		holm_socket_close(s);
	return err;
}

static void kinds_that_are_not_there_are_told_apart(void **state)
{
	struct duo d;

	(void)state;
	sockets_duo(&d);
	assert_int_equal(open_kind(&d, HOLM_AF_INET, HOLM_SOCK_STREAM, HOLM_IPPROTO_TCP), 0);
	assert_int_equal(open_kind(&d, HOLM_AF_INET, HOLM_SOCK_DGRAM, HOLM_IPPROTO_UDP), 0);
	assert_int_equal(open_kind(&d, HOLM_AF_INET, HOLM_SOCK_STREAM, HOLM_IPPROTO_UDP),
			 -HOLM_EPROTONOSUPPORT);
	assert_int_equal(open_kind(&d, HOLM_AF_INET, HOLM_SOCK_DGRAM, HOLM_IPPROTO_TCP),
			 -HOLM_EPROTONOSUPPORT);
	assert_int_equal(open_kind(&d, HOLM_AF_INET, HOLM_SOCK_SEQPACKET, 0),
			 -HOLM_ESOCKTNOSUPPORT);
	assert_int_equal(open_kind(&d, HOLM_AF_INET6, HOLM_SOCK_STREAM, 0), -HOLM_EAFNOSUPPORT);
	assert_int_equal(open_kind(&d, 77, HOLM_SOCK_STREAM, 0), -HOLM_EAFNOSUPPORT);
	assert_int_equal(open_kind(&d, -1, HOLM_SOCK_STREAM, 0), -HOLM_EINVAL);
	duo_fini(&d);
}

static void an_instance_without_the_layer_has_no_sockets(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d, &(struct duo_options){ .seed = 1 });
	assert_int_equal(open_kind(&d, HOLM_AF_INET, HOLM_SOCK_STREAM, 0), -HOLM_EAFNOSUPPORT);
	duo_fini(&d);
}

static void the_layer_needs_its_transports(void **state)
{
	static const struct holm_proto *const without_udp[] = {
		&holm_arp, &holm_ipv4,	   HOLM_IP_PARTS, &holm_icmp4,
		&holm_tcp, HOLM_TCP_PARTS, &holm_sockets, NULL,
	};
	struct duo d;

	(void)state;
	assert_int_equal(duo_try_init(&d, &(struct duo_options){ .protos = without_udp }, 0, 0),
			 -HOLM_EINVAL);
}

static void an_events_cookie_is_what_was_set_last(void **state)
{
	struct duo d;
	struct holm_socket *s;
	struct holm_event ev;
	int first, second;

	(void)state;
	sockets_duo(&d);
	assert_int_equal(holm_socket_open(d.net[0], HOLM_AF_INET, HOLM_SOCK_STREAM, 0, &first, &s),
			 0);
	assert_ptr_equal(holm_socket_net(s), d.net[0]);
	sockets_connect(s, sockets_addr(&d, 1, 80));
	duo_settle(&d);
	assert_true(holm_net_next_event(d.net[0], &ev));
	assert_ptr_equal(ev.cookie, &first);
	assert_int_equal(sockets_connect(s, sockets_addr(&d, 1, 80)), -HOLM_ECONNREFUSED);
	holm_socket_set_cookie(s, &second);
	sockets_connect(s, sockets_addr(&d, 1, 80));
	duo_settle(&d);
	assert_true(holm_net_next_event(d.net[0], &ev));
	assert_ptr_equal(ev.cookie, &second);
	holm_socket_close(s);
	assert_false(holm_net_next_event(d.net[0], &ev));
	duo_fini(&d);
}

static uint64_t cookie_of(struct holm_socket *s)
{
	uint64_t cookie = 0;
	uint32_t len = sizeof(cookie);

	assert_int_equal(holm_socket_getsockopt(s, HOLM_SOL_SOCKET, HOLM_SO_COOKIE, &cookie, &len),
			 0);
	return cookie;
}

/* What is of the listener alone its child has not: its number, an error that it was handed. */
static void a_child_is_another_socket_than_its_listener(void **state)
{
	struct holm_socket *l, *c, *a;
	uint64_t cookie;
	struct duo d;

	(void)state;
	sockets_duo(&d);
	l = sockets_listen(&d, 1, 80);
	cookie = cookie_of(l);
	c = sockets_open(&d, 0, HOLM_SOCK_STREAM);
	sockets_connect(c, sockets_addr(&d, 1, 80));
	duo_settle(&d);
	holm_socket_return_error(l, HOLM_EPIPE);
	a = sockets_accept(l);
	assert_int_equal(holm_socket_poll(a), HOLM_POLLOUT | HOLM_POLLWRNORM);
	assert_int_equal(sockets_send(a, "x", 1, 0), 1);
	assert_int_not_equal(cookie_of(a), cookie);
	assert_int_equal(cookie_of(l), cookie);
	holm_socket_close(a);
	holm_socket_close(c);
	holm_socket_close(l);
	duo_fini(&d);
}

/* ---- running out of memory ---- */

/* From here on memory is there again; has any been refused? */
static bool end_failures(struct duo *d)
{
	bool failed = false;

	for (int i = 0; i < 2; i++) {
		failed |= d->memory[i].calls >= d->memory[i].fail_from;
		d->memory[i].fail_from = 0;
	}
	return failed;
}

/* Talk as far as memory lets. Returns whether the words arrived. */
static bool talk(struct duo *d, bool *failed)
{
	struct holm_socket *l = NULL, *c = NULL, *a = NULL;
	bool ok = false;
	char buf[8];

	(void)holm_socket_open(d->net[1], HOLM_AF_INET, HOLM_SOCK_STREAM, 0, NULL, &l);
	(void)holm_socket_open(d->net[0], HOLM_AF_INET, HOLM_SOCK_STREAM, 0, NULL, &c);
	if (l && c && sockets_bind(l, sockets_addr(d, 1, 80)) == 0 &&
	    holm_socket_listen(l, 4) == 0 &&
	    sockets_connect(c, sockets_addr(d, 1, 80)) == -HOLM_EINPROGRESS) {
		duo_run(d, 5 * SECOND);
		(void)holm_socket_accept(l, NULL, NULL, NULL, &a);
	}
	if (a && sockets_send(c, "hello", 5, 0) == 5) {
		duo_run(d, 5 * SECOND);
		ok = sockets_recv(a, buf, sizeof(buf), 0) == 5 && memcmp(buf, "hello", 5) == 0;
	}
	*failed = end_failures(d);
	if (a)
		holm_socket_close(a);
	if (c)
		holm_socket_close(c);
	if (l)
		holm_socket_close(l);
	duo_run(d, 400 * SECOND);
	return ok;
}

/* Returns how many failures there were before a run without one. */
static uint64_t fail_each(uint64_t fail_for)
{
	const struct duo_options options = { .protos = sockets_protos, .seed = 3 };
	uint64_t n = 0;
	bool failed = true;

	while (failed) {
		struct duo d;
		bool talked;

		n++;
		duo_init(&d, &options);
		for (int i = 0; i < 2; i++) {
			d.memory[i].fail_from = d.memory[i].calls + n;
			d.memory[i].fail_for = fail_for;
		}
		talked = talk(&d, &failed);
		duo_fini(&d); /* says whether everything came back */
		assert_true(talked || failed);
		assert_true(n < 1000);
	}
	return n - 1;
}

static void every_allocation_may_fail_and_nothing_is_lost(void **state)
{
	(void)state;
	assert_true(fail_each(1) >= 4);
	assert_true(fail_each(UINT64_MAX / 2) >= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_that_are_not_there_are_told_apart),
		cmocka_unit_test(an_instance_without_the_layer_has_no_sockets),
		cmocka_unit_test(the_layer_needs_its_transports),
		cmocka_unit_test(an_events_cookie_is_what_was_set_last),
		cmocka_unit_test(a_child_is_another_socket_than_its_listener),
		cmocka_unit_test(every_allocation_may_fail_and_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
