/* sendfile(): from a regular file to a socket or a pipe. */
#include "tests/posix/posix.h"

#include "tests/posix/stage.h"

/* Reads `n` bytes and compares them with the file from `at` on. */
static void expect_bytes(int fd, size_t at, size_t n)
{
	unsigned char buf[4096];

	while (n > 0) {
		ssize_t got = OK(read(fd, buf, n < sizeof(buf) ? n : sizeof(buf)));

		CHECK(got > 0);
		for (ssize_t i = 0; i < got; i++)
			EQ(buf[i], stage_file_byte(at + (size_t)i));
		at += (size_t)got;
		n -= (size_t)got;
	}
}

CASE_OF_BOTH(sendfile_goes_on_at_the_position)
{
	int in = stage_open_file(), fd[2];

	tcp_pair(fd);
	EQ(sendfile(fd[0], in, NULL, 100), 100);
	EQ(sendfile(fd[0], in, NULL, 50), 50);
	EQ(lseek(in, 0, SEEK_CUR), 150);
	expect_bytes(fd[1], 0, 150);
}

CASE_OF_BOTH(sendfile_with_an_offset_leaves_the_position)
{
	int in = stage_open_file(), fd[2];
	off_t off = 1000;

	tcp_pair(fd);
	EQ(sendfile(fd[0], in, &off, 30), 30);
	EQ(off, 1030);
	EQ(lseek(in, 0, SEEK_CUR), 0);
	expect_bytes(fd[1], 1000, 30);
}

CASE_OF_BOTH(sendfile_ends_with_the_file)
{
	int in = stage_open_file(), fd[2];
	off_t off = STAGE_FILE_BYTES - 10;

	tcp_pair(fd);
	EQ(sendfile(fd[0], in, &off, 100), 10);
	EQ(sendfile(fd[0], in, &off, 100), 0);
	EQ(off, STAGE_FILE_BYTES);
	off = 10 * STAGE_FILE_BYTES;
	EQ(sendfile(fd[0], in, &off, 100), 0);
	EQ(off, 10 * STAGE_FILE_BYTES);
	expect_bytes(fd[1], STAGE_FILE_BYTES - 10, 10);
}

CASE_OF_BOTH(sendfile_moves_the_whole_file)
{
	int in = stage_open_file(), fd[2];
	off_t off = 0;
	size_t seen = 0;

	tcp_pair(fd);
	nonblocking(fd[0]);
	while (off < STAGE_FILE_BYTES) {
		size_t before = (size_t)off;
		ssize_t n = sendfile(fd[0], in, &off, STAGE_FILE_BYTES);

		CHECK(n > 0 || errno == EAGAIN);
		EQ(off, before + (size_t)(n > 0 ? n : 0));
		if (n > 0)
			continue;
		expect_bytes(fd[1], seen, before - seen);
		seen = before;
	}
	expect_bytes(fd[1], seen, STAGE_FILE_BYTES - seen);
}

CASE_OF_BOTH(sendfile_of_a_full_socket_would_block)
{
	int in = stage_open_file(), fd[2];
	off_t off = 0;
	long total = 0;

	tcp_pair(fd);
	nonblocking(fd[0]);
	OK(set_int(fd[0], SOL_SOCKET, SO_SNDBUF, 10000));
	OK(set_int(fd[1], SOL_SOCKET, SO_RCVBUF, 10000));
	for (ssize_t n = 0; total < 20000000; total += n) {
		off = 0;
		n = sendfile(fd[0], in, &off, STAGE_FILE_BYTES);
		if (n < 0)
			break;
	}
	EQ(errno, EAGAIN);
	CHECK(total < 20000000);
}

CASE(sendfile_to_a_pipe)
{
	int in = stage_open_file(), fd[2];

	OK(pipe(fd));
	EQ(sendfile(fd[1], in, NULL, 5000), 5000);
	expect_bytes(fd[0], 0, 5000);
}

CASE(sendfile_to_a_unix_socket)
{
	int in = stage_open_file(), fd[2];
	off_t off = 7;

	pair_of(SOCK_STREAM, fd);
	EQ(sendfile(fd[0], in, &off, 5000), 5000);
	expect_bytes(fd[1], 7, 5000);
}

CASE_OF_BOTH(sendfile_to_a_datagram_socket)
{
	int in = stage_open_file(), to = udp(), fd = udp();

	OK(bind_to(to, "127.0.0.1", 0));
	OK(connect_to(fd, port_of(to)));
	EQ(sendfile(fd, in, NULL, 100), 100);
	expect_bytes(to, 0, 100);
}

CASE_OF_BOTH(sendfile_of_nothing)
{
	int in = stage_open_file(), fd[2];

	tcp_pair(fd);
	EQ(sendfile(fd[0], in, NULL, 0), 0);
}

CASE(sendfile_refuses_what_has_no_position)
{
	int in = stage_open_file(), fd[2], pipes[2];
	off_t off = 0;

	tcp_pair(fd);
	OK(pipe(pipes));
	EQ(write(pipes[1], "x", 1), 1);
	FAILS(sendfile(fd[0], pipes[0], NULL, 1), EINVAL);
	FAILS(sendfile(fd[0], pipes[0], &off, 1), ESPIPE);
	FAILS(sendfile(fd[0], fd[1], NULL, 1), EINVAL);
	off = -1;
	FAILS(sendfile(fd[0], in, &off, 1), EINVAL);
}

CASE(sendfile_refuses_what_is_not_open_for_it)
{
	int in = stage_open_file(), fd[2], pipes[2];

	tcp_pair(fd);
	OK(pipe(pipes));
	FAILS(sendfile(fd[0], pipes[1], NULL, 1), EBADF);
	FAILS(sendfile(pipes[0], in, NULL, 1), EBADF);
	FAILS(sendfile(in, in, NULL, 1), EBADF);
	FAILS(sendfile(fd[0], 99, NULL, 1), EBADF);
	FAILS(sendfile(99, in, NULL, 1), EBADF);
}

CASE_OF_BOTH(sendfile_to_who_has_gone)
{
	int in = stage_open_file(), fd[2];

	tcp_pair(fd);
	OK(shutdown(fd[0], SHUT_WR));
	FAILS(sendfile(fd[0], in, NULL, 10), EPIPE);
	EQ(lseek(in, 0, SEEK_CUR), 0);
}
