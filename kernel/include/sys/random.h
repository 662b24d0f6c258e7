/* sys/random.h -- bytes that nobody can guess. */
#ifndef HOLM_POSIX_RANDOM_H
#define HOLM_POSIX_RANDOM_H

#include <stddef.h>
#include <sys/cdefs.h>
#include <sys/types.h>

#define GRND_NONBLOCK 1
#define GRND_RANDOM 2

__BEGIN_DECLS
/* EAGAIN: the machine has no source of entropy. */
ssize_t getrandom(void *buf, size_t n, unsigned flags);
__END_DECLS

#endif
