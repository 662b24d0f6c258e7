/*
 * What the preload library adds to sockets: descriptors of the host and of holm in the same call, numbers,
 * duplicates, threads, signals, forks. Cases of tests/posix, compiled against the host; run on the host's
 * own stack and, under the library, on holm's: the same must hold on both.
 */
#include "tests/posix/posix.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/sendfile.h>
#include <sys/wait.h>

extern char **environ;

static bool is_preloaded(void)
{
	return getenv("LD_PRELOAD") != NULL;
}

static int epoll_with(int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };
	int ep = (int)OK(epoll_create1(0));

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	return ep;
}

/* What the epoll reports of its only descriptor. */
static uint32_t reported(int ep, int within_ms)
{
	struct epoll_event e = { .events = 0 };

	OK(epoll_wait(ep, &e, 1, within_ms));
	return e.events;
}

static void fill(int fd)
{
	static char bytes[65536];

	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	EQ(errno, EAGAIN);
}

static void empty(int fd)
{
	static char bytes[65536];

	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	EQ(errno, EAGAIN);
}

/* ---- waiting for many ---- */

CASE(epoll_reports_sockets_among_pipes)
{
	struct epoll_event e[4] = { { .events = EPOLLIN, .data.u32 = 7 } };
	int fd[2], pipes[2], ep;

	tcp_pair(fd);
	OK(pipe(pipes));
	ep = epoll_with(fd[1], EPOLLIN);
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, pipes[0], e));
	EQ(epoll_wait(ep, e, 4, 0), 0);
	OK(write(fd[0], "a", 1));
	EQ(epoll_wait(ep, e, 4, 1000), 1);
	EQ(e[0].data.fd, fd[1]);
	OK(write(pipes[1], "b", 1));
	EQ(epoll_wait(ep, e, 4, 1000), 2);
	empty(fd[1]);
	EQ(epoll_wait(ep, e, 4, 1000), 1);
	EQ(e[0].data.u32, 7);
}

CASE(edges_are_reported_once_each)
{
	int fd[2], ep;

	tcp_pair(fd);
	ep = epoll_with(fd[1], EPOLLIN | EPOLLET);
	for (int i = 0; i < 200; i++) { /* more than a mirror holds bytes */
		OK(send(fd[0], "abc", 3, 0));
		EQ(reported(ep, 1000), EPOLLIN);
		EQ(reported(ep, 0), 0);
	}
	empty(fd[1]);
	EQ(reported(ep, 0), 0);
	OK(send(fd[0], "abc", 3, 0));
	EQ(reported(ep, 1000), EPOLLIN);
}

CASE(room_is_an_edge)
{
	int fd[2], ep;

	tcp_pair(fd);
	ep = epoll_with(fd[0], EPOLLOUT | EPOLLET);
	EQ(reported(ep, 1000), EPOLLOUT);
	EQ(reported(ep, 0), 0);
	for (int i = 0; i < 3; i++) {
		fill(fd[0]);
		EQ(reported(ep, 0), 0);
		while (reported(ep, 10) == 0)
			empty(fd[1]);
	}
}

CASE(a_full_socket_is_not_writable)
{
	int fd[2], ep;

	tcp_pair(fd);
	ep = epoll_with(fd[0], EPOLLOUT);
	fill(fd[0]);
	EQ(reported(ep, 0), 0);
	EQ(level(fd[0]) & POLLOUT, 0);
	while (reported(ep, 10) == 0)
		empty(fd[1]);
	EQ(level(fd[0]) & POLLOUT, POLLOUT);
}

CASE(one_shot_reports_once)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT };
	int fd[2], ep;

	tcp_pair(fd);
	ep = epoll_with(fd[1], EPOLLIN | EPOLLONESHOT);
	OK(send(fd[0], "a", 1, 0));
	EQ(reported(ep, 1000), EPOLLIN);
	OK(send(fd[0], "b", 1, 0));
	EQ(reported(ep, 0), 0);
	OK(epoll_ctl(ep, EPOLL_CTL_MOD, fd[1], &e));
	EQ(reported(ep, 1000), EPOLLIN);
}

