/* Descriptors and the files that are no sockets: pipes, eventfd, timerfd; dup and fcntl. */
#include "tests/posix/posix.h"

#define PIPE_BYTES 65536
#define ATOMIC 4096

static int counter(unsigned value, int flags)
{
	return (int)OK(eventfd(value, flags));
}

static int timer(int flags)
{
	return (int)OK(timerfd_create(CLOCK_MONOTONIC, flags));
}

static void arm(int fd, long ns, long interval_ns)
{
	struct itimerspec v = { { 0, interval_ns }, { 0, ns } };

	OK(timerfd_settime(fd, 0, &v, NULL));
}

static uint64_t number(int fd)
{
	uint64_t n = 0;

	EQ(read(fd, &n, sizeof(n)), 8);
	return n;
}

static void pause_ms(long ms)
{
	struct timespec ts = { 0, ms * 1000000 };

	OK(nanosleep(&ts, NULL));
}

/* ---- pipes ---- */

CASE(pipe_carries_bytes_in_order)
{
	char buf[8] = "";
	int fd[2];

	OK(pipe(fd));
	EQ(write(fd[1], "ab", 2), 2);
	EQ(write(fd[1], "cd", 2), 2);
	EQ(read(fd[0], buf, 3), 3);
	EQ(memcmp(buf, "abc", 3), 0);
	EQ(read(fd[0], buf, 8), 1);
}

CASE(pipe_without_a_writer_ends)
{
	char buf[8];
	int fd[2];

	OK(pipe(fd));
	EQ(write(fd[1], "x", 1), 1);
	close(fd[1]);
	EQ(level(fd[0]), POLLIN | POLLHUP);
	EQ(read(fd[0], buf, 8), 1);
	EQ(read(fd[0], buf, 8), 0);
	EQ(level(fd[0]), POLLHUP);
}

CASE(pipe_without_a_reader_is_an_error)
{
	int fd[2];

	OK(pipe(fd));
	close(fd[0]);
	EQ(level(fd[1]), POLLOUT | POLLERR);
}

CASE(pipe_empty_would_block)
{
	char c;
	int fd[2];

	OK(pipe2(fd, O_NONBLOCK));
	FAILS(read(fd[0], &c, 1), EAGAIN);
	EQ(level(fd[0]), 0);
	EQ(level(fd[1]), POLLOUT);
}

CASE(pipe_full_would_block)
{
	static char bytes[PIPE_BYTES + 1];
	int fd[2];

	OK(pipe2(fd, O_NONBLOCK));
	EQ(write(fd[1], bytes, sizeof(bytes)), PIPE_BYTES);
	FAILS(write(fd[1], bytes, 1), EAGAIN);
	EQ(level(fd[1]), 0);
}

CASE(pipe_small_writes_are_not_torn)
{
	static char bytes[PIPE_BYTES];
	int fd[2];

	OK(pipe2(fd, O_NONBLOCK));
	EQ(write(fd[1], bytes, PIPE_BYTES - ATOMIC), PIPE_BYTES - ATOMIC);
	EQ(write(fd[1], bytes, ATOMIC - 1), ATOMIC - 1);
	/* There is one byte left, if any: nothing of two is written. */
	FAILS(write(fd[1], bytes, ATOMIC), EAGAIN);
}

CASE(pipe_large_writes_may_be_torn)
{
	static char bytes[PIPE_BYTES];
	int fd[2];

	OK(pipe2(fd, O_NONBLOCK));
	EQ(write(fd[1], bytes, PIPE_BYTES - ATOMIC), PIPE_BYTES - ATOMIC);
	EQ(write(fd[1], bytes, 2 * ATOMIC), ATOMIC);
}

CASE(pipe_counts_what_can_be_read)
{
	int fd[2], n = -1;

	OK(pipe(fd));
	OK(ioctl(fd[0], FIONREAD, &n));
	EQ(n, 0);
	EQ(write(fd[1], "abc", 3), 3);
	OK(ioctl(fd[0], FIONREAD, &n));
	EQ(n, 3);
}

CASE(pipe_flags_are_of_both_ends)
{
	int fd[2];

	OK(pipe2(fd, O_NONBLOCK | O_CLOEXEC));
	for (int i = 0; i < 2; i++) {
		EQ(fcntl(fd[i], F_GETFD), FD_CLOEXEC);
		CHECK(fcntl(fd[i], F_GETFL) & O_NONBLOCK);
	}
	EQ(fcntl(fd[0], F_GETFL) & O_ACCMODE, O_RDONLY);
	EQ(fcntl(fd[1], F_GETFL) & O_ACCMODE, O_WRONLY);
	FAILS(pipe2(fd, 1), EINVAL);
}

