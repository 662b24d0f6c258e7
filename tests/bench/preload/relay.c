/*
 * relay.c -- carries frames between two TAP devices, with their offloads: what a network of two Linux stacks
 * costs at least when it goes through a TAP device as holm's does. `relay A B` makes both; whoever moves
 * B into another network namespace has a program on Linux' stack where the preload library has it on holm's.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_tap(const char *name)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK), bytes = sizeof(struct virtio_net_hdr);
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &bytes) < 0 ||
	    ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) < 0)
		return -1;
	return fd;
}

/* What waits goes over; a device that has no room loses it, as a full queue does. */
static void carry(int from, int to)
{
	static char frame[80 * 1024];

	for (int i = 0; i < 64; i++) {
		ssize_t n = read(from, frame, sizeof(frame));

		if (n <= 0 || write(to, frame, (size_t)n) < 0)
			return;
	}
}

int main(int argc, char **argv)
{
	struct pollfd p[2];

	for (int i = 0; i < 2; i++) {
		p[i] = (struct pollfd){ .fd = argc == 3 ? open_tap(argv[1 + i]) : -1,
					.events = POLLIN };
		if (p[i].fd < 0) {
			perror("usage: relay TAP TAP");
			return 1;
		}
	}
	puts("carrying");
	fflush(stdout);
	for (;;) {
		poll(p, 2, -1);
		for (int i = 0; i < 2; i++)
			if (p[i].revents)
				carry(p[i].fd, p[1 - i].fd);
	}
}
