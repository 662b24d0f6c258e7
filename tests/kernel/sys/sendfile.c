/* sendfile(): over TCP from where the file lies, to what blocks, of what is no file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <holm/stats.h>

#include "kernel/initrd.h"
#include "tests/support/world.h"

#define FILE_BYTES 400000u

static uint8_t content[FILE_BYTES];
static struct initrd_entry entries[] = {
	{ "", 0, NULL, 0, INITRD_DIR | 0755, 0, 1, 1 },
	{ "big", 3, content, FILE_BYTES, INITRD_FILE | 0644, 0, 2, 1 },
};
static const struct initrd tree = { entries, 2 };

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	world_init(w, &(struct world_options){ .seed = 5, .tree = &tree });
	for (size_t i = 0; i < FILE_BYTES; i++)
		content[i] = (uint8_t)(i * 13 + (i >> 9));
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	world_fini(w);
	free(w);
	return 0;
}

static void serve_the_file(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[1];
	int l = world_listen(w, 1, 80), fd = sys_accept(p, l, NULL, NULL);
	int in = sys_open(p, "/big", 0);
	int64_t off = 0;

	/* More than fits the send buffer: the call waits until all of it is queued. */
	assert_int_equal(sys_sendfile(p, fd, in, &off, FILE_BYTES), FILE_BYTES);
	assert_int_equal(off, FILE_BYTES);
	sys_close(p, in);
	sys_close(p, fd);
	sys_close(p, l);
}

static void fetch_the_file(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	uint8_t buf[8000];
	size_t at = 0;
	int64_t n;
	int fd;

	world_sleep(w, 1 * MS);
	fd = world_connect(w, 0, 1, 80);
	while ((n = sys_read(p, fd, buf, sizeof(buf))) > 0) {
		assert_memory_equal(buf, content + at, (size_t)n);
		at += (size_t)n;
	}
	assert_int_equal(n, 0);
	assert_int_equal(at, FILE_BYTES);
	sys_close(p, fd);
}

static void a_blocking_call_sends_a_file_larger_than_the_buffer(void **state)
{
	struct world *w = *state;

	world_start(w, serve_the_file);
	world_start(w, fetch_the_file);
	world_run(w);
}

static size_t used_by(struct holm_net *net)
{
	struct holm_memory_stats stats;

	holm_net_memory_stats(net, &stats);
	return stats.in_use;
}

static void send_without_copying(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	int l = world_listen(w, 0, 80), in = sys_open(p, "/big", 0), c, s;
	struct holm_sockaddr_in sa = sockets_addr4(127, 0, 0, 1, 80);
	size_t before;

	c = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0);
	assert_int_equal(sys_connect(p, c, &sa, sizeof(sa)), 0);
	s = sys_accept(p, l, NULL, NULL);
	before = used_by(w->duo.net[0]);
	assert_int_equal(sys_sendfile(p, c, in, NULL, 30000), 30000);
	/* No ring was made to hold the bytes. */
	assert_in_range(used_by(w->duo.net[0]) - before, 0, 4096);
	sys_close(p, in);
	sys_close(p, c);
	sys_close(p, s);
	sys_close(p, l);
}

static void tcp_sends_from_where_the_file_lies(void **state)
{
	world_do(*state, send_without_copying);
}

static void directories_and_consoles_are_no_files(void **state)
{
	struct world *w = *state;
	struct process *p = &w->p[0];
	int dir = sys_open(p, "/", 0), in = sys_open(p, "/big", 0), fds[2];
	int64_t off = 0;

	assert_int_equal(sys_pipe2(p, fds, 0), 0);
	assert_int_equal(sys_sendfile(p, fds[1], dir, NULL, 10), -HOLM_EINVAL);
	assert_int_equal(sys_sendfile(p, fds[1], 0, &off, 10), -HOLM_ESPIPE);
	assert_int_equal(sys_sendfile(p, 1, in, NULL, 10), 10);
	assert_memory_equal(w->console, content, 10);
	sys_close(p, dir);
	sys_close(p, in);
	sys_close(p, fds[0]);
	sys_close(p, fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_blocking_call_sends_a_file_larger_than_the_buffer,
						setup, teardown),
		cmocka_unit_test_setup_teardown(tcp_sends_from_where_the_file_lies, setup,
						teardown),
		cmocka_unit_test_setup_teardown(directories_and_consoles_are_no_files, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
