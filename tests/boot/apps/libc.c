/*
 * libc.c -- a program that looks at the C library under it: errno, stdio, heap, threads, files, the end.
 *
 * Prints a line per behaviour; tests/boot/libc.sh looks at what comes after main() too.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <holm_app.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "kernel/thread.h"

static _Thread_local int variable = 42;
static bool constructed;

static void check(const char *name, bool passed)
{
	printf("%s %s\n", passed ? "ok" : "not ok", name);
}

__attribute__((constructor)) static void construct(void)
{
	constructed = true;
}

__attribute__((destructor)) static void destruct(void)
{
	printf("destructor ran\n");
}

static void at_exit(void)
{
	printf("atexit ran\n");
}

struct seen {
	int error, variable;
	bool formatted;
};

/* Leaves traces in everything that a thread has of its own, and looks whether they stay. */
static void other(void *arg)
{
	struct seen *seen = arg;
	char text[64];

	errno = EADDRINUSE;
	variable = 7;
	thread_yield();
	seen->error = errno;
	seen->variable = variable;
	seen->formatted = snprintf(text, sizeof(text), "%.2f %s", 2.5, "x") == 6 &&
			  strcmp(text, "2.50 x") == 0;
}

static void check_threads(void)
{
	struct seen seen[20] = { { 0 } };
	struct thread *t[20];

	for (unsigned round = 0; round < 3; round++) {
		errno = ECONNRESET;
		variable = 42;
		for (unsigned i = 0; i < 20; i++)
			if (thread_create(&t[i], NULL, other, &seen[i]) != 0)
				check("a thread can be made", false);
		thread_yield();
		check("errno survives a switch to a thread that sets it", errno == ECONNRESET);
		for (unsigned i = 0; i < 20; i++)
			(void)thread_join(t[i], NULL, UINT64_MAX);
		check("errno survives the ends of other threads", errno == ECONNRESET);
		check("a thread-local variable is each thread's own", variable == 42);
		for (unsigned i = 0; i < 20; i++)
			if (seen[i].error != EADDRINUSE || seen[i].variable != 7 ||
			    !seen[i].formatted)
				check("another thread keeps its errno and variables", false);
	}
	check("other threads keep their errno and variables", true);
}

static void check_errno(void)
{
	mbstate_t fresh;
	wchar_t wide;

	check("network errors have Linux's numbers", ECONNREFUSED == 111 && ENOTSOCK == 88);
	errno = 0;
	check("a call's error arrives in errno", close(1234) == -1 && errno == EBADF);
	errno = 0;
	(void)strtol("999999999999999999999999", NULL, 10);
	check("the library's own error arrives in errno", errno == ERANGE);
	errno = 0;
	memset(&fresh, 0, sizeof(fresh));
	if (mbrtowc(&wide, "\xff", 1, &fresh) == (size_t)-1)
		check("one with another number is translated", errno == EILSEQ && EILSEQ == 84);
	errno = EPIPE;
	errno = 0;
	check("errno can be cleared", errno == 0);
	check("strerror knows Linux's numbers",
	      strcmp(strerror(111), "Connection refused") == 0 &&
		      strcmp(strerror(EADDRINUSE), "Address already in use") == 0 &&
		      strcmp(strerror(4711), "Unknown error 4711") == 0);
}

static void check_formats(void)
{
	char text[128];
	int a = 0;
	double d = 0;

	snprintf(text, sizeof(text), "%5.2f|%-4d|%04x|%lld|%zu|%s|%e", 3.14159, 7, 255, 1LL << 40,
		 (size_t)9, "s", 12345.678);
	check("printf formats as C wants it",
	      strcmp(text, " 3.14|7   |00ff|1099511627776|9|s|1.234568e+04") == 0);
	snprintf(text, sizeof(text), "%s", (const char *)(uintptr_t)(constructed ? 0 : 1));
	check("printf prints a null string", strcmp(text, "(null)") == 0);
	check("scanf reads back", sscanf("12 2.5", "%d %lf", &a, &d) == 2 && a == 12 && d == 2.5);
}

