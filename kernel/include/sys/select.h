/* sys/select.h -- sets of descriptors, as many as Linux has. */
#ifndef HOLM_POSIX_SELECT_H
#define HOLM_POSIX_SELECT_H

#include <sys/_timeval.h>
#include <sys/cdefs.h>
#include <sys/timespec.h>

/* newlib's <sys/types.h> expects these of this header. */
#include <sys/_sigset.h>
#ifndef _SIGSET_T_DECLARED
#define _SIGSET_T_DECLARED
typedef __sigset_t sigset_t;
#endif
#define _SYS_TYPES_FD_SET

#ifndef FD_SETSIZE
#define FD_SETSIZE 1024
#endif
#define NFDBITS (8 * (int)sizeof(fd_mask))

typedef unsigned long fd_mask;

typedef struct {
	fd_mask fds_bits[FD_SETSIZE / (8 * sizeof(fd_mask))];
} fd_set;

__BEGIN_DECLS

static inline fd_mask __fd_bit(int fd)
{
	return (fd_mask)1 << ((unsigned)fd % (8 * sizeof(fd_mask)));
}

static inline fd_mask *__fd_word(int fd, fd_set *set)
{
	return &set->fds_bits[(unsigned)fd / (8 * sizeof(fd_mask))];
}

static inline void __fd_set(int fd, fd_set *set)
{
	*__fd_word(fd, set) |= __fd_bit(fd);
}

static inline void __fd_clear(int fd, fd_set *set)
{
	*__fd_word(fd, set) &= ~__fd_bit(fd);
}

static inline int __fd_is_set(int fd, const fd_set *set)
{
	return (set->fds_bits[(unsigned)fd / (8 * sizeof(fd_mask))] & __fd_bit(fd)) != 0;
}

static inline void __fd_zero(fd_set *set)
{
	for (unsigned i = 0; i < sizeof(set->fds_bits) / sizeof(set->fds_bits[0]); i++)
		set->fds_bits[i] = 0;
}

#define FD_SET(fd, set) __fd_set(fd, set)
#define FD_CLR(fd, set) __fd_clear(fd, set)
#define FD_ISSET(fd, set) __fd_is_set(fd, set)
#define FD_ZERO(set) __fd_zero(set)

int select(int n, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout);
int pselect(int n, fd_set *readfds, fd_set *writefds, fd_set *exceptfds,
	    const struct timespec *timeout, const sigset_t *mask);

__END_DECLS

#endif
