/* error.h -- from what system calls return to what POSIX functions do. */
#ifndef LIBC_ERROR_H
#define LIBC_ERROR_H

#include <stdint.h>

/* A negative error becomes errno and -1, anything else stays. */
int64_t libc_result64(int64_t result);
int libc_result(int64_t result);

/* The same of what sent or wrote on `fd`: EPIPE comes with a SIGPIPE where Linux's does. */
int64_t libc_result_sent(int64_t result, int fd, int flags);

/* errno becomes this; returns -1. */
int libc_fail(int error);

/* The program's number for one of the library's. */
int libc_error_of_library(int error);

#endif
