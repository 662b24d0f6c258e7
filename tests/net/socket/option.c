/* Socket options: what is kept, what is passed on, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sockets.h"

#define SOL HOLM_SOL_SOCKET
#define TCP HOLM_IPPROTO_TCP
#define IP HOLM_IPPROTO_IP

struct fixture {
	struct duo d;
	struct holm_socket *stream, *dgram;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	sockets_duo(&f->d);
	f->stream = sockets_open(&f->d, 0, HOLM_SOCK_STREAM);
	f->dgram = sockets_open(&f->d, 0, HOLM_SOCK_DGRAM);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	holm_socket_close(f->stream);
	holm_socket_close(f->dgram);
	duo_run(&f->d, 100 * SECOND);
	duo_fini(&f->d);
	free(f);
	return 0;
}

static void a_socket_knows_what_it_is(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sockets_get_int(f->stream, SOL, HOLM_SO_TYPE), HOLM_SOCK_STREAM);
	assert_int_equal(sockets_get_int(f->stream, SOL, HOLM_SO_PROTOCOL), HOLM_IPPROTO_TCP);
	assert_int_equal(sockets_get_int(f->dgram, SOL, HOLM_SO_TYPE), HOLM_SOCK_DGRAM);
	assert_int_equal(sockets_get_int(f->dgram, SOL, HOLM_SO_PROTOCOL), HOLM_IPPROTO_UDP);
	assert_int_equal(sockets_get_int(f->dgram, SOL, HOLM_SO_DOMAIN), HOLM_AF_INET);
	assert_int_equal(sockets_get_int(f->stream, SOL, HOLM_SO_ACCEPTCONN), 0);
	assert_int_equal(sockets_set_int(f->stream, SOL, HOLM_SO_TYPE, 1), -HOLM_ENOPROTOOPT);
	assert_int_equal(sockets_set_int(f->stream, SOL, HOLM_SO_ERROR, 1), -HOLM_ENOPROTOOPT);
}

static void flags_are_zero_or_one(void **state)
{
	struct fixture *f = *state;
	const int names[] = { HOLM_SO_REUSEADDR, HOLM_SO_KEEPALIVE, HOLM_SO_BROADCAST };

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(sockets_get_int(f->stream, SOL, names[i]), 0);
		assert_int_equal(sockets_set_int(f->stream, SOL, names[i], 5), 0);
		assert_int_equal(sockets_get_int(f->stream, SOL, names[i]), 1);
		assert_int_equal(sockets_set_int(f->dgram, SOL, names[i], -1), 0);
		assert_int_equal(sockets_get_int(f->dgram, SOL, names[i]), 1);
		assert_int_equal(sockets_set_int(f->dgram, SOL, names[i], 0), 0);
		assert_int_equal(sockets_get_int(f->dgram, SOL, names[i]), 0);
	}
}

static void what_is_not_there_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sockets_set_int(f->stream, SOL, 999, 1), -HOLM_ENOPROTOOPT);
	assert_int_equal(sockets_get_int(f->stream, SOL, 999), -HOLM_ENOPROTOOPT);
	assert_int_equal(sockets_set_int(f->stream, TCP, 999, 1), -HOLM_ENOPROTOOPT);
	assert_int_equal(sockets_set_int(f->stream, 99, 1, 1), -HOLM_ENOPROTOOPT);
	assert_int_equal(sockets_set_int(f->dgram, TCP, HOLM_SOCKOPT_TCP_NODELAY, 1),
			 -HOLM_ENOPROTOOPT);
	assert_int_equal(sockets_get_int(f->dgram, TCP, HOLM_SOCKOPT_TCP_INFO), -HOLM_EOPNOTSUPP);
}

static void lengths_and_pointers_are_checked(void **state)
{
	struct fixture *f = *state;
	int value = 1;
	uint32_t len = 2;
	uint8_t small[2] = { 9, 9 };

	assert_int_equal(holm_socket_setsockopt(f->stream, SOL, HOLM_SO_KEEPALIVE, &value, 3),
			 -HOLM_EINVAL);
	assert_int_equal(holm_socket_setsockopt(f->stream, SOL, HOLM_SO_KEEPALIVE, NULL, 4),
			 -HOLM_EFAULT);
	assert_int_equal(holm_socket_setsockopt(f->stream, SOL, HOLM_SO_RCVTIMEO, &value, 4),
			 -HOLM_EINVAL);
	assert_int_equal(holm_socket_setsockopt(f->stream, SOL, HOLM_SO_LINGER, &value, 4),
			 -HOLM_EINVAL);
	assert_int_equal(holm_socket_getsockopt(f->stream, SOL, HOLM_SO_TYPE, NULL, &len),
			 -HOLM_EFAULT);
	assert_int_equal(holm_socket_getsockopt(f->stream, SOL, HOLM_SO_TYPE, small, NULL),
			 -HOLM_EFAULT);
	assert_int_equal(holm_socket_getsockopt(f->stream, SOL, HOLM_SO_TYPE, small, &len), 0);
	assert_int_equal(len, 2);
	len = 0;
	assert_int_equal(holm_socket_getsockopt(f->stream, SOL, HOLM_SO_TYPE, NULL, &len), 0);
}

static void buffer_sizes_are_doubled_and_clamped(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sockets_get_int(f->stream, SOL, HOLM_SO_RCVBUF), 2 * 64 * 1024);
	assert_int_equal(sockets_set_int(f->stream, SOL, HOLM_SO_RCVBUF, 30000), 0);
	assert_int_equal(sockets_get_int(f->stream, SOL, HOLM_SO_RCVBUF), 60000);
	assert_int_equal(sockets_set_int(f->stream, SOL, HOLM_SO_SNDBUF, 0), 0);
	assert_int_equal(sockets_get_int(f->stream, SOL, HOLM_SO_SNDBUF), 4608);
	assert_int_equal(sockets_set_int(f->stream, SOL, HOLM_SO_SNDBUF, INT32_MAX), 0);
	assert_int_equal(sockets_get_int(f->stream, SOL, HOLM_SO_SNDBUF), 8 << 20);
	assert_int_equal(sockets_set_int(f->dgram, SOL, HOLM_SO_RCVBUF, 100), 0);
	assert_int_equal(sockets_get_int(f->dgram, SOL, HOLM_SO_RCVBUF), 2304);
}

static void a_larger_send_buffer_takes_more(void **state)
{
	static uint8_t bytes[300000];
	struct fixture *f = *state;
	struct holm_socket *pair[2];

	sockets_pair(&f->d, pair);
	assert_int_equal(sockets_send(pair[0], bytes, sizeof(bytes), 0), 64 * 1024);
	assert_int_equal(holm_socket_poll(pair[0]), 0);
	assert_int_equal(sockets_set_int(pair[0], SOL, HOLM_SO_SNDBUF, 128 * 1024), 0);
	assert_true(holm_socket_poll(pair[0]) & HOLM_POLLOUT);
	assert_int_equal(sockets_send(pair[0], bytes, sizeof(bytes), 0), 64 * 1024);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void timeouts_are_kept_as_they_were_given(void **state)
{
	struct fixture *f = *state;
	struct holm_timeval tv = { 2, 500000 }, out;
	uint32_t len = sizeof(out);

	assert_int_equal(holm_socket_setsockopt(f->stream, SOL, HOLM_SO_RCVTIMEO, &tv, sizeof(tv)),
			 0);
	assert_int_equal(holm_socket_rcvtimeo_ns(f->stream), 2500 * MS);
	assert_int_equal(holm_socket_sndtimeo_ns(f->stream), 0);
	assert_int_equal(holm_socket_getsockopt(f->stream, SOL, HOLM_SO_RCVTIMEO, &out, &len), 0);
	assert_int_equal(out.sec, 2);
	assert_int_equal(out.usec, 500000);
	tv.usec = 1000000;
	assert_int_equal(holm_socket_setsockopt(f->stream, SOL, HOLM_SO_SNDTIMEO, &tv, sizeof(tv)),
			 -HOLM_EDOM);
	tv = (struct holm_timeval){ INT64_MAX, 0 };
	assert_int_equal(holm_socket_setsockopt(f->stream, SOL, HOLM_SO_SNDTIMEO, &tv, sizeof(tv)),
			 0);
	assert_int_equal(holm_socket_sndtimeo_ns(f->stream), 0); /* for ever */
}

