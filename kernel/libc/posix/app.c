/* app.c -- <holm_app.h>: sending without a copy, files as memory. */
#include <holm_app.h>

#include <stddef.h>

#include "kernel/libc/error.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

ssize_t holm_send_const(int fd, const void *p, size_t n, int flags)
{
	return libc_result_sent(sys_send_const(process_current(), fd, p, n, flags), fd, flags);
}

const void *holm_map_file(int fd, size_t *len)
{
	const void *data = NULL;
	int result = sys_map_file(process_current(), fd, &data, len);

	if (result < 0)
		libc_fail(-result);
	return data;
}
