/*
 * posix.h -- one program of socket calls, compiled twice: against the host's C library and kernel, and
 * (POSIX_ON_HOLM) against holm, whose calls take the same names. The same assertions must hold on both.
 *
 *	CASE(a_connection_is_refused)
 *	{
 *		int fd = tcp();
 *
 *		FAILS(connect_to(fd, unused_port()), ECONNREFUSED);
 *	}
 *
 * A case is a sentence; it runs alone, in a process of its own or an instance of its own, and what it
 * leaves open is closed. Where holm differs on purpose, it says so: DIFFERS("why").
 */
#ifndef TESTS_POSIX_POSIX_H
#define TESTS_POSIX_POSIX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifdef POSIX_ON_HOLM
#include "tools/front/rename.h"
#endif

struct posix_case {
	const char *name;
	void (*run)(void);
	int family;
	struct posix_case *next;
};

/* AF_INET, or AF_INET6 in the second run of a case of both. */
extern int posix_family;
void posix_register(struct posix_case *c);
/* What a failure says at its end, until the next. */
__attribute__((format(printf, 1, 2))) void posix_context(const char *format, ...);
/* Fails the case. */
__attribute__((format(printf, 3, 4), noreturn)) void posix_fail(const char *file, int line,
								const char *format, ...);

#define CASE(name)                                                                                 \
	static void run_##name(void);                                                              \
	POSIX_CASE(name, #name, AF_INET)                                                           \
	static void run_##name(void)

/* Twice: once in each family, as tcp(), udp(), bind_to() and the others below know it. */
#define CASE_OF_BOTH(name)                                                                         \
	static void run_##name(void);                                                              \
	POSIX_CASE(name, #name, AF_INET)                                                           \
	static struct posix_case case6_##name = { #name "_ip6", run_##name, AF_INET6, NULL };      \
	__attribute__((constructor)) static void register6_##name(void)                            \
	{                                                                                          \
		posix_register(&case6_##name);                                                     \
	}                                                                                          \
	static void run_##name(void)

#define POSIX_CASE(name, text, family)                                                             \
	static struct posix_case case_##name = { text, run_##name, family, NULL };                 \
	__attribute__((constructor)) static void register_##name(void)                             \
	{                                                                                          \
		posix_register(&case_##name);                                                      \
	}

#define CHECK(condition)                                                                           \
	((condition) ? (void)0 : posix_fail(__FILE__, __LINE__, "%s does not hold", #condition))

#define EQ(got, expected) posix_equal(__FILE__, __LINE__, #got, (long)(got), (long)(expected))
#define OK(call) posix_ok(__FILE__, __LINE__, #call, (long)(call))
#define FAILS(call, error) posix_fails(__FILE__, __LINE__, #call, (long)(call), error)

void posix_equal(const char *file, int line, const char *what, long got, long expected);
/* Not negative; returns it. */
long posix_ok(const char *file, int line, const char *what, long got);
void posix_fails(const char *file, int line, const char *what, long got, int error);

/* True on holm, where the line before says why it differs. */
#ifdef POSIX_ON_HOLM
#define DIFFERS(why) (sizeof(why) > 1)
#else
#define DIFFERS(why) (sizeof(why) < 1)
#endif

/* ---- short ways of saying it, in the family of the case: 127.0.0.1 is its loopback, 0.0.0.0 its wildcard */

int tcp(void);
int udp(void);
struct sockaddr_in at(const char *ip, uint16_t port);
/* The port that a socket is bound to. */
uint16_t port_of(int fd);
/* The same for AF_INET6; scope 0. */
struct sockaddr_in6 at6(const char *ip, uint16_t port);
int bind_to(int fd, const char *ip, uint16_t port);
int connect_to(int fd, uint16_t port); /* of 127.0.0.1 */
/* Of AF_INET6, whatever the case's family is. */
int tcp6(void);
int udp6(void);
int bind_to6(int fd, const char *ip, uint16_t port);
int connect_to6(int fd, const char *ip, uint16_t port);
/* A TCP socket listening at 127.0.0.1; its port. */
int listening(int backlog, uint16_t *port);
/* A connection over the loopback: [0] connected, [1] was accepted. */
void tcp_pair(int fd[2]);
void pair_of(int type, int fd[2]);
/* What poll() says now of all events; `within_ms`: waits for any of `events`. */
int level(int fd);
int wait_for(int fd, int events, int within_ms);
int set_int(int fd, int level, int name, int value);
/* The value; the case fails if there is none. */
int get_int(int fd, int level, int name);
void nonblocking(int fd);
/* An abstract address; its length. */
socklen_t abstract(struct sockaddr_un *un, const char *name);
/* A control message of descriptors. */
ssize_t send_fds(int fd, const void *buf, size_t len, const int *fds, int n);
/* *n: in, room for descriptors; out, how many came. */
ssize_t recv_fds(int fd, void *buf, size_t len, int *fds, int *n, int flags, int *msg_flags);

/* ---- a network of the case's own, with privileges in it */

/*
 * From here on the case is alone with lo and eth0, 10.0.0.1/24, has every right and may give some up.
 * Where the host does not grant that, the case is skipped.
 */
void alone(void);
enum right { RIGHT_BIND, RIGHT_RAW, RIGHT_ADMIN, RIGHT_NAMES, RIGHT_PING };
void give_up(enum right right);
/* A frame comes in at eth0. */
void wire_in(const void *frame, size_t len);
/*
 * The next frame that has left through eth0, as much as fits; 0: none. Whoever is asked for by ARP meanwhile
 * answers, with wire_mac.
 */
size_t wire_out(void *frame, size_t len);
extern const unsigned char wire_mac[6];
/* eth0's own. */
void own_mac(unsigned char mac[6]);

#endif
