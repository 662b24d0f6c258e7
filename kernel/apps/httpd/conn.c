/* conn.c -- see conn.h. */
#include "conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How many steps (reads, requests, sends) one connection takes before the others have their turn. */
enum { TURN_STEPS = 16 };

/* What a step came to. */
enum step {
	STEP_ON,	 /* there may be more to do at once */
	STEP_WANT_READ,	 /* nothing without more bytes */
	STEP_WANT_WRITE, /* nothing without more room */
	STEP_OVER,	 /* close */
};

struct conn *conn_open(int fd, uint64_t now_ms)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	c->deadline_ms = now_ms + CONN_IDLE_MS;
	return c;
}

void conn_close(struct conn *c)
{
	response_free(&c->response);
	close(c->fd);
	free(c->in);
	free(c);
}

bool conn_is_idle(const struct conn *c)
{
	return c->state == CONN_READ_HEAD && c->in_start == c->in_end;
}

static uint64_t wall_s(void)
{
	time_t now = time(NULL);

	return now > 1000000000 ? (uint64_t)now : 0; /* less means that nobody has set the clock */
}

/*
 * A small body goes out in one piece with its head: one send and one segment, which is worth a copy of
 * less than two kilobytes.
 */
static void join_small_body(struct conn *c, struct text *head)
{
	const struct response *r = &c->response;
	const char *body = r->kind == BODY_TEXT ? r->text.data : r->data;

	if ((r->kind != BODY_TEXT && r->kind != BODY_CONST) ||
	    c->body_bytes > sizeof(c->head) - head->len)
		return;
	text_bytes(head, body, (size_t)c->body_bytes);
	c->body_bytes = 0;
}

/* A response is at hand: write its head and go over to sending. */
static void start_response(struct conn *c, const struct response *r, bool is_head, uint64_t now_ms)
{
	struct text t = text_over(c->head, sizeof(c->head));

	c->response = *r;
	response_head(&c->response, c->close_after, wall_s(), &t);
	if (t.failed) { /* only a redirect to an endless path can be that long */
		response_free(&c->response);
		c->response = response_status(414);
		t = text_over(c->head, sizeof(c->head));
		response_head(&c->response, c->close_after, wall_s(), &t);
	}
	c->head_sent = 0;
	c->body_sent = 0;
	c->body_bytes = is_head ? 0 : c->response.bytes;
	join_small_body(c, &t);
	c->head_len = t.len;
	c->state = c->body_left > 0 ? CONN_READ_BODY : CONN_SEND;
	if (c->state == CONN_SEND)
		c->deadline_ms = now_ms + CONN_SEND_MS;
}

/* What follows cannot be understood any more: answer, and let this be the last. */
static void start_error(struct conn *c, int status, uint64_t now_ms)
{
	struct response r = response_status(status);

	c->close_after = true;
	c->body_left = 0;
	start_response(c, &r, false, now_ms);
}

static void start_request(struct conn *c, size_t head_bytes, conn_answer *answer, uint64_t now_ms)
{
	struct request r;
	struct response response;
	int status = request_parse(c->in + c->in_start, head_bytes, &r);

	c->in_start += head_bytes;
	c->scanned = 0;
	c->requests++;
	if (status == 0 && r.body_bytes > CONN_BODY_BYTES_MAX)
		status = 413;
	if (status != 0) {
		start_error(c, status, now_ms);
		return;
	}
	c->body_left = r.body_bytes;
	if (r.expects_continue && r.body_bytes > 0)
		c->body_left = 0; /* it waits for this answer, and may never send its body */
	c->close_after =
		!r.keep_alive || c->requests >= CONN_REQUESTS_MAX || c->body_left != r.body_bytes;
	if (r.method == METHOD_KNOWN)
		response = response_status(405);
	else if (r.method == METHOD_UNKNOWN)
		response = response_status(501);
	else
		response = answer(&r);
	start_response(c, &response, r.method == METHOD_HEAD, now_ms);
}

/* Read behind what is there. The buffer exists only while it holds something. */
static enum step read_more(struct conn *c)
{
	size_t room;
	ssize_t n;

	if (!c->in)
		c->in = malloc(CONN_HEAD_BYTES_MAX);
	if (!c->in)
		return STEP_OVER;
	if (c->in_start > 0) {
		memmove(c->in, c->in + c->in_start, c->in_end - c->in_start);
		c->in_end -= c->in_start;
		c->in_start = 0;
	}
	room = CONN_HEAD_BYTES_MAX - c->in_end;
	n = recv(c->fd, c->in + c->in_end, room, 0);
	if (n > 0) {
		c->in_end += (size_t)n;
		return STEP_ON;
	}
	if (n < 0 && errno == EINTR)
		return STEP_ON;
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? STEP_WANT_READ : STEP_OVER;
}

