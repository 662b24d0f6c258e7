/*
 * The TAP device; see device.h. The interface is Documentation/networking/tuntap.rst of Linux; the
 * header before each frame is virtio 1.2 section 5.1.6, in the host's byte order, without num_buffers.
 *
 * tx() copies into the kernel at once, so a frame is done when tx() returns.
 */
#include "tools/tap/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/compiler.h"

enum {
	BATCH = 32,
	/* The ethernet header ends on a 32-byte boundary, as the stack likes it. */
	HEADROOM = 50,
	HOME_BYTES = HOLM_FRAME_BYTES - HEADROOM,
	GSO_MAX = 65535,
};

struct tap_chunk {
	struct holm_buf buf;
	struct tap_device *tap;
	struct tap_chunk *next;
	uint8_t data[TAP_CHUNK_BYTES];
};

/* ---- chunks ---- */

static void chunk_release(struct holm_buf *buf)
{
	struct tap_chunk *c = container_of(buf, struct tap_chunk, buf);

	c->next = c->tap->free;
	c->tap->free = c;
}

static const struct holm_buf_owner chunk_owner = { .release = chunk_release };

/* The chunk that the next large frame would continue in; NULL: all are held. */
static struct tap_chunk *first_chunk(struct tap_device *t)
{
	struct tap_chunk *c;

	if (t->free || t->chunks == TAP_CHUNKS_MAX)
		return t->free;
	c = malloc(sizeof(*c));
	if (!c)
		return NULL;
	c->buf = (struct holm_buf){ .owner = &chunk_owner, .bytes = sizeof(*c) };
	c->tap = t;
	c->next = NULL;
	t->chunks++;
	t->free = c;
	return c;
}

/* ---- receiving ---- */

/* What the kernel says of the frame. False: it cannot be true. */
static bool read_header(struct holm_frame *f, const struct virtio_net_hdr *h)
{
	uint8_t type = h->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;

	if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		if ((uint32_t)h->csum_start + h->csum_offset + 2 > f->len)
			return false;
		f->csum_start = h->csum_start;
		f->csum_off = h->csum_offset;
		f->csum = HOLM_CSUM_VERIFIED;
	} else if (h->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
		f->csum = HOLM_CSUM_VERIFIED;
	}
	if (type == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	if ((type != VIRTIO_NET_HDR_GSO_TCPV4 && type != VIRTIO_NET_HDR_GSO_TCPV6) ||
	    h->gso_size == 0)
		return false;
	f->gso = type == VIRTIO_NET_HDR_GSO_TCPV6 ? HOLM_GSO_TCP6 : HOLM_GSO_TCP4;
	f->gso_size = h->gso_size;
	return true;
}

/* The frame's bytes beyond the home buffer lie in the first free chunk: they become a segment. */
static bool adopt_chunk(struct tap_device *t, struct holm_frame *f, size_t len)
{
	struct tap_chunk *c = t->free;
	bool fits;

	if (!c || len > TAP_CHUNK_BYTES)
		return false;
	t->free = c->next;
	c->buf.refs = 1;
	fits = holm_frame_append(f, &c->buf, c->data, len);
	holm_buf_put(&c->buf); /* the segment's reference keeps the bytes */
	return fits;
}

static bool finish(struct tap_device *t, struct holm_frame *f, const struct virtio_net_hdr *h,
		   size_t len)
{
	holm_frame_put(f, len < HOME_BYTES ? len : HOME_BYTES);
	if (len > HOME_BYTES && !adopt_chunk(t, f, len - HOME_BYTES))
		return false;
	return read_header(f, h);
}

/* The next frame; NULL with *any: it had to be dropped, without: there is none. */
static struct holm_frame *receive(struct tap_device *t, bool *any)
{
	struct virtio_net_hdr h;
	struct tap_chunk *c = first_chunk(t);
	struct holm_frame *f = t->spare ? t->spare : holm_frame_alloc(t->pool, HEADROOM, true);
	struct iovec iov[3] = { { &h, sizeof(h) } };
	ssize_t n;

