/* epoll: level and edge, one-shot and exclusive, nests, duplicates, what it refuses. */
#include "tests/posix/posix.h"

#define ET ((uint32_t)EPOLLET)
#define ONESHOT ((uint32_t)EPOLLONESHOT)
#define EXCLUSIVE ((uint32_t)EPOLLEXCLUSIVE)

static int epoll(void)
{
	return (int)OK(epoll_create1(0));
}

static int control(int ep, int op, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, op, fd, &ev);
}

static void add(int ep, int fd, uint32_t events)
{
	OK(control(ep, EPOLL_CTL_ADD, fd, events));
}

static void change(int ep, int fd, uint32_t events)
{
	OK(control(ep, EPOLL_CTL_MOD, fd, events));
}

/* What is reported now; of one descriptor at most. */
static uint32_t now(int ep)
{
	struct epoll_event ev = { .events = 0 };

	return epoll_wait(ep, &ev, 1, 0) == 1 ? ev.events : 0;
}

static int counter(void)
{
	return (int)OK(eventfd(0, EFD_NONBLOCK));
}

static void count(int fd)
{
	uint64_t one = 1;

	EQ(write(fd, &one, sizeof(one)), 8);
}

/* ---- level ---- */

CASE(epoll_level_of_writing_comes_and_goes)
{
	static char bytes[65536];
	int ep = epoll(), fd[2];

	pair_of(SOCK_STREAM, fd);
	nonblocking(fd[0]);
	add(ep, fd[0], EPOLLOUT);
	EQ(now(ep), EPOLLOUT);
	while (write(fd[0], bytes, sizeof(bytes)) > 0)
		continue;
	EQ(now(ep), 0);
	while (recv(fd[1], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	EQ(now(ep), EPOLLOUT);
}

CASE(epoll_error_and_hangup_need_not_be_asked_for)
{
	int ep = epoll(), fd[2];

	pair_of(SOCK_STREAM, fd);
	add(ep, fd[0], 0);
	EQ(now(ep), 0);
	close(fd[1]);
	EQ(now(ep), EPOLLHUP);
}

CASE(epoll_half_close_is_asked_for)
{
	int ep = epoll(), fd[2];

	pair_of(SOCK_STREAM, fd);
	add(ep, fd[0], EPOLLRDHUP);
	EQ(now(ep), 0);
	OK(shutdown(fd[1], SHUT_WR));
	EQ(now(ep), EPOLLRDHUP);
}

CASE(epoll_several_take_turns)
{
	struct epoll_event ev[1];
	int ep = epoll(), fd[3], seen = 0;

	for (int i = 0; i < 3; i++) {
		fd[i] = counter();
		add(ep, fd[i], EPOLLIN);
		count(fd[i]);
	}
	for (int i = 0; i < 3; i++) {
		EQ(epoll_wait(ep, ev, 1, 0), 1);
		for (int k = 0; k < 3; k++)
			seen |= ev[0].data.fd == fd[k] ? 1 << k : 0;
	}
	EQ(seen, 7);
}

CASE(epoll_as_many_as_there_is_room_for)
{
	struct epoll_event ev[8];
	int ep = epoll();

	for (int i = 0; i < 5; i++) {
		int fd = counter();

		add(ep, fd, EPOLLIN);
		count(fd);
	}
	EQ(epoll_wait(ep, ev, 3, 0), 3);
	EQ(epoll_wait(ep, ev, 8, 0), 5);
}

CASE(epoll_data_comes_back_as_it_was_given)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 0x0123456789abcdefull };
	int ep = epoll(), fd = counter();

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	count(fd);
	ev.data.u64 = 0;
	EQ(epoll_wait(ep, &ev, 1, 0), 1);
	CHECK(ev.data.u64 == 0x0123456789abcdefull);
}

CASE(epoll_data_changes_with_mod)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 1 };
	int ep = epoll(), fd = counter();

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	count(fd);
	ev.data.u64 = 2;
	OK(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &ev));
	EQ(epoll_wait(ep, &ev, 1, 0), 1);
	EQ(ev.data.u64, 2);
}

/* ---- edge ---- */

