/*
 * signal.h -- the C library's, and what sockets need of it: nobody sends signals here but the program
 * itself, and SIGPIPE comes to who writes where nobody reads.
 */
#include_next <signal.h>

#ifndef HOLM_POSIX_SIGNAL_H
#define HOLM_POSIX_SIGNAL_H

#ifndef SA_RESTART
#define SA_RESTART 0x10000000 /* nothing is interrupted */
#endif
#ifndef SA_NODEFER
#define SA_NODEFER 0x40000000
#endif
#ifndef SA_RESETHAND
#define SA_RESETHAND ((int)0x80000000)
#endif

#endif
