/*
 * holm_library.h -- the C library's own numbers, which errno.h and fcntl.h of this directory hide.
 *
 * For kernel/libc/library.c alone, which includes no header that names the same things otherwise.
 */
#ifndef HOLM_LIBRARY_H
#define HOLM_LIBRARY_H

#include_next <sys/errno.h>
#include_next <sys/fcntl.h>

enum {
	LIBRARY_EDEADLK = EDEADLK,
	LIBRARY_ENOSYS = ENOSYS,
	LIBRARY_ENOTEMPTY = ENOTEMPTY,
	LIBRARY_ENAMETOOLONG = ENAMETOOLONG,
	LIBRARY_ELOOP = ELOOP,
	LIBRARY_EBADMSG = EBADMSG,
	LIBRARY_ENOTSUP = ENOTSUP,
	LIBRARY_EILSEQ = EILSEQ,
	LIBRARY_EOVERFLOW = EOVERFLOW,
	LIBRARY_ECANCELED = ECANCELED,
	LIBRARY_ETIMEDOUT = ETIMEDOUT,

	LIBRARY_O_APPEND = O_APPEND,
	LIBRARY_O_CREAT = O_CREAT,
	LIBRARY_O_TRUNC = O_TRUNC,
	LIBRARY_O_EXCL = O_EXCL,
	LIBRARY_O_NONBLOCK = O_NONBLOCK,
	LIBRARY_O_NOCTTY = O_NOCTTY,
	LIBRARY_O_CLOEXEC = O_CLOEXEC,
};

#endif