	*any = false;
	t->spare = f;
	if (!f)
		return NULL; /* the kernel keeps what waits, until there are frames again */
	iov[1] = (struct iovec){ holm_frame_data(f), HOME_BYTES };
	iov[2] = (struct iovec){ c ? c->data : NULL, c ? TAP_CHUNK_BYTES : 0 };
	n = readv(t->fd, iov, 3);
	if (n <= (ssize_t)sizeof(h))
		return NULL;
	*any = true;
	t->spare = NULL;
	if (!finish(t, f, &h, (size_t)n - sizeof(h))) {
		holm_frame_free(f);
		t->dev.stats.rx_dropped++;
		return NULL;
	}
	t->dev.stats.rx_frames++;
	t->dev.stats.rx_bytes += f->len;
	return f;
}

static bool device_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	struct tap_device *t = container_of(dev, struct tap_device, dev);
	bool any = true;

	if (t->is_blocked) {
		t->is_blocked = false;
		holm_net_tx_ready(dev->net, dev);
	}
	while (any && budget > 0) {
		struct holm_frame *batch[BATCH];
		size_t n = 0;

		while (n < BATCH && budget > 0) {
			struct holm_frame *f = receive(t, &any);

			if (!any)
				break;
			budget--;
			if (f)
				batch[n++] = f;
		}
		if (n > 0)
			holm_net_input(dev->net, dev, batch, n, now);
	}
	return any;
}

/* ---- sending ---- */

static struct virtio_net_hdr header_of(const struct holm_frame *f)
{
	struct virtio_net_hdr h = { 0 };

	if (f->csum == HOLM_CSUM_PARTIAL) {
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h.csum_start = f->csum_start;
		h.csum_offset = f->csum_off;
	}
	if (f->gso != HOLM_GSO_NONE) {
		h.gso_type = f->gso == HOLM_GSO_TCP6 ? VIRTIO_NET_HDR_GSO_TCPV6
						     : VIRTIO_NET_HDR_GSO_TCPV4;
		h.gso_size = f->gso_size;
		h.hdr_len = f->hdr_len;
	}
	return h;
}

/* False: the kernel has no room now. What it refuses for good is lost and counted. */
static bool send_one(struct tap_device *t, const struct holm_frame *f)
{
	struct virtio_net_hdr h = header_of(f);
	struct iovec iov[1 + HOLM_FRAME_SEGS_MAX] = { { &h, sizeof(h) } };
	int n = 1;

	for (uint32_t i = 0; i < f->nsegs; i++)
		if (f->segs[i].len > 0)
			iov[n++] = (struct iovec){ f->segs[i].data, f->segs[i].len };
	if (writev(t->fd, iov, n) >= 0) {
		t->dev.stats.tx_frames++;
		t->dev.stats.tx_bytes += f->len;
		return true;
	}
	if (errno == EAGAIN)
		return false;
	t->dev.stats.tx_dropped++;
	return true;
}

static size_t device_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct tap_device *t = container_of(dev, struct tap_device, dev);
	size_t taken = 0;

	while (taken < n && send_one(t, frames[taken]))
		taken++;
	t->is_blocked = taken < n;
	holm_frame_free_batch(frames, taken);
	return taken;
}

/* ---- coming and going ---- */

static void device_detach(struct holm_dev *dev)
{
	struct tap_device *t = container_of(dev, struct tap_device, dev);

	if (t->spare)
		holm_frame_free(t->spare);
	t->spare = NULL;
}

static const struct holm_dev_ops device_ops = {
	.tx = device_tx,
	.poll = device_poll,
	.detach = device_detach,
};

static struct holm_dev_caps caps_of(const struct tap_device_config *config)
{
	struct holm_dev_caps caps = {
		.mtu = config->mtu,
		.segs_max = HOLM_FRAME_SEGS_MAX,
	};

