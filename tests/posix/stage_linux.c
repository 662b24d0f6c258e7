/* Each case in a process of its own, in front of the host's kernel. */
#ifndef POSIX_ON_HOLM
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/stage.h"

/* The exit status of a case that could not run. */
#define SKIPPED 77
/* How long a frame may take to its reader. */
#define WIRE_MS 300

static int report;
static int tap; /* the other end of eth0 */

void stage_fail(const char *file, int line, const char *text)
{
	dprintf(report, "%s:%d: %s", file, line, text);
	_exit(1);
}

int stage_open_file(void)
{
	char path[] = "/tmp/holm-posix-XXXXXX";
	int fd = mkstemp(path), reading = open(path, O_RDONLY);

	unlink(path);
	for (size_t i = 0; i < STAGE_FILE_BYTES; i += 1000) {
		unsigned char part[1000];

		for (size_t j = 0; j < sizeof(part); j++)
			part[j] = stage_file_byte(i + j);
		if (write(fd, part, sizeof(part)) != sizeof(part))
			abort();
	}
	close(fd);
	return reading;
}

void stage_skip(const char *why)
{
	dprintf(report, "%s", why);
	_exit(SKIPPED);
}

/* ---- a network of the case's own ---- */

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

static struct ifreq named(const char *name)
{
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return r;
}

static bool set_address(int fd, unsigned long request, uint32_t value)
{
	struct ifreq r = named("eth0");
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = { htonl(value) } };

	memcpy(&r.ifr_addr, &sa, sizeof(sa));
	return ioctl(fd, request, &r) == 0;
}

static bool bring_up(int fd, const char *name)
{
	struct ifreq r = named(name);

	if (ioctl(fd, SIOCGIFFLAGS, &r) != 0)
		return false;
	r.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &r) == 0;
}

bool stage_alone(const char **why)
{
	struct ifreq r = named("eth0");
	int fd;

	*why = "no network namespace, or no TAP device in it";
	if (unshare(CLONE_NEWNET) != 0)
		return false;
	/* Nobody speaks unless the case does. */
	write_text("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	write_text("/proc/sys/net/ipv4/ping_group_range", "0 0");
	tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	r.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (tap < 0 || ioctl(tap, TUNSETIFF, &r) != 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (!bring_up(fd, "lo") || !set_address(fd, SIOCSIFADDR, 0x0a000001) ||
	    !set_address(fd, SIOCSIFNETMASK, 0xffffff00) || !bring_up(fd, "eth0"))
		return false;
	close(fd);
	return true;
}

void stage_own_mac(unsigned char mac[6])
{
	struct ifreq r = named("eth0");
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (ioctl(fd, SIOCGIFHWADDR, &r) != 0)
		abort();
	memcpy(mac, r.ifr_hwaddr.sa_data, 6);
	close(fd);
}

/* In the order of enum right. */
void stage_give_up(int right)
{
	static const int caps[] = { CAP_NET_BIND_SERVICE, CAP_NET_RAW, CAP_NET_ADMIN,
				    CAP_SYS_ADMIN };
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if ((size_t)right >= sizeof(caps) / sizeof(caps[0])) {
		write_text("/proc/sys/net/ipv4/ping_group_range", "1 0");
		return;
	}
	if (syscall(SYS_capget, &header, data) != 0)
		abort();
	data[0].effective &= ~(1u << caps[right]);
	if (syscall(SYS_capset, &header, data) != 0)
		abort();
}

void stage_wire_in(const void *frame, size_t len)
{
	if (write(tap, frame, len) < 0)
		stage_fail(__FILE__, __LINE__, "the wire takes no frame");
}

size_t stage_wire_out(void *frame, size_t len)
{
	struct pollfd p = { .fd = tap, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, WIRE_MS) <= 0)
		return 0;
	n = read(tap, frame, len);
	return n > 0 ? (size_t)n : 0;
}

bool stage_run(void (*run)(void), char *why, size_t len)
{
	int fd[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(fd) != 0)
		abort();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		report = fd[1];
		signal(SIGPIPE, SIG_IGN);
		alarm(10);
		run();
		_exit(0);
	}
	close(fd[1]);
	n = read(fd[0], why, len - 1);
	why[n > 0 ? n : 0] = 0;
	close(fd[0]);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		snprintf(why, len, "ended by signal %d", WTERMSIG(status));
	return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIPPED);
}
#endif
