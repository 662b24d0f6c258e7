/*
 * request.h -- the head of an HTTP/1.1 request, checked and taken apart (RFC 9112, RFC 9110).
 *
 * Pure: bytes in, a struct or a status out. It reads no socket and knows no file.
 */
#ifndef HTTPD_REQUEST_H
#define HTTPD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_KNOWN,	/* of RFC 9110 or 5789, but nothing here answers it: 405 */
	METHOD_UNKNOWN, /* 501 */
};

struct request {
	enum method method;
	bool keep_alive;       /* what the client wants */
	bool expects_continue; /* it waits for 100 before it sends its body */
	uint64_t body_bytes;   /* follows the head */
	char *path;	       /* decoded, begins with '/', no dot segments, NUL-terminated */
	const char *query;     /* after the '?', not decoded; "" when there is none */
};

/*
 * The length of the first head in the buffer with its empty line, or 0 while that has not arrived.
 * *scanned, 0 at first, keeps the place, so that a head that comes byte by byte is read once.
 */
size_t request_head_bytes(const char *buf, size_t len, size_t *scanned);

/* How many bytes of empty lines stand before a request (RFC 9112 2.2 has servers ignore them). */
size_t request_leading_bytes(const char *buf, size_t len);

/*
 * Take apart a complete head, in place: path and query point into it. Returns 0 or the status to
 * answer with, after which the connection must be closed: 400, 501 (transfer coding), 505.
 */
int request_parse(char *head, size_t len, struct request *r);

/* The decimal number after "name=" in a query. false: not there, or not a number of 64 bits. */
bool request_query_u64(const char *query, const char *name, uint64_t *value);

/* All of `s`, up to its NUL or `end`, as a decimal number. */
bool request_u64(const char *s, const char *end, uint64_t *value);

#endif
