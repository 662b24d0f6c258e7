/* response.c -- see response.h. */
#include "response.h"

#include "date.h"
#include "pattern.h"
#include "holm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SEND_BYTES_MAX = 256 * 1024, /* in one call: other connections want their turn */
	FILE_CHUNK_BYTES = 8 * 1024,
};

struct status_text {
	int status;
	const char *line; /* also the body of an answer that has no other */
};

static const struct status_text statuses[] = {
	{ 200, "200 OK\n" },
	{ 301, "301 Moved Permanently\n" },
	{ 400, "400 Bad Request\n" },
	{ 404, "404 Not Found\n" },
	{ 405, "405 Method Not Allowed\n" },
	{ 408, "408 Request Timeout\n" },
	{ 413, "413 Content Too Large\n" },
	{ 414, "414 URI Too Long\n" },
	{ 431, "431 Request Header Fields Too Large\n" },
	{ 500, "500 Internal Server Error\n" },
	{ 501, "501 Not Implemented\n" },
	{ 503, "503 Service Unavailable\n" },
	{ 505, "505 HTTP Version Not Supported\n" },
};

static const char *status_line(int status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return statuses[i].line;
	return "500 Internal Server Error\n";
}

struct response response_const(const char *type, const void *data, size_t bytes)
{
	struct response r = { .status = 200,
			      .type = type,
			      .kind = BODY_CONST,
			      .bytes = bytes,
			      .data = data,
			      .fd = -1 };

	return r;
}

struct response response_status(int status)
{
	const char *line = status_line(status);
	struct response r = response_const("text/plain; charset=utf-8", line, strlen(line));

	r.status = status;
	return r;
}

static void add_field(struct text *t, const char *name, const char *value)
{
	text_add(t, name);
	text_add(t, ": ");
	text_add(t, value);
	text_add(t, "\r\n");
}

/* A decoded path as a URI again: what is not plainly allowed is percent-encoded. */
static void add_location(struct text *t, const char *path)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

	text_add(t, "Location: ");
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (strchr(plain, c)) {
			text_char(t, *path);
		} else {
			text_char(t, '%');
			text_char(t, hex[c >> 4]);
			text_char(t, hex[c & 15]);
		}
	}
	text_add(t, "/\r\n");
}

void response_head(const struct response *r, bool close, uint64_t now_s, struct text *t)
{
	const char *line = status_line(r->status);

	text_add(t, "HTTP/1.1 ");
	text_bytes(t, line, strlen(line) - 1);
	text_add(t, "\r\nServer: holm\r\n");
	if (now_s > 0) {
		text_add(t, "Date: ");
		date_http(t, now_s);
		text_add(t, "\r\n");
	}
	if (r->type)
		add_field(t, "Content-Type", r->type);
	text_add(t, "Content-Length: ");
	text_u64(t, r->bytes);
	text_add(t, "\r\n");
	if (r->location)
		add_location(t, r->location);
	if (r->fresh)
		add_field(t, "Cache-Control", "no-store");
	if (r->status == 405)
		add_field(t, "Allow", "GET, HEAD");
	add_field(t, "Connection", close ? "close" : "keep-alive");
	text_add(t, "\r\n");
}

static ssize_t send_file(const struct response *r, int fd, uint64_t offset, size_t n)
{
	char chunk[FILE_CHUNK_BYTES];
	ssize_t got;

	if (lseek(r->fd, (off_t)offset, SEEK_SET) < 0)
		return -1;
	got = read(r->fd, chunk, n < sizeof(chunk) ? n : sizeof(chunk));
	if (got <= 0)
		return got;
	return send(fd, chunk, (size_t)got, MSG_NOSIGNAL);
}

ssize_t response_send(const struct response *r, int fd, uint64_t offset)
{
	uint64_t left = r->bytes - offset;
	size_t n = left < SEND_BYTES_MAX ? (size_t)left : SEND_BYTES_MAX;
	const void *p;

	switch (r->kind) {
	case BODY_NONE:
		return 0;
	case BODY_CONST:
		return holm_send_const(fd, r->data + offset, n, MSG_NOSIGNAL);
	case BODY_PATTERN:
		p = pattern_at(offset, &n);
		return holm_send_const(fd, p, n, MSG_NOSIGNAL);
	case BODY_TEXT:
		return send(fd, r->text.data + offset, n, MSG_NOSIGNAL);
	case BODY_FILE:
		return send_file(r, fd, offset, n);
	}
	return 0;
}

void response_free(struct response *r)
{
	if (r->kind == BODY_TEXT)
		text_free(&r->text);
	if (r->kind == BODY_FILE)
		close(r->fd);
	r->kind = BODY_NONE;
}