static void linger_has_three_settings(void **state)
{
	struct fixture *f = *state;
	struct holm_linger l = { 1, 5 }, out;
	uint32_t len = sizeof(out);

	assert_int_equal(holm_socket_linger_s(f->stream), -1);
	assert_int_equal(holm_socket_setsockopt(f->stream, SOL, HOLM_SO_LINGER, &l, sizeof(l)), 0);
	assert_int_equal(holm_socket_linger_s(f->stream), 5);
	assert_int_equal(holm_socket_getsockopt(f->stream, SOL, HOLM_SO_LINGER, &out, &len), 0);
	assert_int_equal(out.onoff, 1);
	assert_int_equal(out.linger, 5);
	l.linger = 0;
	assert_int_equal(holm_socket_setsockopt(f->stream, SOL, HOLM_SO_LINGER, &l, sizeof(l)), 0);
	assert_int_equal(holm_socket_linger_s(f->stream), 0);
	l = (struct holm_linger){ 0, 9 };
	assert_int_equal(holm_socket_setsockopt(f->stream, SOL, HOLM_SO_LINGER, &l, sizeof(l)), 0);
	assert_int_equal(holm_socket_linger_s(f->stream), -1);
}

static void tcp_options_are_tcps(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int name, good, bad;
	} opts[] = {
		{ HOLM_SOCKOPT_TCP_MAXSEG, 1000, 20 },
		{ HOLM_SOCKOPT_TCP_KEEPIDLE, 30, 0 },
		{ HOLM_SOCKOPT_TCP_KEEPINTVL, 7, 40000 },
		{ HOLM_SOCKOPT_TCP_KEEPCNT, 3, 200 },
		{ HOLM_SOCKOPT_TCP_LINGER2, 15, -1 },
		{ HOLM_SOCKOPT_TCP_USER_TIMEOUT, 5000, -1 },
	};

	for (size_t i = 0; i < sizeof(opts) / sizeof(opts[0]); i++) {
		assert_int_equal(sockets_set_int(f->stream, TCP, opts[i].name, opts[i].good), 0);
		assert_int_equal(sockets_get_int(f->stream, TCP, opts[i].name), opts[i].good);
		assert_int_equal(sockets_set_int(f->stream, TCP, opts[i].name, opts[i].bad),
				 -HOLM_EINVAL);
	}
}

