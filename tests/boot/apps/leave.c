/*
 * leave.c -- a program that leaves right after its last send: what it has sent must still arrive.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_BYTES = 400000 };

static char reply[BODY_BYTES + 64];

int main(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(80) };
	char request[1024];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int head = snprintf(reply, sizeof(reply), "HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n",
			    BODY_BYTES);
	ssize_t n;

	memset(reply + head, 'x', BODY_BYTES);
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0 || listen(fd, 1) != 0)
		return 1;
	puts("leave: serving");
	fflush(stdout);
	fd = accept(fd, NULL, NULL);
	if (fd < 0 || read(fd, request, sizeof(request)) <= 0)
		return 2;
	for (int sent = 0; sent < head + BODY_BYTES; sent += (int)n) {
		n = write(fd, reply + sent, (size_t)(head + BODY_BYTES - sent));
		if (n <= 0)
			return 3;
	}
	return 5;
}
