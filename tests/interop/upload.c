/*
 * upload.c -- an HTTP server that checks what is uploaded: the body of a PUT must be the pattern of
 * source.c, as long as its head says. It answers with 200, or 400 and where the first wrong byte
 * is. One connection at a time, one request each.
 *
 *	upload [PORT]		port 8000
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PERIOD = 65521, HEAD_BYTES_MAX = 16 * 1024, CHUNK_BYTES = 64 * 1024 };

static char head[HEAD_BYTES_MAX + 1];
static unsigned char chunk[CHUNK_BYTES];

/* One socket for both families. */
static int listen_on(uint16_t port)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0 ||
	    listen(fd, 16) != 0)
		return -1;
	return fd;
}

/* Read up to the empty line; *n is how many bytes of `head` are there. NULL: there is none. */
static char *read_head(int fd, size_t *n)
{
	char *end;

	for (*n = 0; *n < HEAD_BYTES_MAX;) {
		ssize_t got = recv(fd, head + *n, HEAD_BYTES_MAX - *n, 0);

		if (got <= 0)
			return NULL;
		*n += (size_t)got;
		head[*n] = '\0';
		end = strstr(head, "\r\n\r\n");
		if (end)
			return end + 4;
	}
	return NULL;
}

/* Position of the first byte that is not the pattern's, or -1. */
static long long first_wrong(const unsigned char *p, size_t n, uint64_t at)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t j = (at + i) % PERIOD;

		if (p[i] != (unsigned char)(j + j / 256))
			return (long long)(at + i);
	}
	return -1;
}

static void answer(int fd, long long wrong)
{
	char body[64], text[256];

	snprintf(body, sizeof(body), wrong < 0 ? "all right\n" : "byte %lld is wrong\n", wrong);
	snprintf(text, sizeof(text),
		 "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
		 wrong < 0 ? "200 OK" : "400 Bad Request", strlen(body), body);
	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void serve(int fd)
{
	const char *length;
	uint64_t expected, at;
	long long wrong;
	size_t n;
	char *body = read_head(fd, &n);

	length = body ? strstr(head, "Content-Length: ") : NULL;
	if (!length)
		return;
	expected = strtoull(length + 16, NULL, 10);
	at = n - (size_t)(body - head);
	wrong = first_wrong((const unsigned char *)body, (size_t)at, 0);
	while (wrong < 0 && at < expected) {
		ssize_t got = recv(fd, chunk, sizeof(chunk), 0);

		if (got <= 0)
			return;
		wrong = first_wrong(chunk, (size_t)got, at);
		at += (uint64_t)got;
	}
	answer(fd, wrong);
	/* What the client has sent behind an error is read, so that the answer is not lost to a reset. */
	shutdown(fd, SHUT_WR);
	while (recv(fd, chunk, sizeof(chunk), 0) > 0)
		continue;
}

int main(int argc, char **argv)
{
	int port = argc > 1 ? atoi(argv[1]) : 8000;
	int listener = listen_on((uint16_t)port);

	if (listener < 0) {
		fprintf(stderr, "upload: port %d: %s\n", port, strerror(errno));
		return 1;
	}
	printf("upload: serving on port %d\n", port);
	fflush(stdout);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		serve(fd);
		close(fd);
	}
}
