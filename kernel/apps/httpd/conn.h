/*
 * conn.h -- one HTTP connection: reads requests, sends responses, keeps its deadline.
 *
 * Requests that arrive together (pipelining) are answered one after the other; while a response is
 * being sent nothing is read, so that a client which does not read holds only its own connection.
 */
#ifndef HTTPD_CONN_H
#define HTTPD_CONN_H

#include "request.h"
#include "response.h"

enum conn_limits {
	CONN_HEAD_BYTES_MAX = 8 * 1024, /* request line and fields; browsers stay below 4 KiB */
	CONN_BODY_BYTES_MAX =
		64 * 1024,	   /* of a request: read and thrown away, nothing here wants one */
	CONN_REQUESTS_MAX = 10000, /* on one connection, then it is closed and slots rotate */
	CONN_ANSWER_BYTES_MAX = 512 + 3 * CONN_HEAD_BYTES_MAX / 16, /* head of a response */
};

/* How long a connection may stay in a state without getting on. */
enum conn_timeouts {
	CONN_IDLE_MS = 30000,  /* between requests */
	CONN_HEAD_MS = 10000,  /* from the first byte of a request to the end of its body */
	CONN_SEND_MS = 30000,  /* without one byte taken by the client */
	CONN_LINGER_MS = 2000, /* for the client to see an error before the connection goes */
};

enum conn_state {
	CONN_READ_HEAD,
	CONN_READ_BODY,
	CONN_SEND,
	CONN_LINGER, /* all is sent and FIN is out; what still comes is thrown away */
};

/* One per accepted socket. Owned by the server's table, freed by conn_close(). */
struct conn {
	int fd;
	enum conn_state state;
	bool close_after; /* the response under way is the last */
	unsigned requests;
	uint64_t deadline_ms;

	char *in; /* CONN_HEAD_BYTES_MAX, only while bytes are there */
	size_t in_start, in_end;
	size_t scanned; /* from in_start on: seen, holds no end of a head */
	uint64_t body_left;

	struct response response;
	size_t head_len, head_sent;
	uint64_t body_sent;
	uint64_t body_bytes; /* to send: none for HEAD */
	char head[CONN_ANSWER_BYTES_MAX];
};

/* Answers a request; provided by whoever knows what there is to serve. */
typedef struct response conn_answer(const struct request *r);

/* A connection on this non-blocking socket, or NULL when there is no memory. */
struct conn *conn_open(int fd, uint64_t now_ms);

void conn_close(struct conn *c);

/*
 * Get on as far as the socket lets, or until its share of this turn is used up. Returns the poll
 * events to wait for, or 0 when the connection is over and conn_close() is due.
 */
short conn_run(struct conn *c, conn_answer *answer, uint64_t now_ms);

/* The deadline has passed. As conn_run(). */
short conn_expire(struct conn *c, uint64_t now_ms);

/* Does it wait for a request of which nothing has come? Then it may be closed to make room. */
bool conn_is_idle(const struct conn *c);

#endif
