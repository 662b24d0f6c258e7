/*
 * check.h -- what stands between %{ and }%: "assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd". Names are the
 * fields of struct tcp_info, drop_ and count_ of <holm/stats.h>, and the constants of scripts.
 */
#ifndef TESTS_PKT_CHECK_H
#define TESTS_PKT_CHECK_H

#include "tests/pkt/calls.h"

/* Fails the script unless all assertions hold. */
void check_code(struct calls *c, const char *code);

#endif
