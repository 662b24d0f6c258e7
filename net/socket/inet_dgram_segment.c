/*
 * Several datagrams as one message: UDP_SEGMENT cuts what is sent, UDP_GRO gathers what has come. Linux
 * gathers below the socket, where frames come in; here they wait one by one, and are put together by the call
 * that takes them, so that nothing is looked at twice and a reader with less room still reads datagrams.
 */
#include "net/socket/inet_dgram.h"

#include "net/core/iov.h"

int inet_dgram_set_udp(struct dgram *d, int name, int value)
{
	switch (name) {
	case HOLM_SOCKOPT_UDP_SEGMENT:
		if (value < 0 || value > (int)UINT16_MAX)
			return -HOLM_EINVAL;
		d->segment = (uint16_t)value;
		return 0;
	case HOLM_SOCKOPT_UDP_GRO:
		d->gathers = value != 0;
		return 0;
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

int inet_dgram_get_udp(const struct dgram *d, int name, int *value)
{
	switch (name) {
	case HOLM_SOCKOPT_UDP_SEGMENT:
		*value = d->segment;
		return 0;
	case HOLM_SOCKOPT_UDP_GRO:
		*value = d->gathers;
		return 0;
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

static bool is_same_end(const struct holm_endpoint *a, const struct holm_endpoint *b)
{
	return holm_addr_equal(&a->addr, &b->addr) && a->port == b->port && a->scope == b->scope;
}

/* Would the program be told the same of both? */
static bool is_alike(const struct holm_datagram *a, const struct holm_datagram *b)
{
	return is_same_end(&a->from, &b->from) && is_same_end(&a->to, &b->to) && a->dev == b->dev &&
	       a->ttl == b->ttl && a->tos == b->tos;
}

/* What one message may have: as much as one datagram, so many as a sender may cut. */
static bool may_follow(struct dgram *d, const struct holm_datagram *first, size_t done, size_t room)
{
	size_t n = holm_udp_next_bytes(d->udp), all = done + n;
	struct holm_datagram next;

	return n > 0 && n <= first->payload_len && all <= room && all <= HOLM_UDP_PAYLOAD_MAX &&
	       done < (size_t)first->payload_len * HOLM_UDP_CUT_MAX &&
	       holm_udp_peek(d->udp, &next) == 0 && is_alike(first, &next);
}

size_t inet_dgram_gather(struct dgram *d, const struct holm_datagram *first, struct holm_msg *msg)
{
	struct holm_datagram next = *first;
	size_t done = first->payload_len;

	/* Who cannot be told where one ends gets them one by one; so does who scatters them himself. */
	if (!msg->ancillary || msg->iovcnt != 1)
		return 0;
	while (next.payload_len == first->payload_len &&
	       may_follow(d, first, done, msg->iov[0].len) && holm_udp_recv(d->udp, &next) == 0) {
		struct holm_iov rest = { (uint8_t *)msg->iov[0].base + done,
					 msg->iov[0].len - done };

		done += iov_from_frame(next.frame, next.payload_off, next.payload_len, &rest, 1);
		holm_frame_free(next.frame);
	}
	if (done > first->payload_len) {
		msg->ancillary->has |= HOLM_ANC_SEGMENT;
		msg->ancillary->segment = (uint16_t)first->payload_len;
	}
	return done - first->payload_len;
}
