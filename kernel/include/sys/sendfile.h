/* sys/sendfile.h -- from a file to a socket without a copy. */
#ifndef HOLM_POSIX_SENDFILE_H
#define HOLM_POSIX_SENDFILE_H

#include <sys/cdefs.h>
#include <sys/types.h>

__BEGIN_DECLS
ssize_t sendfile(int out, int in, off_t *offset, size_t n);
__END_DECLS

#endif
