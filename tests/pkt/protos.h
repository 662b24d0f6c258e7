/* protos.h -- what the instances of the scripts are made of: everything that TCP has. */
#ifndef TESTS_PKT_PROTOS_H
#define TESTS_PKT_PROTOS_H

#include <holm/net.h>

/* Ends with NULL. */
extern const struct holm_proto *const pkt_protos[];

#endif
