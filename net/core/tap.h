/*
 * Taps: who looks at every frame that passes an instance's devices, the loopback included, in both
 * directions. A frame is seen as it leaves for its device's queue or as it comes in, before anybody has
 * judged it. While there is no tap, a frame costs one test of net->tap.
 */
#ifndef NET_CORE_TAP_H
#define NET_CORE_TAP_H

#include "net/core/net.h"

void tap_add(struct holm_net *net, struct net_tap *tap);
/* One that is no tap (any more) is fine, if it began as zero bytes. */
void tap_remove(struct holm_net *net, struct net_tap *tap);

#endif