CASE(pipe_has_no_position)
{
	int fd[2];

	OK(pipe(fd));
	FAILS(lseek(fd[0], 0, SEEK_SET), ESPIPE);
}

CASE(pipe_nothing_is_written_at_once)
{
	int fd[2];

	OK(pipe(fd));
	EQ(write(fd[1], "", 0), 0);
	EQ(level(fd[0]), 0);
}

CASE(pipe_reads_and_writes_in_pieces)
{
	char a[2], b[4];
	struct iovec out[] = { { (char[]){ 'x' }, 1 }, { NULL, 0 }, { (char[]){ 'y', 'z' }, 2 } };
	struct iovec in[] = { { a, 2 }, { b, 4 } };
	int fd[2];

	OK(pipe(fd));
	EQ(writev(fd[1], out, 3), 3);
	EQ(readv(fd[0], in, 2), 3);
	EQ(a[0], 'x');
	EQ(b[0], 'z');
}

CASE(pipe_vectors_have_a_bound)
{
	static struct iovec iov[1025];
	int fd[2];

	OK(pipe(fd));
	FAILS(writev(fd[1], iov, 1025), EINVAL);
	EQ(writev(fd[1], iov, 1024), 0);
}

/* ---- eventfd ---- */

CASE(eventfd_begins_with_a_value)
{
	EQ(number(counter(7, 0)), 7);
}

CASE(eventfd_adds_up_and_is_emptied)
{
	uint64_t n = 3;
	int fd = counter(0, EFD_NONBLOCK);

	EQ(write(fd, &n, 8), 8);
	EQ(write(fd, &n, 8), 8);
	EQ(number(fd), 6);
	FAILS(read(fd, &n, 8), EAGAIN);
}

CASE(eventfd_semaphore_gives_ones)
{
	uint64_t n;
	int fd = counter(2, EFD_SEMAPHORE | EFD_NONBLOCK);

	EQ(number(fd), 1);
	EQ(number(fd), 1);
	FAILS(read(fd, &n, 8), EAGAIN);
}

CASE(eventfd_does_not_overflow)
{
	uint64_t n = UINT64_MAX;
	int fd = counter(0, EFD_NONBLOCK);

	FAILS(write(fd, &n, 8), EINVAL);
	n = UINT64_MAX - 1;
	EQ(write(fd, &n, 8), 8);
	EQ(level(fd), POLLIN);
	n = 1;
	FAILS(write(fd, &n, 8), EAGAIN);
	n = 0;
	EQ(write(fd, &n, 8), 8);
}

CASE(eventfd_wants_eight_bytes)
{
	char small[4] = "", large[16];
	int fd = counter(1, 0);

	FAILS(read(fd, small, 4), EINVAL);
	FAILS(write(fd, small, 4), EINVAL);
	EQ(read(fd, large, 16), 8);
	EQ(large[0], 1);
}

CASE(eventfd_levels)
{
	int fd = counter(0, 0);

	EQ(level(fd), POLLOUT);
	EQ(write(fd, &(uint64_t){ 1 }, 8), 8);
	EQ(level(fd), POLLIN | POLLOUT);
}

CASE(eventfd_zero_is_nothing)
{
	uint64_t n = 0;
	int fd = counter(0, EFD_NONBLOCK);

	EQ(write(fd, &n, 8), 8);
	EQ(level(fd), POLLOUT);
	FAILS(read(fd, &n, 8), EAGAIN);
}

CASE(eventfd_flags)
{
	FAILS(eventfd(0, 2), EINVAL);
	EQ(fcntl(counter(0, EFD_CLOEXEC), F_GETFD), FD_CLOEXEC);
	CHECK(fcntl(counter(0, EFD_NONBLOCK), F_GETFL) & O_NONBLOCK);
}

CASE(eventfd_is_no_pipe_and_no_socket)
{
	int fd = counter(0, 0), n;

	FAILS(ioctl(fd, FIONREAD, &n), ENOTTY);
	FAILS(send(fd, "x", 1, 0), ENOTSOCK);
	FAILS(fcntl(fd, F_GETPIPE_SZ), EBADF);
}

