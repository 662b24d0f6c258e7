/*
 * The system calls. Each returns 0 or a count, or a negative HOLM_E...; layouts and numbers are
 * Linux's. kernel/libc gives them their POSIX names and turns errors into errno.
 *
 * Calls block where POSIX's do, unless the file is non-blocking. They follow Linux's manual pages;
 * what is said here is only what those do not say.
 */
#ifndef KERNEL_SYS_SYS_H
#define KERNEL_SYS_SYS_H

#include <stddef.h>
#include <stdint.h>

#include <holm/dns.h>
#include <holm/errno.h>
#include <holm/socket.h>

struct process;

/* Flags of open(), fcntl() and, in part, socket() and accept4(). */
enum sys_open_flag {
	SYS_O_ACCMODE = 03,
	SYS_O_RDONLY = 00,
	SYS_O_WRONLY = 01,
	SYS_O_RDWR = 02,
	SYS_O_CREAT = 0100,
	SYS_O_EXCL = 0200,
	SYS_O_TRUNC = 01000,
	SYS_O_APPEND = 02000,
	SYS_O_NONBLOCK = 04000,
	SYS_O_DIRECTORY = 0200000,
	SYS_O_NOFOLLOW = 0400000,
	SYS_O_CLOEXEC = 02000000,
};

enum sys_fcntl_cmd {
	SYS_F_DUPFD = 0,
	SYS_F_GETFD = 1,
	SYS_F_SETFD = 2,
	SYS_F_GETFL = 3,
	SYS_F_SETFL = 4,
	SYS_F_DUPFD_CLOEXEC = 1030,
	SYS_F_SETPIPE_SZ = 1031,
	SYS_F_GETPIPE_SZ = 1032,
};

enum { SYS_FD_CLOEXEC = 1 };

enum sys_ioctl_request {
	SYS_FIONBIO = 0x5421,
	SYS_FIONREAD = 0x541b,
	SYS_TIOCOUTQ = 0x5411,
	SYS_SIOCATMARK = 0x8905,
};

/* Requests about interfaces, on any socket. Their argument is a struct sys_ifreq, or sys_ifconf. */
enum sys_interface_request {
	SYS_SIOCGIFNAME = 0x8910,
	SYS_SIOCGIFCONF = 0x8912,
	SYS_SIOCGIFFLAGS = 0x8913,
	SYS_SIOCGIFADDR = 0x8915,
	SYS_SIOCGIFDSTADDR = 0x8917,
	SYS_SIOCGIFBRDADDR = 0x8919,
	SYS_SIOCGIFNETMASK = 0x891b,
	SYS_SIOCGIFMETRIC = 0x891d,
	SYS_SIOCGIFMTU = 0x8921,
	SYS_SIOCGIFHWADDR = 0x8927,
	SYS_SIOCGIFINDEX = 0x8933,
};

enum sys_whence { SYS_SEEK_SET = 0, SYS_SEEK_CUR = 1, SYS_SEEK_END = 2 };

enum sys_clock {
	SYS_CLOCK_REALTIME = 0,
	SYS_CLOCK_MONOTONIC = 1,
	SYS_CLOCK_PROCESS_CPUTIME = 2,
	SYS_CLOCK_THREAD_CPUTIME = 3,
	SYS_CLOCK_MONOTONIC_RAW = 4,
	SYS_CLOCK_REALTIME_COARSE = 5,
	SYS_CLOCK_MONOTONIC_COARSE = 6,
	SYS_CLOCK_BOOTTIME = 7,
};

enum { SYS_TIMER_ABSTIME = 1 };

/* File types in sys_stat.mode. */
enum sys_mode {
	SYS_S_IFMT = 0170000,
	SYS_S_IFSOCK = 0140000,
	SYS_S_IFREG = 0100000,
	SYS_S_IFDIR = 0040000,
	SYS_S_IFCHR = 0020000,
	SYS_S_IFLNK = 0120000,
	SYS_S_IFIFO = 0010000,
};

