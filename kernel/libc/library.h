/* library.h -- translations of the C library's own numbers. */
#ifndef LIBC_LIBRARY_H
#define LIBC_LIBRARY_H

/* The flags of an open() that the library itself makes, as Linux's. */
int libc_open_flags_of_library(int flags);

#endif