/* ---- timerfd ---- */

CASE(timerfd_counts_intervals)
{
	int fd = timer(0);

	arm(fd, 1000000, 2000000);
	pause_ms(20);
	CHECK(number(fd) >= 5);
}

CASE(timerfd_without_an_interval_expires_once)
{
	struct itimerspec left;
	int fd = timer(TFD_NONBLOCK);
	uint64_t n;

	arm(fd, 1000000, 0);
	EQ(wait_for(fd, POLLIN, 1000), POLLIN);
	EQ(number(fd), 1);
	FAILS(read(fd, &n, 8), EAGAIN);
	OK(timerfd_gettime(fd, &left));
	EQ(left.it_value.tv_nsec, 0);
}

CASE(timerfd_blocks_until_it_expires)
{
	int fd = timer(0);

	arm(fd, 10000000, 0);
	EQ(number(fd), 1);
}

CASE(timerfd_is_disarmed_by_zero)
{
	int fd = timer(TFD_NONBLOCK);
	uint64_t n;

	arm(fd, 5000000, 5000000);
	arm(fd, 0, 0);
	pause_ms(10);
	FAILS(read(fd, &n, 8), EAGAIN);
	EQ(level(fd), 0);
}

CASE(timerfd_setting_forgets_expirations)
{
	int fd = timer(TFD_NONBLOCK);
	uint64_t n;

	arm(fd, 1000000, 0);
	pause_ms(5);
	arm(fd, 900000000, 0);
	FAILS(read(fd, &n, 8), EAGAIN);
}

CASE(timerfd_tells_the_old_setting)
{
	struct itimerspec v = { { 0, 7000 }, { 100, 0 } }, old;
	int fd = timer(0);

	OK(timerfd_settime(fd, 0, &v, &old));
	EQ(old.it_value.tv_sec, 0);
	EQ(old.it_interval.tv_nsec, 0);
	OK(timerfd_settime(fd, 0, &v, &old));
	CHECK(old.it_value.tv_sec == 99 || old.it_value.tv_sec == 100);
	EQ(old.it_interval.tv_nsec, 7000);
}

CASE(timerfd_absolute_in_the_past_expires_at_once)
{
	struct itimerspec v = { { 0, 0 }, { 0, 1 } };
	int fd = timer(0);

	OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &v, NULL));
	EQ(wait_for(fd, POLLIN, 1000), POLLIN);
	EQ(number(fd), 1);
}

CASE(timerfd_absolute_in_the_future_waits)
{
	struct itimerspec v = { { 0, 0 }, { 0, 0 } };
	int fd = timer(TFD_NONBLOCK);
	uint64_t n;

	OK(clock_gettime(CLOCK_MONOTONIC, &v.it_value));
	v.it_value.tv_sec += 50;
	OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &v, NULL));
	FAILS(read(fd, &n, 8), EAGAIN);
	OK(timerfd_gettime(fd, &v));
	CHECK(v.it_value.tv_sec >= 49 && v.it_value.tv_sec <= 50);
}

CASE(timerfd_of_the_wall_clock)
{
	struct itimerspec v = { { 0, 0 }, { 0, 0 } };
	int fd = (int)OK(timerfd_create(CLOCK_REALTIME, 0));

	OK(clock_gettime(CLOCK_REALTIME, &v.it_value));
	OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &v, NULL));
	EQ(wait_for(fd, POLLIN, 1000), POLLIN);
}

