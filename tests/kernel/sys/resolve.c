/* Asking for names, as a call that blocks: host 0 asks, host 1 is the name server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dns_message.h"
#include "tests/support/world.h"

static int no_lease_yet; /* how often it is still asked for in vain */
static unsigned questions;

static int server_is_host_1(size_t i, struct holm_endpoint *server)
{
	if (no_lease_yet > 0) {
		no_lease_yet--;
		return -HOLM_EAGAIN;
	}
	*server = (struct holm_endpoint){ .addr = holm_addr_ip4(10, 0, 0, 2) };
	return i == 0 ? 0 : -HOLM_ENOENT;
}

static int no_server(size_t i, struct holm_endpoint *server)
{
	(void)i;
	(void)server;
	return -HOLM_ENOENT;
}

static int setup(void **state)
{
	struct world *w;
	int err = world_setup(state);

	w = *state;
	w->p[0].env.name_server = server_is_host_1;
	no_lease_yet = 0;
	questions = 0;
	return err;
}

/* Answers every question with 10.0.0.<how many so far>, until one for "quit.". */
static void serve(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[1];
	struct holm_sockaddr_in from, at = { .family = HOLM_AF_INET, .port = { 0, DNS_PORT } };
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_DGRAM, 0);
	uint8_t query[DNS_DATAGRAM_MAX];

	assert_int_equal(sys_bind(p, fd, &at, sizeof(at)), 0);
	for (;;) {
		uint32_t len = sizeof(from);
		int64_t n = sys_recvfrom(p, fd, query, sizeof(query), 0, &from, &len);
		struct dns_message m;

		assert_true(n > 0);
		dns_message_answer(&m, query, (size_t)n, DNS_NO_ERROR);
		dns_message_addr(&m, "..", 60, 0x0a000000 + ++questions);
		assert_int_equal(sys_sendto(p, fd, m.b, m.len, 0, &from, len), m.len);
		if ((query[DNS_HEADER_BYTES + 1] | 0x20) == 'q')
			break;
	}
	sys_close(p, fd);
}

static void expect_found(struct world *w, const char *name, uint8_t last)
{
	struct holm_dns_result r;

	assert_int_equal(sys_resolve(&w->p[0], name, HOLM_DNS_A, &r), 0);
	assert_int_equal(r.outcome, HOLM_DNS_FOUND);
	assert_int_equal(r.naddrs, 1);
	assert_int_equal(r.addrs[0].b[15], last);
}

static void ask_two(void *arg)
{
	expect_found(arg, "a.example", 1);
	expect_found(arg, "a.example", 1); /* remembered */
	expect_found(arg, "quit.example", 2);
}

static void a_name_is_asked_for_and_remembered(void **state)
{
	world_start(*state, serve);
	world_start(*state, ask_two);
	world_run(*state);
	assert_int_equal(questions, 2);
}

static void the_machine_waits_for_its_lease(void **state)
{
	struct world *w = *state;
	uint64_t before;

	no_lease_yet = 5;
	before = wait_now(&w->p[0].env.wait);
	world_start(w, serve);
	world_start(w, ask_two);
	world_run(w);
	assert_int_equal(no_lease_yet, 0);
	assert_true(wait_now(&w->p[0].env.wait) - before >= 100000000);
}

/* Threads that ask for different names, and for the same one. */
static unsigned answered;

static void ask_some(void *arg)
{
	struct world *w = arg;
	struct holm_dns_result r;
	static const char *const names[] = { "a.example", "b.example", "c.example" };
	const char *name = names[answered++ % 3];

	assert_int_equal(sys_resolve(&w->p[0], name, HOLM_DNS_A, &r), 0);
	assert_int_equal(r.outcome, HOLM_DNS_FOUND);
}

static void ask_last(void *arg)
{
	world_sleep(arg, 1000000000);
	expect_found(arg, "quit.example", 4);
}

static void threads_ask_at_the_same_time(void **state)
{
	answered = 0;
	world_start(*state, serve);
	for (unsigned i = 0; i < 6; i++)
		world_start(*state, ask_some);
	world_start(*state, ask_last);
	world_run(*state);
	assert_int_equal(questions, 4);
}

static void ask_in_vain(void *arg)
{
	struct world *w = arg;
	struct holm_dns_result r;

	/* Host 1 says that nobody listens there. */
	assert_int_equal(sys_resolve(&w->p[0], "a.example", HOLM_DNS_A, &r), 0);
	assert_int_equal(r.outcome, HOLM_DNS_TIMED_OUT);
	w->p[0].env.name_server = no_server;
	assert_int_equal(sys_resolve(&w->p[0], "a.example", HOLM_DNS_A, &r), 0);
	assert_int_equal(r.outcome, HOLM_DNS_TIMED_OUT);
	assert_int_equal(sys_resolve(&w->p[0], "a..example", HOLM_DNS_A, &r), -HOLM_EINVAL);
	assert_int_equal(sys_resolve(&w->p[0], NULL, HOLM_DNS_A, &r), -HOLM_EFAULT);
	assert_int_equal(sys_resolve_addr(&w->p[0], NULL, &r), -HOLM_EFAULT);
}

static void asking_in_vain_ends(void **state)
{
	world_do(*state, ask_in_vain);
}

static void ask_without_memory(void *arg)
{
	struct world *w = arg;
	struct holm_dns_result r;

	w->fail_at = w->allocs + 1;
	assert_int_equal(sys_resolve(&w->p[0], "a.example", HOLM_DNS_A, &r), -HOLM_ENOMEM);
	w->fail_at = 0;
	assert_int_equal(sys_resolve(&w->p[0], "a.example", HOLM_DNS_A, &r), 0);
}

static void asking_without_memory_is_an_error(void **state)
{
	world_do(*state, ask_without_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_is_asked_for_and_remembered, setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(the_machine_waits_for_its_lease, setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(threads_ask_at_the_same_time, setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(asking_in_vain_ends, setup, world_teardown),
		cmocka_unit_test_setup_teardown(asking_without_memory_is_an_error, setup,
						world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