static enum step read_head(struct conn *c, conn_answer *answer, uint64_t now_ms)
{
	size_t head, empty;
	bool was_idle;

	empty = request_leading_bytes(c->in + c->in_start, c->in_end - c->in_start);
	if (empty > 0) {
		c->in_start += empty;
		c->scanned = 0;
	}
	head = request_head_bytes(c->in + c->in_start, c->in_end - c->in_start, &c->scanned);
	if (head > 0) {
		start_request(c, head, answer, now_ms);
		return STEP_ON;
	}
	if (c->in_end - c->in_start == CONN_HEAD_BYTES_MAX) {
		bool has_line = memchr(c->in + c->in_start, '\n', CONN_HEAD_BYTES_MAX) != NULL;

		start_error(c, has_line ? 431 : 414, now_ms);
		return STEP_ON;
	}
	was_idle = conn_is_idle(c);
	switch (read_more(c)) {
	case STEP_ON:
		if (was_idle)
			c->deadline_ms = now_ms + CONN_HEAD_MS;
		return STEP_ON;
	case STEP_WANT_READ:
		return STEP_WANT_READ;
	default:
		return STEP_OVER;
	}
}

static enum step read_body(struct conn *c, uint64_t now_ms)
{
	uint64_t there = c->in_end - c->in_start;
	uint64_t n = there < c->body_left ? there : c->body_left;

	c->in_start += (size_t)n;
	c->body_left -= n;
	if (c->body_left > 0)
		return read_more(c);
	c->state = CONN_SEND;
	c->deadline_ms = now_ms + CONN_SEND_MS;
	return STEP_ON;
}

/* The response is out. */
static enum step end_response(struct conn *c, uint64_t now_ms)
{
	response_free(&c->response);
	if (!c->close_after) {
		c->state = CONN_READ_HEAD;
		c->deadline_ms = now_ms + (conn_is_idle(c) ? CONN_IDLE_MS : CONN_HEAD_MS);
		return STEP_ON;
	}
	/*
	 * Closing with bytes unread would make TCP answer with a reset, and the client might lose the
	 * response to it. So: FIN first, then read until the client's own FIN, for a while.
	 */
	if (shutdown(c->fd, SHUT_WR) != 0)
		return STEP_OVER;
	c->state = CONN_LINGER;
	c->deadline_ms = now_ms + CONN_LINGER_MS;
	return STEP_ON;
}

static enum step send_some(struct conn *c, uint64_t now_ms)
{
	ssize_t n;

	if (c->head_sent < c->head_len)
		n = send(c->fd, c->head + c->head_sent, c->head_len - c->head_sent,
			 MSG_NOSIGNAL | (c->body_bytes > 0 ? MSG_MORE : 0));
	else if (c->body_sent < c->body_bytes)
		n = response_send(&c->response, c->fd, c->body_sent);
	else
		return end_response(c, now_ms);

	if (n < 0 && errno == EINTR)
		return STEP_ON;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return STEP_WANT_WRITE;
	if (n <= 0)
		return STEP_OVER;
	if (c->head_sent < c->head_len)
		c->head_sent += (size_t)n;
	else
		c->body_sent += (uint64_t)n;
	c->deadline_ms = now_ms + CONN_SEND_MS;
	return STEP_ON;
}

static enum step discard(struct conn *c)
{
	c->in_start = c->in_end = 0;
	return read_more(c);
}

static enum step take_step(struct conn *c, conn_answer *answer, uint64_t now_ms)
{
	switch (c->state) {
	case CONN_READ_HEAD:
		return read_head(c, answer, now_ms);
	case CONN_READ_BODY:
		return read_body(c, now_ms);
	case CONN_SEND:
		return send_some(c, now_ms);
	case CONN_LINGER:
		return discard(c);
	}
	return STEP_OVER;
}

static void drop_empty_buffer(struct conn *c)
{
	if (c->in_start != c->in_end)
		return;
	free(c->in);
	c->in = NULL;
	c->in_start = c->in_end = c->scanned = 0;
}

short conn_run(struct conn *c, conn_answer *answer, uint64_t now_ms)
{
	enum step step = STEP_ON;

	for (unsigned i = 0; i < TURN_STEPS && step == STEP_ON; i++)
		step = take_step(c, answer, now_ms);
	drop_empty_buffer(c);
	switch (step) {
	case STEP_WANT_READ:
		return POLLIN;
	case STEP_WANT_WRITE:
		return POLLOUT;
	case STEP_ON: /* its share is used up; a socket with room brings it back at once */
		return c->state == CONN_LINGER ? POLLIN : POLLIN | POLLOUT;
	case STEP_OVER:
		break;
	}
	return 0;
}

short conn_expire(struct conn *c, uint64_t now_ms)
{
	if (c->state != CONN_READ_HEAD || conn_is_idle(c))
		return 0;
	start_error(c, 408, now_ms);
	return POLLOUT;
}