CASE(timerfd_refuses)
{
	struct itimerspec bad = { { 0, 0 }, { 0, 1000000000 } }, good = { { 0, 0 }, { 0, 1 } };
	char small[4];
	int fd = timer(0);

	FAILS(timerfd_create(99, 0), EINVAL);
	FAILS(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	FAILS(timerfd_settime(fd, 0, &bad, NULL), EINVAL);
	FAILS(timerfd_settime(fd, 99, &good, NULL), EINVAL);
	FAILS(timerfd_settime(999, 0, &good, NULL), EBADF);
	FAILS(timerfd_settime(counter(0, 0), 0, &good, NULL), EINVAL);
	FAILS(timerfd_gettime(udp(), &good), EINVAL);
	FAILS(read(fd, small, 4), EINVAL);
	FAILS(write(fd, "12345678", 8), EINVAL);
}

CASE(timerfd_a_negative_time_is_none)
{
	struct itimerspec bad = { { 0, 0 }, { -1, 0 } };

	FAILS(timerfd_settime(timer(0), 0, &bad, NULL), EINVAL);
}

CASE(timerfd_interval_alone_does_not_arm)
{
	int fd = timer(TFD_NONBLOCK);
	uint64_t n;

	arm(fd, 0, 1000000);
	pause_ms(5);
	FAILS(read(fd, &n, 8), EAGAIN);
}

/* ---- dup and fcntl ---- */

CASE(fd_the_lowest_free_one_is_taken)
{
	int a = udp(), b = udp(), c = udp();

	close(b);
	close(a);
	EQ(dup(c), a);
	EQ(dup(c), b);
}

CASE(fd_dup_shares_flags_of_the_file)
{
	int fd = udp(), copy = (int)OK(dup(fd));

	nonblocking(fd);
	CHECK(fcntl(copy, F_GETFL) & O_NONBLOCK);
	OK(fcntl(fd, F_SETFD, FD_CLOEXEC));
	EQ(fcntl(copy, F_GETFD), 0);
}

CASE(fd_dup_does_not_keep_cloexec)
{
	int fd = (int)OK(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	EQ(fcntl((int)OK(dup(fd)), F_GETFD), 0);
	EQ(fcntl((int)OK(fcntl(fd, F_DUPFD_CLOEXEC, 0)), F_GETFD), FD_CLOEXEC);
	EQ(fcntl((int)OK(fcntl(fd, F_DUPFD, 0)), F_GETFD), 0);
}

CASE(fd_dup_from_a_number_on)
{
	int fd = udp();

	EQ(fcntl(fd, F_DUPFD, 50), 50);
	EQ(fcntl(fd, F_DUPFD, 50), 51);
	FAILS(fcntl(fd, F_DUPFD, -1), EINVAL);
}

CASE(fd_dup2_replaces)
{
	int a = udp(), b = tcp();

	EQ(dup2(a, b), b);
	EQ(get_int(b, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
}

CASE(fd_dup2_onto_itself)
{
	int a = udp();

	EQ(dup2(a, a), a);
	FAILS(dup2(999, 999), EBADF);
	FAILS(dup2(999, a), EBADF);
	FAILS(dup2(a, -1), EBADF);
}

CASE(fd_dup3_is_stricter)
{
	int a = udp();

	FAILS(dup3(a, a, 0), EINVAL);
	FAILS(dup3(a, 60, 1), EINVAL);
	EQ(dup3(a, 60, O_CLOEXEC), 60);
	EQ(fcntl(60, F_GETFD), FD_CLOEXEC);
}

CASE(fd_setfl_leaves_the_access_mode)
{
	int fd = udp();

	OK(fcntl(fd, F_SETFL, O_RDONLY));
	EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	OK(fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND));
	EQ(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_APPEND), O_NONBLOCK | O_APPEND);
	OK(fcntl(fd, F_SETFL, 0));
	EQ(fcntl(fd, F_GETFL) & (O_NONBLOCK | O_APPEND), 0);
}

CASE(fd_setfd_knows_one_flag)
{
	int fd = udp();

	OK(fcntl(fd, F_SETFD, 0xff));
	EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	OK(fcntl(fd, F_SETFD, 0));
	EQ(fcntl(fd, F_GETFD), 0);
}

CASE(fd_fcntl_refuses_what_it_does_not_know)
{
	FAILS(fcntl(udp(), 9999, 0), EINVAL);
}

CASE(fd_fionbio_is_nonblocking)
{
	int fd = udp(), on = 1;
	char c;

	OK(ioctl(fd, FIONBIO, &on));
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	FAILS(recv(fd, &c, 1, 0), EAGAIN);
	on = 0;
	OK(ioctl(fd, FIONBIO, &on));
	EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

CASE(fd_an_ioctl_that_is_none)
{
	int n;

	FAILS(ioctl(udp(), 0xdead, &n), ENOTTY);
	FAILS(ioctl(999, FIONREAD, &n), EBADF);
}

CASE(fd_nonblocking_belongs_to_the_socket_that_was_made_so)
{
	uint16_t port;
	int l = listening(4, &port);

	nonblocking(l);
	OK(connect_to(tcp(), port));
	wait_for(l, POLLIN, 1000);
	EQ(fcntl((int)OK(accept(l, NULL, NULL)), F_GETFL) & O_NONBLOCK, 0);
}