struct sys_timespec {
	int64_t sec;
	int64_t nsec;
};

struct sys_pollfd {
	int32_t fd; /* negative: skipped */
	int16_t events;
	int16_t revents;
};

/* struct msghdr and struct mmsghdr of Linux, word for word. */
struct sys_msghdr {
	void *name;
	uint32_t name_len;
	struct holm_iov *iov;
	size_t iovcnt;
	void *control;
	size_t control_len;
	int flags;
};

struct sys_mmsghdr {
	struct sys_msghdr hdr;
	unsigned len;
};

enum { SYS_MSG_WAITFORONE = 0x10000 };

struct sys_itimerspec {
	struct sys_timespec interval;
	struct sys_timespec value;
};

enum { SYS_EFD_SEMAPHORE = 1 };

/* The low bits of epoll's events are poll's. */
#define SYS_EPOLLEXCLUSIVE (1u << 28)
#define SYS_EPOLLWAKEUP (1u << 29)
#define SYS_EPOLLONESHOT (1u << 30)
#define SYS_EPOLLET (1u << 31)

enum sys_epoll_op { SYS_EPOLL_CTL_ADD = 1, SYS_EPOLL_CTL_DEL = 2, SYS_EPOLL_CTL_MOD = 3 };

#ifdef __x86_64__
#define SYS_EPOLL_PACKED __attribute__((packed))
#else
#define SYS_EPOLL_PACKED
#endif

/* struct epoll_event of Linux, which is packed on x86-64 only. */
struct sys_epoll_event {
	uint32_t events;
	uint64_t data;
} SYS_EPOLL_PACKED;

/* What an interface is: IFF_... and ARPHRD_... of Linux. */
enum sys_interface_flag {
	SYS_IFF_UP = 1 << 0,
	SYS_IFF_BROADCAST = 1 << 1,
	SYS_IFF_LOOPBACK = 1 << 3,
	SYS_IFF_RUNNING = 1 << 6,
	SYS_IFF_MULTICAST = 1 << 12,
};
enum sys_hardware { SYS_ARPHRD_ETHER = 1, SYS_ARPHRD_LOOPBACK = 772 };

enum { SYS_IFNAME_BYTES = 16 };

/* struct ifreq and struct ifconf of Linux on a machine of 64 bits. */
struct sys_ifreq {
	char name[SYS_IFNAME_BYTES];
	union {
		struct holm_sockaddr_in addr;
		struct {
			uint16_t family;
			uint8_t bytes[14];
		} hardware;
		int16_t flags;
		int32_t number; /* index, MTU, metric, queue length */
		char room[24];
	} u;
};

struct sys_ifconf {
	int len;	       /* bytes: room at first, then what was used */
	struct sys_ifreq *req; /* NULL: how many bytes would it be? */
};

/* One interface; indices are Linux's, the loopback's is 1. */
struct sys_interface {
	char name[SYS_IFNAME_BYTES];
	uint32_t index;
	uint32_t flags; /* enum sys_interface_flag */
	uint32_t mtu;
	uint16_t hardware; /* enum sys_hardware */
	uint8_t mac[6];
};

/* One address of an interface. */
struct sys_interface_addr {
	struct holm_addr addr, mask;
	struct holm_addr broadcast; /* the wildcard: none */
	bool deprecated;	    /* better not used for anything new */
};

/* struct utsname of Linux: six names of at most 64 characters. */
enum { SYS_UTS_BYTES = 65 };

struct sys_utsname {
	char sysname[SYS_UTS_BYTES];
	char nodename[SYS_UTS_BYTES];
	char release[SYS_UTS_BYTES];
	char version[SYS_UTS_BYTES];
	char machine[SYS_UTS_BYTES];
	char domainname[SYS_UTS_BYTES];
};