CASE(the_end_of_a_stream_is_reported)
{
	int fd[2], ep;

	tcp_pair(fd);
	ep = epoll_with(fd[1], EPOLLIN | EPOLLRDHUP);
	OK(shutdown(fd[0], SHUT_WR));
	EQ(reported(ep, 1000), EPOLLIN | EPOLLRDHUP);
	OK(shutdown(fd[1], SHUT_WR));
	while (!(reported(ep, 1000) & EPOLLHUP))
		;
	EQ(reported(ep, 0), EPOLLIN | EPOLLRDHUP | EPOLLHUP);
}

CASE(a_refused_connection_wakes_an_epoll)
{
	uint16_t port;
	int gone = listening(1, &port), fd = tcp(), ep;

	close(gone);
	nonblocking(fd);
	FAILS(connect_to(fd, port), EINPROGRESS);
	ep = epoll_with(fd, EPOLLOUT);
	CHECK(reported(ep, 1000) & EPOLLHUP);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
}

CASE(a_listener_in_an_epoll)
{
	uint16_t port;
	int listener = listening(4, &port), ep, client = tcp(), fd;

	nonblocking(listener);
	ep = epoll_with(listener, EPOLLIN);
	EQ(reported(ep, 0), 0);
	OK(connect_to(client, port));
	EQ(reported(ep, 1000), EPOLLIN);
	fd = (int)OK(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
	EQ(reported(ep, 0), 0);
	FAILS(accept4(listener, NULL, NULL, 0), EAGAIN);
	EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}

CASE(poll_mixes)
{
	struct pollfd p[3];
	int fd[2], pipes[2];

	tcp_pair(fd);
	OK(pipe(pipes));
	p[0] = (struct pollfd){ .fd = fd[1], .events = POLLIN };
	p[1] = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	p[2] = (struct pollfd){ .fd = -1, .events = POLLIN };
	EQ(poll(p, 3, 20), 0);
	OK(send(fd[0], "a", 1, 0));
	EQ(poll(p, 3, 1000), 1);
	EQ(p[0].revents, POLLIN);
	OK(write(pipes[1], "b", 1));
	EQ(poll(p, 3, -1), 2);
	EQ(p[1].revents, POLLIN);
	empty(fd[1]);
	EQ(poll(p, 3, 1000), 1);
	EQ(p[0].revents, 0);
}

/* Somebody sends while others wait. */
static void *send_soon(void *fd)
{
	usleep(20000); /* enough for the others to be waiting, mostly; it holds in any case */
	OK(send(*(int *)fd, "x", 1, 0));
	return NULL;
}

CASE(a_wait_among_pipes_is_ended_by_a_socket)
{
	struct pollfd p[2];
	int fd[2], pipes[2];
	pthread_t t;

	tcp_pair(fd);
	OK(pipe(pipes));
	p[0] = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	p[1] = (struct pollfd){ .fd = fd[1], .events = POLLIN };
	for (int i = 0; i < 3; i++) {
		OK(pthread_create(&t, NULL, send_soon, &fd[0]));
		EQ(poll(p, 2, 5000), 1);
		EQ(p[1].revents, POLLIN);
		OK(pthread_join(t, NULL));
		empty(fd[1]);
	}
}

CASE(select_mixes_and_tells_the_time_left)
{
	struct timeval timeout = { .tv_sec = 5 };
	int fd[2], pipes[2];
	fd_set in, out;

	tcp_pair(fd);
	OK(pipe(pipes));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(fd[1], &in);
	FD_SET(pipes[0], &in);
	FD_SET(fd[0], &out);
	EQ(select(FD_SETSIZE, &in, &out, NULL, &timeout), 1);
	CHECK(FD_ISSET(fd[0], &out) && !FD_ISSET(fd[1], &in) && !FD_ISSET(pipes[0], &in));
	CHECK(timeout.tv_sec >= 4);
	OK(send(fd[0], "a", 1, 0));
	FD_SET(fd[1], &in);
	EQ(select(FD_SETSIZE, &in, NULL, NULL, &timeout), 1);
	CHECK(FD_ISSET(fd[1], &in));
	empty(fd[1]);
	timeout = (struct timeval){ .tv_usec = 1000 };
	EQ(select(FD_SETSIZE, &in, NULL, NULL, &timeout), 0);
	CHECK(!FD_ISSET(fd[1], &in));
	EQ(timeout.tv_sec + timeout.tv_usec, 0);
}

CASE(select_refuses_what_is_not_open)
{
	struct timeval timeout = { 0 };
	int fd = tcp(), gone = tcp();
	fd_set in;

	close(gone);
	FD_ZERO(&in);
	FD_SET(fd, &in);
	FD_SET(gone, &in);
	FAILS(select(FD_SETSIZE, &in, NULL, NULL, &timeout), EBADF);
}

/* ---- numbers and duplicates ---- */

CASE(a_socket_gets_the_lowest_number)
{
	int low = (int)OK(dup(0)), fd;

	close(low);
	fd = tcp();
	EQ(fd, low);
	close(fd);
	EQ(udp(), low);
}

CASE(a_duplicate_keeps_the_socket_open)
{
	int fd[2], copy;
	char c;

	tcp_pair(fd);
	copy = (int)OK(dup(fd[1]));
	close(fd[1]);
	FAILS(recv(fd[1], &c, 1, 0), EBADF);
	OK(send(fd[0], "a", 1, 0));
	EQ(recv(copy, &c, 1, 0), 1);
	EQ(level(copy), POLLOUT);
	OK(send(fd[0], "b", 1, 0));
	EQ(reported(epoll_with(copy, EPOLLIN), 1000), EPOLLIN);
	close(copy);
	EQ(wait_for(fd[0], POLLIN, 1000) & POLLIN, POLLIN);
}

CASE(dup2_closes_what_was_there)
{
	int fd[2], pipes[2];
	char c;

	tcp_pair(fd);
	OK(pipe(pipes));
	EQ(dup2(pipes[0], fd[1]), fd[1]);
	EQ(wait_for(fd[0], POLLIN, 1000) & POLLIN, POLLIN);
	EQ(recv(fd[0], &c, 1, 0), 0);
	OK(write(pipes[1], "a", 1));
	EQ(read(fd[1], &c, 1), 1);
	EQ(dup2(fd[0], pipes[0]), pipes[0]);
	EQ(port_of(pipes[0]), port_of(fd[0]));
	EQ(dup2(fd[0], fd[0]), fd[0]);
	EQ(dup3(fd[0], pipes[1], O_CLOEXEC), pipes[1]);
	EQ(fcntl(pipes[1], F_GETFD), FD_CLOEXEC);
	FAILS(dup2(999, fd[0]), EBADF);
	EQ(port_of(fd[0]), port_of(pipes[1]));
}

CASE(fcntl_duplicates_from_a_number_on)
{
	int fd = tcp(), copy = (int)OK(fcntl(fd, F_DUPFD_CLOEXEC, 100));

	CHECK(copy >= 100);
	EQ(fcntl(copy, F_GETFD), FD_CLOEXEC);
	EQ(fcntl(fd, F_GETFD), 0);
	nonblocking(copy);
	EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	OK(bind_to(fd, "127.0.0.1", 0));
	EQ(port_of(copy), port_of(fd));
}

CASE(close_range_closes_sockets_and_leaves_the_rest)
{
	int fd[2], outside;
	char c;

	tcp_pair(fd);
	outside = (int)OK(fcntl(fd[0], F_DUPFD, 200));
	OK(close_range(3, 199, 0));
	FAILS(recv(fd[0], &c, 1, 0), EBADF);
	EQ(recv(outside, &c, 1, 0), 0);
	OK(close_range(3, ~0u, 0));
	FAILS(recv(outside, &c, 1, 0), EBADF);
	tcp_pair(fd);
	OK(send(fd[0], "a", 1, 0));
	EQ(recv(fd[1], &c, 1, 0), 1);
}

CASE(closing_every_number_does_no_harm)
{
	int fd[2];
	char c;

	(void)tcp();
	for (int i = 3; i < 20000; i++)
		(void)close(i);
	tcp_pair(fd);
	OK(send(fd[0], "a", 1, 0));
	EQ(recv(fd[1], &c, 1, 0), 1);
}

CASE(many_sockets_come_and_go)
{
	int before = tcp();

	for (int i = 0; i < 300; i++) {
		int fd[2];
		char c;

		tcp_pair(fd);
		OK(send(fd[0], "a", 1, 0));
		EQ(recv(fd[1], &c, 1, 0), 1);
		close(fd[0]);
		close(fd[1]);
	}
	close(before);
	EQ(tcp(), before);
}

/* ---- streams and files ---- */

CASE(a_stream_on_a_socket)
{
	char line[32];
	int fd[2];
	FILE *in, *out;

	tcp_pair(fd);
	in = fdopen(fd[0], "r");
	out = fdopen(fd[1], "w");
	CHECK(in && out);
	EQ(fileno(in), fd[0]);
	CHECK(fprintf(out, "one\ntwo %d\n", 2) > 0);
	EQ(fclose(out), 0);
	CHECK(fgets(line, sizeof(line), in) && strcmp(line, "one\n") == 0);
	CHECK(fgets(line, sizeof(line), in) && strcmp(line, "two 2\n") == 0);
	CHECK(!fgets(line, sizeof(line), in) && feof(in));
	EQ(fclose(in), 0);
	FAILS(fcntl(fd[1], F_GETFL), EBADF);
}

/* ---- threads ---- */

static void *echo(void *arg)
{
	int fd = *(int *)arg;
	char bytes[4096];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		EQ(send(fd, bytes, (size_t)n, 0), n);
	close(fd);
	return NULL;
}

CASE(threads_block_each_for_itself)
{
	enum { THREADS = 8, ROUNDS = 200 };
	pthread_t t[THREADS];
	int fd[THREADS][2];

	for (int i = 0; i < THREADS; i++) {
		tcp_pair(fd[i]);
		OK(pthread_create(&t[i], NULL, echo, &fd[i][1]));
	}
	for (int r = 0; r < ROUNDS; r++) {
		for (int i = 0; i < THREADS; i++)
			EQ(send(fd[i][0], &r, sizeof(r), 0), sizeof(r));
		for (int i = 0; i < THREADS; i++) {
			int back;

			EQ(recv(fd[i][0], &back, sizeof(back), MSG_WAITALL), sizeof(back));
			EQ(back, r);
		}
	}
	for (int i = 0; i < THREADS; i++) {
		OK(shutdown(fd[i][0], SHUT_WR));
		OK(pthread_join(t[i], NULL));
	}
}

/* ---- signals ---- */

static volatile sig_atomic_t signals;

static void count(int signal)
{
	(void)signal;
	signals++;
}

static void handle(int signal, int flags)
{
	struct sigaction action = { .sa_handler = count, .sa_flags = flags };

	signals = 0;
	sigaction(signal, &action, NULL);
}

CASE(writing_to_nobody_is_a_signal)
{
	int fd[2];

	tcp_pair(fd);
	handle(SIGPIPE, 0);
	OK(shutdown(fd[0], SHUT_WR));
	FAILS(send(fd[0], "a", 1, MSG_NOSIGNAL), EPIPE);
	EQ(signals, 0);
	FAILS(send(fd[0], "a", 1, 0), EPIPE);
	EQ(signals, 1);
	FAILS(write(fd[0], "a", 1), EPIPE);
	EQ(signals, 2);
}

static pthread_t waiting;
static volatile bool is_over;

/* Again and again, because nobody knows when the other one has begun to wait. */
static void *signal_often(void *arg)
{
	while (!is_over) {
		pthread_kill(waiting, SIGUSR1);
		usleep(5000);
	}
	return arg;
}

static pthread_t interrupt_me(void)
{
	pthread_t t;

	waiting = pthread_self();
	is_over = false;
	OK(pthread_create(&t, NULL, signal_often, NULL));
	return t;
}

static void have_peace(pthread_t t)
{
	is_over = true;
	OK(pthread_join(t, NULL));
	CHECK(signals > 0);
}

CASE(a_handler_interrupts_a_receive)
{
	int fd[2];
	pthread_t t;
	char c;

	tcp_pair(fd);
	handle(SIGUSR1, 0);
	t = interrupt_me();
	FAILS(recv(fd[0], &c, 1, 0), EINTR);
	have_peace(t);
}

CASE(a_receive_goes_on_after_a_handler_that_restarts)
{
	int fd[2];
	pthread_t t, u;
	char c;

	tcp_pair(fd);
	handle(SIGUSR1, SA_RESTART);
	t = interrupt_me();
	OK(pthread_create(&u, NULL, send_soon, &fd[1]));
	EQ(recv(fd[0], &c, 1, 0), 1);
	have_peace(t);
	OK(pthread_join(u, NULL));
}

CASE(a_handler_always_interrupts_a_poll)
{
	struct pollfd p = { .events = POLLIN };
	int fd[2];
	pthread_t t;

	tcp_pair(fd);
	p.fd = fd[0];
	handle(SIGUSR1, SA_RESTART);
	t = interrupt_me();
	FAILS(poll(&p, 1, -1), EINTR);
	have_peace(t);
}

CASE(a_handler_interrupts_an_accept)
{
	uint16_t port;
	int listener = listening(1, &port), low = (int)OK(dup(0));
	pthread_t t;

	close(low);
	handle(SIGUSR1, 0);
	t = interrupt_me();
	FAILS(accept(listener, NULL, NULL), EINTR);
	have_peace(t);
	EQ(dup(0), low); /* what was set aside for the connection is free again */
}

/* ---- processes ---- */

CASE(a_forked_child_leaves_the_parents_sockets_alone)
{
	int fd[2], status;
	pid_t pid;
	char c;

	tcp_pair(fd);
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		close(fd[1]);
		_exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	OK(send(fd[0], "a", 1, 0));
	EQ(recv(fd[1], &c, 1, 0), 1);
	EQ(level(fd[1]), POLLOUT);
}

CASE(a_forked_child_has_lost_them)
{
	int fd[2], status;
	pid_t pid;

	if (!is_preloaded())
		return;
	tcp_pair(fd);
	pid = fork();
	if (pid == 0) {
		FAILS(send(fd[0], "a", 1, MSG_NOSIGNAL), ENOTCONN);
		FAILS(socket(AF_INET, SOCK_STREAM, 0), ENETDOWN);
		_exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
}

CASE(a_child_that_borrows_memory_closes_its_own_descriptors)
{
	int fd[2], status;
	volatile pid_t pid;
	char c;

	tcp_pair(fd);
	pid = vfork();
	if (pid == 0) {
		close(fd[0]);
		dup2(0, fd[1]);
		close_range(3, ~0u, 0);
		_exit(0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	OK(send(fd[0], "a", 1, 0));
	EQ(recv(fd[1], &c, 1, 0), 1);
}

CASE(a_spawned_program_does_no_harm)
{
	char *argv[] = { "true", NULL };
	int fd[2], status;
	pid_t pid;
	char c;

	tcp_pair(fd);
	EQ(posix_spawnp(&pid, "true", NULL, NULL, argv, environ), 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	OK(send(fd[0], "a", 1, 0));
	EQ(recv(fd[1], &c, 1, 0), 1);
}