static void the_congestion_controller_is_chosen_by_name(void **state)
{
	struct fixture *f = *state;
	char name[32];
	uint32_t len = sizeof(name);

	assert_int_equal(
		holm_socket_setsockopt(f->stream, TCP, HOLM_SOCKOPT_TCP_CONGESTION, "reno", 4), 0);
	assert_int_equal(
		holm_socket_getsockopt(f->stream, TCP, HOLM_SOCKOPT_TCP_CONGESTION, name, &len), 0);
	assert_int_equal(len, 16);
	assert_string_equal(name, "reno");
	assert_int_equal(holm_socket_setsockopt(f->stream, TCP, HOLM_SOCKOPT_TCP_CONGESTION,
						"cubic\0rubbish", 13),
			 0);
	len = 3;
	assert_int_equal(
		holm_socket_getsockopt(f->stream, TCP, HOLM_SOCKOPT_TCP_CONGESTION, name, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(name, "cub", 3);
	assert_int_equal(
		holm_socket_setsockopt(f->stream, TCP, HOLM_SOCKOPT_TCP_CONGESTION, "vegas", 5),
		-HOLM_ENOENT);
	assert_int_equal(holm_socket_setsockopt(f->stream, TCP, HOLM_SOCKOPT_TCP_CONGESTION, "", 0),
			 -HOLM_EINVAL);
	assert_int_equal(
		holm_socket_setsockopt(f->dgram, TCP, HOLM_SOCKOPT_TCP_CONGESTION, "reno", 4),
		-HOLM_EOPNOTSUPP);
}

static void ip_options_may_be_one_byte(void **state)
{
	struct fixture *f = *state;
	struct holm_socket *both[2] = { f->stream, f->dgram };
	uint8_t byte = 33;
	uint32_t len = 1;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(holm_socket_setsockopt(both[i], IP, HOLM_SOCKOPT_IP_TTL, &byte, 1),
				 0);
		assert_int_equal(sockets_get_int(both[i], IP, HOLM_SOCKOPT_IP_TTL), 33);
		assert_int_equal(sockets_set_int(both[i], IP, HOLM_SOCKOPT_IP_TTL, 256),
				 -HOLM_EINVAL);
		assert_int_equal(sockets_set_int(both[i], IP, HOLM_SOCKOPT_IP_TOS, 0x10), 0);
		byte = 0;
		assert_int_equal(
			holm_socket_getsockopt(both[i], IP, HOLM_SOCKOPT_IP_TOS, &byte, &len), 0);
		assert_int_equal(byte, 0x10);
		byte = 33;
	}
}

static void tcp_info_has_linuxs_layout(void **state)
{
	struct fixture *f = *state;
	struct holm_socket *pair[2];
	uint8_t info[300];
	uint32_t len = sizeof(info), mss, cwnd;

	sockets_pair(&f->d, pair);
	assert_int_equal(holm_socket_getsockopt(pair[0], TCP, HOLM_SOCKOPT_TCP_INFO, info, &len),
			 0);
	assert_int_equal(len, 240);
	assert_int_equal(info[0], 1); /* TCP_ESTABLISHED */
	memcpy(&mss, info + 16, 4);
	memcpy(&cwnd, info + 80, 4);
	assert_in_range(mss, 1400, 1460);
	assert_int_equal(cwnd, 10);
	len = 1;
	assert_int_equal(holm_socket_getsockopt(pair[0], TCP, HOLM_SOCKOPT_TCP_INFO, info, &len),
			 0);
	assert_int_equal(len, 1);
	assert_in_range(sockets_get_int(pair[0], TCP, HOLM_SOCKOPT_TCP_MAXSEG), 1400, 1460);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void an_accepted_socket_has_its_listeners_options(void **state)
{
	struct fixture *f = *state;
	struct holm_socket *l = sockets_listen(&f->d, 1, 80), *a;
	struct holm_timeval tv = { 3, 0 };

	assert_int_equal(sockets_set_int(l, SOL, HOLM_SO_KEEPALIVE, 1), 0);
	assert_int_equal(sockets_set_int(l, SOL, HOLM_SO_SNDBUF, 10000), 0);
	assert_int_equal(sockets_set_int(l, TCP, HOLM_SOCKOPT_TCP_NODELAY, 1), 0);
	assert_int_equal(holm_socket_setsockopt(l, SOL, HOLM_SO_SNDTIMEO, &tv, sizeof(tv)), 0);
	sockets_connect(f->stream, sockets_addr(&f->d, 1, 80));
	duo_settle(&f->d);
	a = sockets_accept(l);
	assert_int_equal(sockets_get_int(a, SOL, HOLM_SO_KEEPALIVE), 1);
	assert_int_equal(sockets_get_int(a, SOL, HOLM_SO_SNDBUF), 20000);
	assert_int_equal(sockets_get_int(a, SOL, HOLM_SO_PROTOCOL), HOLM_IPPROTO_TCP);
	assert_int_equal(sockets_get_int(a, SOL, HOLM_SO_ACCEPTCONN), 0);
	assert_int_equal(sockets_get_int(a, TCP, HOLM_SOCKOPT_TCP_NODELAY), 1);
	assert_int_equal(holm_socket_sndtimeo_ns(a), 3 * SECOND);
	holm_socket_close(a);
	holm_socket_close(l);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_socket_knows_what_it_is),
		TEST(flags_are_zero_or_one),
		TEST(what_is_not_there_is_refused),
		TEST(lengths_and_pointers_are_checked),
		TEST(buffer_sizes_are_doubled_and_clamped),
		TEST(a_larger_send_buffer_takes_more),
		TEST(timeouts_are_kept_as_they_were_given),
		TEST(linger_has_three_settings),
		TEST(tcp_options_are_tcps),
		TEST(the_congestion_controller_is_chosen_by_name),
		TEST(ip_options_may_be_one_byte),
		TEST(tcp_info_has_linuxs_layout),
		TEST(an_accepted_socket_has_its_listeners_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