	if (config->has_csum)
		caps.features |= HOLM_DEV_TX_CSUM | HOLM_DEV_RX_CSUM;
	if (config->has_tso) {
		caps.features |= HOLM_DEV_TSO4 | HOLM_DEV_TSO6;
		caps.gso_max = GSO_MAX;
	}
	return caps;
}

static int ioctl_by(int domain, unsigned long request, void *arg)
{
	int fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, request, arg) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* An ioctl on an interface by its name, through any socket. */
static int if_ioctl(unsigned long request, struct ifreq *ifr)
{
	return ioctl_by(AF_INET, request, ifr);
}

static struct ifreq if_named(const char *name)
{
	struct ifreq ifr = { 0 };

	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	return ifr;
}

static int set_up(int fd, const struct tap_device_config *config)
{
	struct ifreq ifr = if_named(config->name);
	unsigned offload = (config->has_csum ? TUN_F_CSUM : 0u) |
			   (config->has_tso ? TUN_F_TSO4 | TUN_F_TSO6 : 0u);
	int hdr_bytes = sizeof(struct virtio_net_hdr);

	ifr.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &hdr_bytes) < 0 ||
	    ioctl(fd, TUNSETOFFLOAD, offload) < 0)
		return -errno;
	ifr = if_named(config->name);
	ifr.ifr_mtu = config->mtu;
	return if_ioctl(SIOCSIFMTU, &ifr);
}

int tap_device_open(struct tap_device *t, const struct tap_device_config *config)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = set_up(fd, config);
	if (err) {
		close(fd);
		return err;
	}
	*t = (struct tap_device){
		.fd = fd,
		.dev = {
			.ops = &device_ops,
			.name = config->name,
			.link_up = true,
			.caps = caps_of(config),
		},
	};
	return 0;
}

void tap_device_close(struct tap_device *t)
{
	struct tap_chunk *c, *next;

	close(t->fd);
	for (c = t->free; c; c = next) {
		next = c->next;
		free(c);
	}
}

static void put_addr(struct sockaddr *sa, uint32_t addr)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(addr) };

	memcpy(sa, &in, sizeof(in));
}

int tap_device_configure_host(const char *name, uint32_t addr, unsigned prefix_len)
{
	struct ifreq ifr = if_named(name);
	int err;

	put_addr(&ifr.ifr_addr, addr);
	err = if_ioctl(SIOCSIFADDR, &ifr);
	if (err)
		return err;
	put_addr(&ifr.ifr_netmask, prefix_len > 0 ? ~UINT32_C(0) << (32 - prefix_len) : 0);
	err = if_ioctl(SIOCSIFNETMASK, &ifr);
	if (err)
		return err;
	ifr.ifr_flags = IFF_UP;
	return if_ioctl(SIOCSIFFLAGS, &ifr);
}

/* As <linux/ipv6.h> has it, which does not go together with <netinet/in.h>. */
struct in6_ifreq {
	struct in6_addr addr;
	uint32_t prefix_len;
	int index;
};

int tap_device_configure_host6(const char *name, const uint8_t addr[static 16], unsigned prefix_len)
{
	struct in6_ifreq ifr6 = { .prefix_len = prefix_len };
	struct ifreq ifr = if_named(name);
	int err;

	ifr.ifr_flags = IFF_UP;
	err = if_ioctl(SIOCSIFFLAGS, &ifr);
	if (err)
		return err;
	err = if_ioctl(SIOCGIFINDEX, &ifr);
	if (err)
		return err;
	memcpy(&ifr6.addr, addr, sizeof(ifr6.addr));
	ifr6.index = ifr.ifr_ifindex;
	err = ioctl_by(AF_INET6, SIOCSIFADDR, &ifr6);
	/* It may have it from the program before; IPv4 makes nothing of that either. */
	return err == -EEXIST ? 0 : err;
}
