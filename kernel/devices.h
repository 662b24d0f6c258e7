/*
 * The devices of the machine, found once at boot: network devices for kernel/net.c, entropy for
 * kernel/entropy.c. Drivers are in drivers/; here they meet memory, interrupts and the command line.
 *
 * "net.off=csum,tso,..." on the command line switches features of virtio-net off.
 *
 * How a poller uses it, in this order:
 *	devices_take_interrupts();
 *	holm_net_poll_devs(), holm_net_poll(), ... until there is no more
 *	if (devices_arm()) poll again, otherwise return the deadline
 */
#ifndef KERNEL_DEVICES_H
#define KERNEL_DEVICES_H

#include <holm/dev.h>

/* Network devices that are driven; further ones are reported and left alone. */
#define DEVICES_NET_MAX 4

/* Network devices in the order of QEMU's command line, at most `max`. Returns how many there are. */
size_t devices_net(struct holm_dev **list, size_t max);

/* Let a device run that is attached to an instance, with frames of the instance's pool. */
int devices_net_start(struct holm_dev *dev, struct holm_pool *pool);

/* Acknowledge what has interrupted since the last time. */
void devices_take_interrupts(void);

/* Before sleeping: all devices are to interrupt from now on. True: one has work already. */
bool devices_arm(void);

#endif
