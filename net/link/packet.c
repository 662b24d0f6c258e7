/*
 * Packet endpoints: taps that keep copies, and a way to send what a program has written. See packet.h.
 */
#include "net/link/packet.h"

#include "net/core/iov.h"
#include "net/core/tap.h"
#include "net/link/eth.h"
#include "net/link/loopback.h"

_Static_assert(sizeof(struct packet_rx) <= sizeof(((struct holm_frame *)0)->cb),
	       "fits the scratch");

/* ---- What passes. */

static enum packet_kind kind_of(const struct holm_dev *dev, enum tap_direction direction,
				const struct holm_mac *dst)
{
	const struct holm_mac everybody = eth_broadcast();

	if (direction == TAP_OUT)
		return PACKET_OUTGOING;
	if (eth_equal(dst, &dev->mac))
		return PACKET_HOST;
	if (!eth_is_group(dst))
		return PACKET_OTHERHOST;
	return eth_equal(dst, &everybody) ? PACKET_BROADCAST : PACKET_MULTICAST;
}

/* As on Linux, those who ask for one type do not see what is sent. */
static bool wants(const struct packet_end *e, const struct holm_dev *dev,
		  enum tap_direction direction)
{
	if (e->dev_gone || (e->dev && e->dev != dev))
		return false;
	if (direction == TAP_IN)
		return true;
	return e->type == PACKET_TYPE_ALL && !e->sending && !e->ignore_outgoing;
}

static void keep(struct packet_end *e, const struct packet_rx *rx, const struct holm_frame *f,
		 const uint8_t *missing, size_t missing_len)
{
	struct holm_frame *copy = rxq_copy(&e->base.rxq, e->base.net->pool, f);

	e->packets++;
	if (!copy) {
		e->drops++;
		net_drop_note(e->base.net, HOLM_DROP_PACKET_QUEUE_FULL);
		return;
	}
	if (missing_len > 0)
		memcpy(holm_frame_push(copy, missing_len), missing, missing_len);
	copy->time_ns = e->base.net->now;
	memcpy(copy->cb.bytes, rx, sizeof(*rx));
	frame_end_put(&e->base, copy);
}

static void see(struct net_tap *tap, struct holm_dev *dev, enum tap_direction direction,
		const struct holm_frame *f)
{
	struct packet_end *e = container_of(tap, struct packet_end, tap);
	uint8_t header[ETH_HDR_BYTES];
	struct packet_rx rx;
	struct eth_info info;
	size_t missing;

	if (!wants(e, dev, direction))
		return;
	missing = eth_missing_header(dev, f, header);
	if (missing == 0 && f->len < ETH_HDR_BYTES)
		return;
	if (missing == 0)
		holm_frame_read(f, 0, header, sizeof(header));
	memcpy(&info.dst, header, sizeof(info.dst));
	memcpy(&info.src, header + sizeof(info.dst), sizeof(info.src));
	info.type = load_be16(header + sizeof(info.dst) + sizeof(info.src));
	if (e->type != PACKET_TYPE_ALL && e->type != info.type)
		return;
	rx = (struct packet_rx){
		.ifindex = holm_dev_index(dev) + 1,
		.type = info.type,
		.kind = (uint8_t)kind_of(dev, direction, &info.dst),
		.looped = dev->netif->loopback,
		.src = info.src,
	};
	keep(e, &rx, f, header, missing);
}

/* ---- Life. */

int packet_start(struct holm_net *net)
{
	net->packet = mem_zalloc(&net->mem, sizeof(*net->packet));
	if (!net->packet)
		return -HOLM_ENOMEM;
	list_init(&net->packet->all);
	return 0;
}

void packet_stop(struct holm_net *net)
{
	struct list_node *n;

	if (!net->packet)
		return;
	while ((n = list_first(&net->packet->all)) != NULL)
		packet_close(container_of(n, struct packet_end, all_node));
	mem_free(&net->mem, net->packet, sizeof(*net->packet));
	net->packet = NULL;
}

