/*
 * library.c -- the one file that sees the C library's own numbers: of errors and of open().
 *
 * newlib and picolibc agree on them, and on most with Linux. What differs is listed here, as far as
 * the library sets or passes it.
 */
#include <stddef.h>

#include <holm_library.h>
#include "kernel/libc/error.h"
#include "kernel/libc/library.h"

#include <holm/errno.h>

/* Linux's numbers of errors that <holm/errno.h> has no use for. */
enum {
	LINUX_EDEADLK = 35,
	LINUX_ENOTEMPTY = 39,
	LINUX_ELOOP = 40,
	LINUX_EBADMSG = 74,
	LINUX_EILSEQ = 84,
	LINUX_ECANCELED = 125,
};

struct pair {
	int library;
	int linux;
};

static const struct pair errors[] = {
	{ LIBRARY_EDEADLK, LINUX_EDEADLK },	{ LIBRARY_ENOSYS, HOLM_ENOSYS },
	{ LIBRARY_ENOTEMPTY, LINUX_ENOTEMPTY }, { LIBRARY_ENAMETOOLONG, HOLM_ENAMETOOLONG },
	{ LIBRARY_ELOOP, LINUX_ELOOP },		{ LIBRARY_EBADMSG, LINUX_EBADMSG },
	{ LIBRARY_ENOTSUP, HOLM_EOPNOTSUPP },	{ LIBRARY_EILSEQ, LINUX_EILSEQ },
	{ LIBRARY_EOVERFLOW, HOLM_EOVERFLOW },	{ LIBRARY_ECANCELED, LINUX_ECANCELED },
	{ LIBRARY_ETIMEDOUT, HOLM_ETIMEDOUT },
};

/* The access mode, 0 to 2, is the same everywhere. */
static const struct pair open_flags[] = {
	{ LIBRARY_O_APPEND, 02000 },	 { LIBRARY_O_CREAT, 0100 },	{ LIBRARY_O_TRUNC, 01000 },
	{ LIBRARY_O_EXCL, 0200 },	 { LIBRARY_O_NONBLOCK, 04000 }, { LIBRARY_O_NOCTTY, 0400 },
	{ LIBRARY_O_CLOEXEC, 02000000 },
};

int libc_error_of_library(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].library == error)
			return errors[i].linux;
	return error;
}

int libc_open_flags_of_library(int flags)
{
	int out = flags & 3;

	for (size_t i = 0; i < sizeof(open_flags) / sizeof(open_flags[0]); i++)
		if ((flags & open_flags[i].library) != 0)
			out |= open_flags[i].linux;
	return out;
}