/* The C library's struct stat has another layout; the seam copies. */
struct sys_stat {
	uint32_t mode;
	uint32_t nlink;
	uint64_t ino;
	uint64_t size;
	int64_t mtime; /* seconds since 1970 */
};

struct sys_dirent {
	uint64_t ino;
	uint8_t type;	  /* DT_DIR 4, DT_REG 8, DT_LNK 10 */
	const char *name; /* NUL-terminated, stays for ever */
	size_t name_len;
};

/* ---- sockets ---- */

/* `type` may carry SYS_O_NONBLOCK and SYS_O_CLOEXEC. */
int sys_socket(struct process *p, int family, int type, int protocol);
int sys_socketpair(struct process *p, int family, int type, int protocol, int fds[2]);
int sys_bind(struct process *p, int fd, const void *addr, uint32_t len);
int sys_listen(struct process *p, int fd, int backlog);
int sys_accept(struct process *p, int fd, void *addr, uint32_t *len);
int sys_accept4(struct process *p, int fd, void *addr, uint32_t *len, int flags);
int sys_connect(struct process *p, int fd, const void *addr, uint32_t len);
int sys_shutdown(struct process *p, int fd, int how);
int sys_getsockname(struct process *p, int fd, void *addr, uint32_t *len);
int sys_getpeername(struct process *p, int fd, void *addr, uint32_t *len);
int sys_setsockopt(struct process *p, int fd, int level, int name, const void *value, uint32_t len);
int sys_getsockopt(struct process *p, int fd, int level, int name, void *value, uint32_t *len);

/* ---- moving bytes ---- */

int64_t sys_read(struct process *p, int fd, void *buf, size_t n);
int64_t sys_write(struct process *p, int fd, const void *buf, size_t n);
int64_t sys_readv(struct process *p, int fd, const struct holm_iov *iov, int n);
int64_t sys_writev(struct process *p, int fd, const struct holm_iov *iov, int n);
int64_t sys_send(struct process *p, int fd, const void *buf, size_t n, int flags);
int64_t sys_recv(struct process *p, int fd, void *buf, size_t n, int flags);
int64_t sys_sendto(struct process *p, int fd, const void *buf, size_t n, int flags,
		   const void *addr, uint32_t len);
int64_t sys_recvfrom(struct process *p, int fd, void *buf, size_t n, int flags, void *addr,
		     uint32_t *len);
int64_t sys_sendmsg(struct process *p, int fd, const struct sys_msghdr *msg, int flags);
/* name_len, control_len and flags are results too. */
int64_t sys_recvmsg(struct process *p, int fd, struct sys_msghdr *msg, int flags);
/* How many messages went or came; an error only for the first. */
int sys_sendmmsg(struct process *p, int fd, struct sys_mmsghdr *msgs, unsigned n, int flags);
int sys_recvmmsg(struct process *p, int fd, struct sys_mmsghdr *msgs, unsigned n, int flags,
		 struct sys_timespec *timeout);

/* send() of bytes that never change: queued where they are (holm_app.h's holm_send_const). */
int64_t sys_send_const(struct process *p, int fd, const void *buf, size_t n, int flags);

/* From a file of the tree, at *off (which moves on) or at its position; TCP copies nothing. */
int64_t sys_sendfile(struct process *p, int out_fd, int in_fd, int64_t *off, size_t count);

/* ---- files ---- */

/* Read-only: -HOLM_EROFS for every way of writing, -HOLM_ENOENT for what is not there. */
int sys_open(struct process *p, const char *path, int flags);
int sys_fstat(struct process *p, int fd, struct sys_stat *st);
int sys_stat(struct process *p, const char *path, struct sys_stat *st);
int64_t sys_lseek(struct process *p, int fd, int64_t off, int whence);

/* The next entry of an open directory: 1, or 0 behind the last. lseek(fd, 0, SEEK_SET) rewinds. */
int sys_readdir(struct process *p, int fd, struct sys_dirent *e);

