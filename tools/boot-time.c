/*
 * boot-time.c -- `make boot-time`: how long from starting QEMU to the first HTTP answer.
 *
 *	boot-time IMAGE [RUNS]
 *
 * Boots the image through tools/run.sh with settings from the environment, and from that moment on
 * asks for the first page on a new connection every few milliseconds, without giving up on earlier
 * ones: QEMU's user network takes a connection before there is a guest to give it to. The time begins
 * when run.sh starts QEMU, which it does through this same program, and ends with the first bytes of an
 * answer. A second column has the time from starting run.sh. It measures; it judges nothing.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRIES_MAX = 1000, BETWEEN_MS = 5, RUNS_MAX = 100, PATIENCE_MS = 10000 };

static const char request[] = "GET / HTTP/1.1\r\nHost: holm\r\nConnection: close\r\n\r\n";

/* What QEMU's first moment says through the pipe. */
struct stamp {
	uint64_t ns;
	pid_t qemu;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "boot-time: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* In run.sh's place of QEMU: note the time, become QEMU, whose word at its end nobody needs ten times. */
static int exec_qemu(char **argv)
{
	const char *fd = getenv("BOOT_TIME_FD");
	struct stamp stamp;
	int null;

	memset(&stamp, 0, sizeof(stamp));
	stamp.ns = now_ns();
	stamp.qemu = getpid();
	if (!fd || write(atoi(fd), &stamp, sizeof(stamp)) != sizeof(stamp))
		return 126;
	close(atoi(fd));
	null = open("/dev/null", O_WRONLY);
	if (null >= 0)
		dup2(null, 2);
	argv[0] = "qemu-system-x86_64";
	execvp(argv[0], argv);
	return 127;
}

static pid_t boot(const char *image, int stamp)
{
	char text[16];
	pid_t pid = fork();
	int null;

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		_exit(126);
	snprintf(text, sizeof(text), "%d", stamp);
	setenv("BOOT_TIME_FD", text, 1);
	execl("/bin/sh", "sh", "tools/run.sh", image, (char *)NULL);
	_exit(127);
}

static int dial(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		die("socket");
	/* On the host's own loopback a connection is there at once or refused at once. */
	if ((connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS) &&
	    send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(request) - 1)
		return fd;
	close(fd);
	return -1;
}

/* Has one of the connections an answer? Those that were refused or cut are forgotten. */
static bool is_answered(struct pollfd *tries, size_t *n)
{
	char answer[16];

	for (size_t i = *n; i-- > 0;) {
		ssize_t got;

		if (tries[i].revents == 0)
			continue;
		got = recv(tries[i].fd, answer, sizeof(answer), 0);
		if (got >= 8 && memcmp(answer, "HTTP/1.1", 8) == 0)
			return true;
		close(tries[i].fd);
		tries[i] = tries[--*n];
	}
	return false;
}

/* When the first answer came, or 0 if none did. */
static uint64_t ask_until_answered(uint16_t port, pid_t runner)
{
	static struct pollfd tries[TRIES_MAX];
	siginfo_t ended;
	uint64_t begin = now_ns(), next = begin, answer = 0;
	size_t n = 0;

	while (!answer && now_ns() - begin < PATIENCE_MS * 1000000ull) {
		if (now_ns() >= next && n < TRIES_MAX) {
			tries[n].fd = dial(port);
			tries[n].events = POLLIN;
			n += tries[n].fd >= 0;
			next += BETWEEN_MS * 1000000ull;
		}
		if (poll(tries, n, 1) > 0 && is_answered(tries, &n))
			answer = now_ns();
		memset(&ended, 0, sizeof(ended));
		if (waitid(P_PID, (id_t)runner, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    ended.si_pid != 0)
			break;
	}
	for (size_t i = 0; i < n; i++)
		close(tries[i].fd);
	return answer;
}

/* One start. QEMU is told to end, and run.sh cleans up. */
static void measure(const char *image, uint16_t port, double *qemu_ms, double *all_ms)
{
	uint64_t begin, answer;
	struct stamp stamp;
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) < 0)
		die("pipe");
	begin = now_ns();
	pid = boot(image, ends[1]);
	close(ends[1]);
	answer = ask_until_answered(port, pid);
	if (read(ends[0], &stamp, sizeof(stamp)) != sizeof(stamp))
		exit(1); /* run.sh has said why there is no QEMU */
	close(ends[0]);
	kill(stamp.qemu, SIGTERM);
	waitpid(pid, NULL, 0);
	if (!answer) {
		fprintf(stderr, "boot-time: no answer from %s; see what make run says\n", image);
		exit(1);
	}
	*qemu_ms = (double)(answer - stamp.ns) / 1e6;
	*all_ms = (double)(answer - begin) / 1e6;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

int main(int argc, char **argv)
{
	double qemu_ms[RUNS_MAX], all_ms[RUNS_MAX];
	const char *port = getenv("PORT");
	size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 10;

	if (getenv("BOOT_TIME_FD"))
		return exec_qemu(argv);
	if (argc < 2 || !port || runs < 1 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: PORT=8080 boot-time IMAGE [RUNS]\n");
		return 2;
	}
	setenv("QEMU", argv[0], 1);
	setenv("QUIET", "1", 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("milliseconds to the first HTTP answer, from starting QEMU and from starting run.sh\n");
	for (size_t i = 0; i < runs; i++) {
		measure(argv[1], (uint16_t)atoi(port), &qemu_ms[i], &all_ms[i]);
		printf("%8.1f %8.1f\n", qemu_ms[i], all_ms[i]);
	}
	printf("%8.1f %8.1f  median of %zu\n", median(qemu_ms, runs), median(all_ms, runs), runs);
	return 0;
}
