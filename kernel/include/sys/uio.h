/* sys/uio.h -- scatter and gather. */
#ifndef HOLM_POSIX_UIO_H
#define HOLM_POSIX_UIO_H

#include <stddef.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#define UIO_MAXIOV 1024

struct iovec {
	void *iov_base;
	size_t iov_len;
};

__BEGIN_DECLS
ssize_t readv(int fd, const struct iovec *iov, int n);
ssize_t writev(int fd, const struct iovec *iov, int n);
__END_DECLS

#endif