CASE(epoll_edge_is_reported_once)
{
	int ep = epoll(), fd = counter();

	add(ep, fd, EPOLLIN | ET);
	EQ(now(ep), 0);
	count(fd);
	EQ(now(ep), EPOLLIN);
	EQ(now(ep), 0);
}

CASE(epoll_edge_is_reported_for_each_arrival)
{
	int ep = epoll(), fd[2];

	pair_of(SOCK_STREAM, fd);
	add(ep, fd[0], EPOLLIN | ET);
	for (int i = 0; i < 3; i++) {
		EQ(write(fd[1], "x", 1), 1);
		EQ(now(ep), EPOLLIN);
		EQ(now(ep), 0);
	}
}

CASE(epoll_edge_two_arrivals_are_one_report)
{
	int ep = epoll(), fd[2];

	pair_of(SOCK_STREAM, fd);
	add(ep, fd[0], EPOLLIN | ET);
	EQ(write(fd[1], "x", 1), 1);
	EQ(write(fd[1], "x", 1), 1);
	EQ(now(ep), EPOLLIN);
	EQ(now(ep), 0);
}

CASE(epoll_edge_what_was_there_before_is_reported)
{
	int ep = epoll(), fd = counter();

	count(fd);
	add(ep, fd, EPOLLIN | ET);
	EQ(now(ep), EPOLLIN);
	EQ(now(ep), 0);
}

CASE(epoll_edge_mod_looks_again)
{
	int ep = epoll(), fd = counter();

	count(fd);
	add(ep, fd, EPOLLIN | ET);
	EQ(now(ep), EPOLLIN);
	change(ep, fd, EPOLLIN | ET);
	EQ(now(ep), EPOLLIN);
	EQ(now(ep), 0);
}

CASE(epoll_edge_reading_a_part_is_no_edge)
{
	char buf[8];
	int ep = epoll(), fd[2];

	pair_of(SOCK_STREAM, fd);
	add(ep, fd[0], EPOLLIN | ET);
	EQ(write(fd[1], "abcd", 4), 4);
	EQ(now(ep), EPOLLIN);
	EQ(read(fd[0], buf, 2), 2);
	EQ(now(ep), 0);
}

