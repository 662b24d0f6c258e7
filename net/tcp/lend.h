/*
 * Bytes that are sent from where they lie in the program's buffer: which of them frames refer to, and when
 * the buffer may forget them. struct tcp_lend is in tcb.h; the rest of it in lend.c.
 */
#ifndef NET_TCP_LEND_H
#define NET_TCP_LEND_H

#include "net/tcp/tcb.h"

/* The generation under which bytes from `seq` on may be lent now; NULL: no memory. */
struct tcp_lend_gen *tcp_lend_begin(struct holm_tcp *c, struct tcp_seq seq);
/* Let the send buffer forget what is acknowledged and referenced by no frame. False: nothing. */
bool tcp_lend_discard(struct holm_tcp *c);
bool tcp_lend_is_referenced(const struct tcp_lend *l);
/* The connection ends, and has lent bytes: it has its send buffer no more if there are references to it. */
void tcp_lend_release(struct holm_tcp *c);

#endif