static void check_heap(void)
{
	static char *blocks[500];
	bool aligned = true, kept = true;
	void *huge;

	for (size_t i = 0; i < 500; i++) {
		blocks[i] = malloc(i * 11 + 1);
		aligned = aligned && blocks[i] && ((uintptr_t)blocks[i] & 15) == 0;
		memset(blocks[i], (int)i, i * 11 + 1);
	}
	for (size_t i = 0; i < 500; i++) {
		kept = kept && (unsigned char)blocks[i][i * 11] == (unsigned char)i;
		free(blocks[i]);
	}
	check("the heap is aligned to 16 bytes", aligned);
	check("blocks of the heap do not overlap", kept);
	errno = 0;
	huge = malloc((size_t)1 << 40);
	check("the heap's end is ENOMEM", huge == NULL && errno == ENOMEM);
}

static void check_clocks(void)
{
	struct timespec a, b, pause = { .tv_nsec = 5000000 };
	struct timeval tv;

	clock_gettime(CLOCK_MONOTONIC, &a);
	nanosleep(&pause, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	check("nanosleep sleeps",
	      (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 5000000);
	check("the wall clock is set by time=",
	      time(NULL) >= 1700000000 && time(NULL) < 1700000100);
	gettimeofday(&tv, NULL);
	check("gettimeofday agrees", tv.tv_sec >= 1700000000 && tv.tv_sec < 1700000100);
	errno = 0;
	check("an unknown clock is EINVAL", clock_gettime(99, &a) == -1 && errno == EINVAL);
}

static void check_files(void)
{
	char text[32] = { 0 };
	const char *memory;
	struct dirent *e;
	unsigned entries = 0;
	struct stat st;
	size_t len = 0;
	FILE *f = fopen("/greeting.txt", "r");
	DIR *dir = opendir("/");
	int fd;

	check("stdio reads a file of the tree",
	      f && fgets(text, sizeof(text), f) && strcmp(text, "hello from the tree\n") == 0);
	if (f)
		fclose(f);
	errno = 0;
	check("a file that is not there is ENOENT", !fopen("/none", "r") && errno == ENOENT);
	errno = 0;
	check("a file cannot be written: EROFS", !fopen("/greeting.txt", "w") && errno == EROFS);
	fd = open("/greeting.txt", O_RDONLY);
	check("fstat tells a file's size and type",
	      fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 20);
	memory = holm_map_file(fd, &len);
	close(fd);
	check("a file is memory", memory && len == 20 && memcmp(memory, "hello", 5) == 0);
	while (dir && (e = readdir(dir)) != NULL)
		entries += strcmp(e->d_name, "greeting.txt") == 0 || strcmp(e->d_name, "sub") == 0;
	check("a directory lists its entries", dir && entries == 2 && closedir(dir) == 0);
	check("stat knows a directory", stat("/sub", &st) == 0 && S_ISDIR(st.st_mode));
	check("the console is a terminal", isatty(1) == 1);
}

static void check_sockets(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(4000) }, name;
	socklen_t len = sizeof(name);
	struct timeval none = { 0 };
	struct addrinfo *list;
	fd_set set;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int other_fd = socket(AF_INET, SOCK_STREAM, 0);

	check("a socket is made", fd >= 0 && other_fd >= 0);
	check("it is bound and listens",
	      bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, 4) == 0);
	check("it tells its name", getsockname(fd, (struct sockaddr *)&name, &len) == 0 &&
					   len == sizeof(name) && name.sin_port == htons(4000));
	errno = 0;
	check("the port is taken",
	      bind(other_fd, (struct sockaddr *)&addr, sizeof(addr)) == -1 && errno == EADDRINUSE);
	check("O_NONBLOCK is set by fcntl",
	      fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	errno = 0;
	check("accept would block", accept(fd, NULL, NULL) == -1 && errno == EAGAIN);
	FD_ZERO(&set);
	FD_SET(fd, &set);
	check("select finds nothing to accept",
	      select(fd + 1, &set, NULL, NULL, &none) == 0 && !FD_ISSET(fd, &set));
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check("connect over loopback",
	      connect(other_fd, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	FD_SET(fd, &set);
	check("select finds the connection",
	      select(fd + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(fd, &set));
	close(fd);
	close(other_fd);
	check("getaddrinfo knows numbers",
	      getaddrinfo("10.0.2.15", "80", NULL, &list) == 0 && list->ai_next != NULL);
	freeaddrinfo(list);
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

/* Calls that wait with a mask of signals, and others that Linux has beside POSIX's. */
static void check_waiting(void)
{
	struct timespec soon = { .tv_nsec = 2000000 };
	struct pollfd p = { .events = POLLIN };
	struct epoll_event ev = { .events = EPOLLIN };
	int fd[2], ep = epoll_create1(0), copy;
	sigset_t none, usr1;
	fd_set set;

	(void)pipe(fd);
	p.fd = fd[0];
	check("ppoll ends in time", ppoll(&p, 1, &soon, NULL) == 0);
	FD_ZERO(&set);
	FD_SET(fd[0], &set);
	check("pselect ends in time", pselect(fd[0] + 1, &set, NULL, NULL, &soon, NULL) == 0);
	(void)signal(SIGUSR1, on_signal);
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &usr1, NULL);
	(void)raise(SIGUSR1);
	check("a blocked signal comes with ppoll's mask",
	      signals == 0 && ppoll(&p, 1, &soon, &none) == 0 && signals == 1);
	(void)epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev);
	(void)write(fd[1], "x", 1);
	check("epoll_pwait finds what is there", epoll_pwait(ep, &ev, 1, -1, &none) == 1);
	check("ppoll finds it too", ppoll(&p, 1, NULL, NULL) == 1 && p.revents == POLLIN);
	copy = dup3(fd[0], 40, O_CLOEXEC);
	check("dup3 takes the number and the flag",
	      copy == 40 && (fcntl(40, F_GETFD) & FD_CLOEXEC) != 0);
	(void)close(copy);
	(void)close(fd[0]);
	(void)close(fd[1]);
	(void)close(ep);
}

static void check_names(void)
{
	unsigned char a[16] = { 0 }, b[16] = { 0 };
	char name[IF_NAMESIZE] = "", host[65] = "";
	struct ifaddrs *list = NULL;
	struct utsname names;
	struct ifreq r;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned found = 0;

	check("uname knows the machine", uname(&names) == 0 && strcmp(names.sysname, "holm") == 0 &&
						 strcmp(names.machine, "x86_64") == 0);
	check("the host name is the command line's",
	      gethostname(host, sizeof(host)) == 0 && strcmp(host, "harbour") == 0);
	check("it can be changed", sethostname("pier", 4) == 0 && uname(&names) == 0 &&
					   strcmp(names.nodename, "pier") == 0);
	check("the loopback is interface 1", if_nametoindex("lo") == 1 &&
						     if_indextoname(1, name) == name &&
						     strcmp(name, "lo") == 0);
	check("getifaddrs lists interfaces", getifaddrs(&list) == 0 && list != NULL);
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
		found += strcmp(i->ifa_name, "net0") == 0;
	check("the card among them", found >= 1);
	freeifaddrs(list);
	memset(&r, 0, sizeof(r));
	memcpy(r.ifr_name, "net0", 5);
	check("ioctl tells its MTU", ioctl(fd, SIOCGIFMTU, &r) == 0 && r.ifr_mtu == 1500);
	(void)close(fd);
	check("random bytes differ", getrandom(a, sizeof(a), 0) == sizeof(a) &&
					     getrandom(b, sizeof(b), 0) == sizeof(b) &&
					     memcmp(a, b, sizeof(a)) != 0);
}

int main(int argc, char **argv, char **envp)
{
	check("constructors run before main", constructed);
	check("arguments come from the command line",
	      argc == 3 && strcmp(argv[1], "one") == 0 && strcmp(argv[2], "two words") == 0);
	check("the environment comes from the command line",
	      getenv("NAME") && strcmp(getenv("NAME"), "value") == 0 && envp[1] == NULL);
	check_errno();
	check_formats();
	check_heap();
	check_threads();
	check_clocks();
	check_files();
	check_sockets();
	check_waiting();
	check_names();
	atexit(at_exit);
	printf("no newline at the end");
	return 37;
}