CASE(epoll_edge_room_is_an_edge)
{
	static char bytes[65536];
	int ep = epoll(), fd[2];

	pair_of(SOCK_STREAM, fd);
	nonblocking(fd[0]);
	add(ep, fd[0], EPOLLOUT | ET);
	EQ(now(ep), EPOLLOUT);
	while (write(fd[0], bytes, sizeof(bytes)) > 0)
		continue;
	EQ(now(ep), 0);
	while (recv(fd[1], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	EQ(now(ep), EPOLLOUT);
	EQ(now(ep), 0);
}

CASE(epoll_edge_of_the_end)
{
	char buf[8];
	int ep = epoll(), fd[2];

	pair_of(SOCK_STREAM, fd);
	add(ep, fd[0], EPOLLIN | EPOLLRDHUP | ET);
	EQ(write(fd[1], "x", 1), 1);
	EQ(now(ep), EPOLLIN);
	close(fd[1]);
	EQ(now(ep), EPOLLIN | EPOLLRDHUP | EPOLLHUP);
	EQ(read(fd[0], buf, 8), 1);
	EQ(read(fd[0], buf, 8), 0);
	EQ(now(ep), 0);
}

CASE_OF_BOTH(epoll_edge_of_a_tcp_connection)
{
	char buf[8];
	int ep = epoll(), fd[2];

	tcp_pair(fd);
	add(ep, fd[0], EPOLLIN | ET);
	EQ(write(fd[1], "ab", 2), 2);
	EQ(wait_for(fd[0], POLLIN, 1000), POLLIN);
	EQ(now(ep), EPOLLIN);
	EQ(now(ep), 0);
	EQ(read(fd[0], buf, 8), 2);
	EQ(write(fd[1], "ab", 2), 2);
	EQ(wait_for(fd[0], POLLIN, 1000), POLLIN);
	EQ(now(ep), EPOLLIN);
}

CASE_OF_BOTH(epoll_edge_of_a_listener)
{
	uint16_t port;
	int ep = epoll(), l = listening(4, &port);

	add(ep, l, EPOLLIN | ET);
	OK(connect_to(tcp(), port));
	EQ(wait_for(l, POLLIN, 1000), POLLIN);
	EQ(now(ep), EPOLLIN);
	EQ(now(ep), 0);
	OK(connect_to(tcp(), port));
	EQ(wait_for(l, POLLIN, 1000), POLLIN);
	EQ(now(ep), EPOLLIN);
}

CASE(epoll_edge_of_a_pipe)
{
	char buf[8];
	int ep = epoll(), fd[2];

	OK(pipe(fd));
	add(ep, fd[0], EPOLLIN | ET);
	EQ(write(fd[1], "a", 1), 1);
	EQ(now(ep), EPOLLIN);
	EQ(now(ep), 0);
	EQ(read(fd[0], buf, 8), 1);
	EQ(now(ep), 0);
	close(fd[1]);
	EQ(now(ep), EPOLLHUP);
	EQ(now(ep), 0);
}

/* ---- one-shot ---- */

CASE(epoll_one_shot_is_armed_again_by_mod)
{
	int ep = epoll(), fd = counter();

	count(fd);
	add(ep, fd, EPOLLIN | ONESHOT);
	EQ(now(ep), EPOLLIN);
	EQ(now(ep), 0);
	count(fd);
	EQ(now(ep), 0);
	change(ep, fd, EPOLLIN | ONESHOT);
	EQ(now(ep), EPOLLIN);
	EQ(now(ep), 0);
}

CASE(epoll_one_shot_hides_even_a_hangup)
{
	int ep = epoll(), fd[2];

	pair_of(SOCK_STREAM, fd);
	add(ep, fd[0], EPOLLIN | ONESHOT);
	EQ(write(fd[1], "x", 1), 1);
	EQ(now(ep), EPOLLIN);
	close(fd[1]);
	EQ(now(ep), 0);
	change(ep, fd[0], EPOLLIN | ONESHOT);
	EQ(now(ep), EPOLLIN | EPOLLHUP);
}

CASE(epoll_one_shot_that_found_nothing_stays_armed)
{
	int ep = epoll(), fd = counter();

	add(ep, fd, EPOLLIN | ONESHOT);
	EQ(now(ep), 0);
	count(fd);
	EQ(now(ep), EPOLLIN);
}

/* ---- exclusive ---- */

CASE(epoll_exclusive_watches)
{
	int ep = epoll(), fd = counter();

	add(ep, fd, EPOLLIN | EXCLUSIVE);
	count(fd);
	EQ(now(ep), EPOLLIN);
}

CASE(epoll_exclusive_cannot_be_changed)
{
	int ep = epoll(), fd = counter();

	FAILS(control(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EXCLUSIVE), EINVAL);
	add(ep, fd, EPOLLIN | EXCLUSIVE);
	FAILS(control(ep, EPOLL_CTL_MOD, fd, EPOLLIN), EINVAL);
	FAILS(control(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EXCLUSIVE), EINVAL);
	OK(control(ep, EPOLL_CTL_DEL, fd, 0));
}

CASE(epoll_exclusive_stands_beside_few)
{
	int ep = epoll(), fd = counter();

	FAILS(control(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EXCLUSIVE | ONESHOT), EINVAL);
	FAILS(control(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP | EXCLUSIVE), EINVAL);
	add(ep, fd, EPOLLIN | EPOLLOUT | EXCLUSIVE | ET);
}

CASE(epoll_exclusive_not_of_an_epoll)
{
	int ep = epoll(), inner = epoll();

	FAILS(control(ep, EPOLL_CTL_ADD, inner, EPOLLIN | EXCLUSIVE), EINVAL);
}

CASE(epoll_exclusive_in_two_sets_reports_in_both_when_asked)
{
	int one = epoll(), two = epoll(), fd = counter();

	add(one, fd, EPOLLIN | EXCLUSIVE);
	add(two, fd, EPOLLIN | EXCLUSIVE);
	count(fd);
	CHECK(now(one) == EPOLLIN || now(two) == EPOLLIN);
}

/* ---- what is watched ---- */

CASE(epoll_two_sets_each_have_their_edge)
{
	int one = epoll(), two = epoll(), fd = counter();

	add(one, fd, EPOLLIN | ET);
	add(two, fd, EPOLLIN | ET);
	count(fd);
	EQ(now(one), EPOLLIN);
	EQ(now(two), EPOLLIN);
	EQ(now(one), 0);
	EQ(now(two), 0);
}

CASE(epoll_a_duplicate_is_watched_by_itself)
{
	struct epoll_event ev[4];
	int ep = epoll(), fd = counter(), copy = (int)OK(dup(fd));

	add(ep, fd, EPOLLIN);
	add(ep, copy, EPOLLIN);
	count(fd);
	EQ(epoll_wait(ep, ev, 4, 0), 2);
	OK(control(ep, EPOLL_CTL_DEL, copy, 0));
	EQ(epoll_wait(ep, ev, 4, 0), 1);
}

CASE(epoll_a_closed_descriptor_is_watched_while_a_duplicate_lives)
{
	int ep = epoll(), fd = counter(), copy = (int)OK(dup(fd));

	add(ep, fd, EPOLLIN);
	close(fd);
	count(copy);
	EQ(now(ep), EPOLLIN);
	FAILS(control(ep, EPOLL_CTL_DEL, fd, 0), EBADF);
	close(copy);
	EQ(now(ep), 0);
}

CASE(epoll_a_descriptor_that_is_reused_is_not_the_old_one)
{
	int ep = epoll(), fd = counter(), copy = (int)OK(dup(fd)), again;

	add(ep, fd, EPOLLIN);
	close(fd);
	again = counter();
	EQ(again, fd);
	FAILS(control(ep, EPOLL_CTL_DEL, again, 0), ENOENT);
	add(ep, again, EPOLLIN);
	count(copy);
	EQ(now(ep), EPOLLIN);
	close(copy);
	EQ(now(ep), 0);
}

CASE(epoll_what_is_deleted_is_not_reported)
{
	int ep = epoll(), fd = counter();

	add(ep, fd, EPOLLIN);
	count(fd);
	OK(control(ep, EPOLL_CTL_DEL, fd, 0));
	EQ(now(ep), 0);
	FAILS(control(ep, EPOLL_CTL_DEL, fd, 0), ENOENT);
	add(ep, fd, EPOLLIN);
	EQ(now(ep), EPOLLIN);
}

CASE(epoll_mod_to_nothing_silences)
{
	int ep = epoll(), fd = counter();

	count(fd);
	add(ep, fd, EPOLLIN);
	change(ep, fd, 0);
	EQ(now(ep), 0);
	change(ep, fd, EPOLLIN);
	EQ(now(ep), EPOLLIN);
}

CASE(epoll_del_needs_no_event)
{
	int ep = epoll(), fd = counter();

	add(ep, fd, EPOLLIN);
	OK(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL));
}

/* ---- nests ---- */

CASE(epoll_of_an_epoll_is_readable_while_there_is_something)
{
	uint64_t n;
	int outer = epoll(), inner = epoll(), fd = counter();

	add(inner, fd, EPOLLIN);
	add(outer, inner, EPOLLIN);
	EQ(now(outer), 0);
	count(fd);
	EQ(now(outer), EPOLLIN);
	EQ(read(fd, &n, 8), 8);
	EQ(now(outer), 0);
}

CASE(epoll_of_an_epoll_by_edge)
{
	int outer = epoll(), inner = epoll(), fd = counter();

	add(inner, fd, EPOLLIN);
	add(outer, inner, EPOLLIN | ET);
	count(fd);
	EQ(now(outer), EPOLLIN);
	EQ(now(outer), 0);
	count(fd);
	EQ(now(outer), EPOLLIN);
}

CASE(epoll_can_be_polled)
{
	int ep = epoll(), fd = counter();

	add(ep, fd, EPOLLIN);
	EQ(wait_for(ep, POLLIN, 0), 0);
	count(fd);
	EQ(wait_for(ep, POLLIN, 0), POLLIN);
}

CASE(epoll_not_in_a_circle)
{
	int a = epoll(), b = epoll(), c = epoll();

	FAILS(control(a, EPOLL_CTL_ADD, a, EPOLLIN), EINVAL);
	add(a, b, EPOLLIN);
	add(b, c, EPOLLIN);
	FAILS(control(c, EPOLL_CTL_ADD, a, EPOLLIN), ELOOP);
	FAILS(control(b, EPOLL_CTL_ADD, a, EPOLLIN), ELOOP);
}

CASE(epoll_not_deeper_than_five)
{
	int chain[6];

	for (int i = 0; i < 6; i++)
		chain[i] = epoll();
	for (int i = 0; i < 4; i++)
		add(chain[i], chain[i + 1], EPOLLIN);
	FAILS(control(chain[4], EPOLL_CTL_ADD, chain[5], EPOLLIN), ELOOP);
}

/* ---- waiting ---- */

CASE(epoll_waits_for_a_timer)
{
	struct itimerspec soon = { .it_value = { 0, 20000000 } };
	struct epoll_event ev;
	int ep = epoll(), fd = (int)OK(timerfd_create(CLOCK_MONOTONIC, 0));

	OK(timerfd_settime(fd, 0, &soon, NULL));
	add(ep, fd, EPOLLIN);
	EQ(now(ep), 0);
	EQ(epoll_wait(ep, &ev, 1, -1), 1);
}

CASE(epoll_time_out_is_not_early)
{
	struct timespec begin, end;
	struct epoll_event ev;
	int ep = epoll();

	OK(clock_gettime(CLOCK_MONOTONIC, &begin));
	EQ(epoll_wait(ep, &ev, 1, 30), 0);
	OK(clock_gettime(CLOCK_MONOTONIC, &end));
	CHECK((end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec >= 30000000);
}

CASE(epoll_wait_wants_room)
{
	struct epoll_event ev;
	int ep = epoll();

	FAILS(epoll_wait(ep, &ev, 0, 0), EINVAL);
	FAILS(epoll_wait(counter(), &ev, 1, 0), EINVAL);
	FAILS(epoll_wait(999, &ev, 1, 0), EBADF);
}

CASE(epoll_refuses_descriptors_that_are_none)
{
	int ep = epoll();

	FAILS(control(ep, EPOLL_CTL_ADD, 999, EPOLLIN), EBADF);
	FAILS(control(999, EPOLL_CTL_ADD, counter(), EPOLLIN), EBADF);
	FAILS(control(counter(), EPOLL_CTL_ADD, counter(), EPOLLIN), EINVAL);
	FAILS(control(ep, EPOLL_CTL_MOD, counter(), EPOLLIN), ENOENT);
	FAILS(control(ep, 99, counter(), EPOLLIN), EINVAL);
}

CASE(epoll_is_neither_read_nor_written)
{
	char buf[8];
	int ep = epoll();

	FAILS(read(ep, buf, 8), EINVAL);
	FAILS(write(ep, buf, 8), EINVAL);
}

CASE(epoll_flags)
{
	FAILS(epoll_create1(1), EINVAL);
	EQ(fcntl((int)OK(epoll_create1(EPOLL_CLOEXEC)), F_GETFD), FD_CLOEXEC);
	EQ(fcntl(epoll(), F_GETFD), 0);
}

CASE_OF_BOTH(epoll_of_a_connect_that_fails)
{
	uint16_t port;
	int ep = epoll(), fd = tcp();

	close(listening(1, &port));
	nonblocking(fd);
	add(ep, fd, EPOLLOUT | ET);
	now(ep);
	FAILS(connect_to(fd, port), EINPROGRESS);
	wait_for(fd, POLLOUT, 1000);
	EQ(now(ep), EPOLLOUT | EPOLLERR | EPOLLHUP);
}

CASE_OF_BOTH(epoll_of_a_connect_that_succeeds)
{
	uint16_t port;
	int ep = epoll(), fd = tcp();

	listening(4, &port);
	nonblocking(fd);
	FAILS(connect_to(fd, port), EINPROGRESS);
	add(ep, fd, EPOLLOUT | ET);
	wait_for(fd, POLLOUT, 1000);
	EQ(now(ep), EPOLLOUT);
	EQ(now(ep), 0);
}
