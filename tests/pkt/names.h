/*
 * names.h -- the constants that scripts name: options, flags, errors, states. Linux's values.
 */
#ifndef TESTS_PKT_NAMES_H
#define TESTS_PKT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool name_value(const char *name, size_t len, int64_t *value);

/* "EAGAIN" for 11; "?" for what has no name. */
const char *name_of_errno(int err);

enum script_fcntl { F_GETFL_ = 3, F_SETFL_ = 4, O_RDWR_ = 2, O_NONBLOCK_ = 04000 };
enum script_ioctl { SIOCINQ_ = 0x541b, SIOCOUTQ_ = 0x5411, FIONBIO_ = 0x5421 };
enum script_domain { AF_INET6_ = 10 };
enum script_sock { SOCK_NONBLOCK_ = 04000, SOCK_CLOEXEC_ = 02000000 };
/* The level of holm's own options, enum holm_tcp_option, in setsockopt(). */
enum script_level { SOL_HOLM_ = 0x484f4c4d };

#endif