int packet_open(struct holm_net *net, bool cooked, uint16_t type, struct packet_end **out)
{
	struct packet_end *e;

	if (net->packet->count >= net->config.packet_endpoints_max)
		return -HOLM_ENOBUFS;
	e = mem_zalloc(&net->mem, sizeof(*e));
	if (!e)
		return -HOLM_ENOMEM;
	frame_end_open(&e->base, net, HOLM_EP_PACKET);
	e->cooked = cooked;
	e->tap.see = see;
	list_push_back(&net->packet->all, &e->all_node);
	net->packet->count++;
	packet_bind(e, NULL, type);
	*out = e;
	return 0;
}

void packet_close(struct packet_end *e)
{
	struct holm_net *net = e->base.net;

	tap_remove(net, &e->tap);
	frame_end_close(&e->base);
	list_remove(&e->all_node);
	net->packet->count--;
	mem_free(&net->mem, e, sizeof(*e));
}

void packet_bind(struct packet_end *e, struct holm_dev *dev, uint16_t type)
{
	tap_remove(e->base.net, &e->tap);
	e->dev = dev;
	e->dev_gone = false;
	e->type = type;
	if (type != PACKET_TYPE_NONE)
		tap_add(e->base.net, &e->tap);
}

static void netif_gone(struct packet_end *e, const struct holm_netif *netif)
{
	bool bound = e->dev == netif->dev;

	if (bound) {
		e->dev = NULL;
		e->dev_gone = true;
	}
	frame_end_netif_gone(&e->base, netif, bound);
}

void packet_netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	struct list *all = &net->packet->all;
	struct list_node *n;

	if (net->netifs[netif->index] == netif)
		return;
	for (n = list_first(all); n; n = list_next(all, n))
		netif_gone(container_of(n, struct packet_end, all_node), netif);
}

/* ---- Sending. */

static int check(const struct packet_end *e, const struct packet_to *to, size_t len)
{
	const struct holm_netif *netif = to->dev->netif;

	if (!to->dev->link_up)
		return -HOLM_ENETDOWN;
	if (!e->cooked && len < ETH_HDR_BYTES)
		return -HOLM_EINVAL;
	if (e->cooked && !to->mac && !netif->loopback)
		return -HOLM_EINVAL;
	if (len > netif->mtu + (e->cooked ? 0u : (size_t)ETH_HDR_BYTES))
		return -HOLM_EMSGSIZE;
	return 0;
}

/* The program's bytes, behind a link header of ours where it writes none. NULL: out of frames. */
static struct holm_frame *build(struct packet_end *e, const struct packet_to *to,
				const struct holm_msg *msg)
{
	struct holm_frame *f = holm_frame_alloc(e->base.net->pool, HOLM_FRAME_HEADROOM, false);
	struct eth_info info = { .src = to->dev->mac, .type = to->type };

	if (!f)
		return NULL;
	if (!iov_to_frame(e->base.net->pool, f, msg->iov, msg->iovcnt, false)) {
		holm_frame_free(f);
		return NULL;
	}
	if (e->cooked) {
		if (to->mac)
			info.dst = *to->mac;
		eth_build(holm_frame_push(f, ETH_HDR_BYTES), &info);
	}
	f->l3_off = ETH_HDR_BYTES;
	return f;
}

int packet_send(struct packet_end *e, const struct packet_to *to, const struct holm_msg *msg)
{
	struct holm_netif *netif = to->dev->netif;
	int err = check(e, to, holm_iov_bytes(msg->iov, msg->iovcnt));
	struct holm_frame *f;

	ASSERT(!e->base.net->callbacks);
	if (err)
		return err;
	f = netif_room(netif) > 0 ? build(e, to, msg) : NULL;
	if (!f)
		return frame_end_wait(&e->base, netif);
	e->sending = true;
	if (netif->loopback) {
		f->flags |= HOLM_FRAME_ETHERNET;
		loopback_output(e->base.net, f);
	} else {
		netif_output(netif, f);
	}
	e->sending = false;
	return 0;
}

/* ---- Receiving. */

size_t packet_offset(const struct packet_end *e)
{
	return e->cooked ? ETH_HDR_BYTES : 0;
}