/* A file of the tree as memory that stays for ever. -HOLM_EINVAL for other files. */
int sys_map_file(struct process *p, int fd, const void **data, size_t *len);

/* ---- descriptors ---- */

int sys_close(struct process *p, int fd);
int sys_dup(struct process *p, int fd);
int sys_dup2(struct process *p, int fd, int to);
int sys_dup3(struct process *p, int fd, int to, int flags);
int sys_fcntl(struct process *p, int fd, int cmd, int64_t arg);
int sys_ioctl(struct process *p, int fd, uint32_t request, void *arg);

/* Negative: for ever. */
int sys_poll(struct process *p, struct sys_pollfd *fds, size_t n, int timeout_ms);
/* ppoll() without its signals: NULL waits for ever. */
int sys_ppoll(struct process *p, struct sys_pollfd *fds, size_t n,
	      const struct sys_timespec *timeout);

/* ---- files that are no files ---- */

int sys_epoll_create1(struct process *p, int flags);
int sys_epoll_ctl(struct process *p, int epfd, int op, int fd, const struct sys_epoll_event *event);
int sys_epoll_wait(struct process *p, int epfd, struct sys_epoll_event *events, int max,
		   int timeout_ms);
int sys_eventfd(struct process *p, uint32_t count, int flags);
int sys_timerfd_create(struct process *p, int clock, int flags);
int sys_timerfd_settime(struct process *p, int fd, int flags, const struct sys_itimerspec *value,
			struct sys_itimerspec *old);
int sys_timerfd_gettime(struct process *p, int fd, struct sys_itimerspec *value);
int sys_pipe2(struct process *p, int fds[2], int flags);

/* Removes the name of a Unix socket; -HOLM_EROFS for a file of the tree, -HOLM_ENOENT. */
int sys_unlink(struct process *p, const char *path);

/* ---- interfaces and names ---- */

/* The i-th interface, the loopback first; -HOLM_ENODEV behind the last. */
int sys_interface_get(struct process *p, size_t i, struct sys_interface *out);
/* The i-th address of the interface with this index; -HOLM_EADDRNOTAVAIL behind the last. */
int sys_interface_addr_get(struct process *p, uint32_t index, size_t i,
			   struct sys_interface_addr *out);

int sys_uname(struct process *p, struct sys_utsname *out);
/* -HOLM_EPERM without SYS_CAP_ADMIN, -HOLM_EINVAL for more than 64 characters. */
int sys_sethostname(struct process *p, const char *name, size_t len);
int sys_setdomainname(struct process *p, const char *name, size_t len);

/*
 * Ask the name servers; result->outcome says what came of it. -HOLM_EINVAL: no host can be called so.
 * Blocks, also while the machine is waiting for its lease.
 */
int sys_resolve(struct process *p, const char *name, enum holm_dns_type type,
		struct holm_dns_result *result);
/* The same for the addresses of either family, which are asked for at the same time. */
int sys_resolve_both(struct process *p, const char *name, struct holm_dns_result *ip4,
		     struct holm_dns_result *ip6);
int sys_resolve_addr(struct process *p, const struct holm_addr *addr,
		     struct holm_dns_result *result);

/* ---- time ---- */

int sys_clock_gettime(struct process *p, int clock, struct sys_timespec *ts);
int sys_clock_settime(struct process *p, int clock, const struct sys_timespec *ts);
int sys_clock_getres(struct process *p, int clock, struct sys_timespec *ts);
/* `left` may be NULL; nothing interrupts a sleep, so it becomes zero. */
int sys_nanosleep(struct process *p, const struct sys_timespec *req, struct sys_timespec *left);
int sys_clock_nanosleep(struct process *p, int clock, int flags, const struct sys_timespec *req,
			struct sys_timespec *left);
int sys_yield(struct process *p);

#endif
