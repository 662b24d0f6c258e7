/* app.c -- <holm_app.h>: sending without a copy, files as memory. */
#include <holm_app.h>

#include <stddef.h>
#include <sys/socket.h>

#include "kernel/libc/error.h"
#include "kernel/sys/sys.h"

#include <holm/socket.h>

ssize_t holm_send_const(int fd, const void *p, size_t n, int flags)
{
	return send(fd, p, n, flags | HOLM_MSG_CONST);
}

const void *holm_map_file(int fd, size_t *len)
{
	const void *data = NULL;
	int result = sys_map_file(process_current(), fd, &data, len);

	if (result < 0)
		libc_fail(-result);
	return data;
}
