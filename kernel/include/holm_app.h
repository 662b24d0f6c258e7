/*
 * holm_app.h -- what a program in the image may use beyond POSIX. Its presence (__has_include) tells
 * a program that it is compiled for holm.
 */
#ifndef HOLM_APP_H
#define HOLM_APP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/types.h>

__BEGIN_DECLS

/*
 * As send() on a TCP socket, but the bytes are queued where they are and not copied: they must stay
 * unchanged for ever. Constants of the program do, and so do files of the tree.
 */
ssize_t holm_send_const(int fd, const void *p, size_t n, int flags);

/*
 * An open file of the read-only tree as memory, which stays when the descriptor is closed. NULL with
 * errno when this descriptor is none. *len becomes the file's size; an empty file is not NULL.
 */
const void *holm_map_file(int fd, size_t *len);

/* Room for "[2001:db8:...]:65535" and the like, with its NUL. */
enum { HOLM_APP_NAME_BYTES = 64 };

/* One connection, listener or bound socket, as `ss` would list it. */
struct holm_app_endpoint {
	const char *proto;		 /* "tcp", "udp" */
	const char *state;		 /* "ESTAB", "LISTEN", "UNCONN", ... */
	char local[HOLM_APP_NAME_BYTES]; /* "10.0.2.15:80", "0.0.0.0:*" */
	char peer[HOLM_APP_NAME_BYTES];
	uint32_t recv_q, send_q;
	uint8_t has_flow; /* what follows means something */
	uint32_t mss, cwnd_bytes, rtt_us, rttvar_us, rto_us, retrans;
};

/* Who wants to know; callbacks that are NULL are skipped. They may not make calls that block. */
struct holm_app_stats {
	void *ctx;
	void (*endpoint)(void *ctx, const struct holm_app_endpoint *e);
	void (*counter)(void *ctx, const char *name, uint64_t value); /* events since the start */
	void (*drop)(void *ctx, const char *reason, uint64_t value);  /* frames not processed */
	void (*figure)(void *ctx, const char *name,
		       uint64_t value); /* "uptime_ms", "memory_bytes" */
};

void holm_stats_read(const struct holm_app_stats *visitor);

__END_DECLS

#endif
