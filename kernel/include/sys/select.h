/* sys/select.h -- the C library's, with room for as many descriptors as Linux has. */
#ifndef FD_SETSIZE
#define FD_SETSIZE 1024
#endif
#include_next <sys/select.h>
