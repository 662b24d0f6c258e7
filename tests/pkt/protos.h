/* protos.h -- what the instances of the scripts are made of: everything that TCP has, or less. */
#ifndef TESTS_PKT_PROTOS_H
#define TESTS_PKT_PROTOS_H

#include <holm/net.h>

#define PROTOS_MAX 32u

/* All but those whose names are in `without`, separated by commas; ends with NULL. */
void protos_list(const struct holm_proto *list[static PROTOS_MAX], const char *without);

#endif
