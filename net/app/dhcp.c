/*
 * A DHCPv4 client: RFC 2131 section 4.4 and figure 5. Drives one UDP endpoint through the public
 * interface; what a lease configures is in dhcp_lease.c, the format of messages in wire/dhcp4.
 * Without INIT-REBOOT (nothing is remembered over a restart), DECLINE and INFORM.
 */
#include "net/app/dhcp.h"

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"

/* ---- Sending. */

static uint32_t from_addr(const struct holm_addr *a)
{
	return load_be32(a->b + 12);
}

/*
 * How long this has taken so far, which relays go by: RFC 2131 section 3.1 (3) wants a request to have what
 * the message had that it was offered for. RELEASE has none (table 5).
 */
static uint16_t secs_of(struct holm_dhcp *d, uint8_t type, uint64_t now)
{
	if (type == DHCP4_RELEASE)
		return 0;
	if (d->state != HOLM_DHCP_REQUESTING)
		d->secs = (uint16_t)min_u64((now - d->began_ns) / DHCP_SECOND_NS, UINT16_MAX);
	return d->secs;
}

/* What the message of a state carries: RFC 2131 table 5 and section 4.3.6. */
static void fill_request(struct holm_dhcp *d, uint8_t type, uint64_t now, struct dhcp4_request *r)
{
	*r = (struct dhcp4_request){
		.type = type,
		.secs = secs_of(d, type, now),
		.xid = d->xid,
		.chaddr = d->dev->mac,
		.max_size = DHCP_MAX_SIZE,
		.hostname = { d->hostname, d->hostname_len },
	};
	if (d->state == HOLM_DHCP_REQUESTING) {
		r->requested = d->offered;
		r->server_id = d->server;
	} else if (d->state == HOLM_DHCP_RENEWING || d->state == HOLM_DHCP_REBINDING) {
		r->ciaddr = from_addr(&d->lease.addr);
	} else if (type == DHCP4_RELEASE) {
		r->ciaddr = from_addr(&d->lease.addr);
		r->server_id = from_addr(&d->lease.server);
	}
}

/* A message that does not go out is like one that was lost: the next one comes in time. */
static void send_message(struct holm_dhcp *d, uint8_t type, const struct holm_addr *to,
			 uint64_t now)
{
	struct holm_endpoint server = { .addr = *to, .port = DHCP4_SERVER_PORT };
	uint8_t bytes[DHCP_SEND_MAX];
	struct dhcp4_request r;
	struct holm_span span;

	fill_request(d, type, now, &r);
	span = (struct holm_span){ bytes, dhcp4_build(bytes, sizeof(bytes), &r) };
	holm_udp_send(d->udp, &server, &span, 1);
}

static void broadcast(struct holm_dhcp *d, uint8_t type, uint64_t now)
{
	struct holm_addr everybody = holm_addr_ip4(255, 255, 255, 255);

	send_message(d, type, &everybody, now);
}

/* ---- Moving from state to state. */

/* RFC 2131 section 4.1: exponential, give or take up to a second. */
static uint64_t retry_wait(struct holm_dhcp *d, uint32_t tries)
{
	uint32_t s = min_u32(DHCP_RETRY_FIRST_S << min_u32(tries, 8), DHCP_RETRY_LAST_S);
	uint32_t jitter = holm_net_random(d->net) % (2 * DHCP_SECOND_NS);

	return (uint64_t)s * DHCP_SECOND_NS - DHCP_SECOND_NS + jitter;
}

static void enter(struct holm_dhcp *d, enum holm_dhcp_state state, uint64_t next_ns)
{
	d->state = state;
	d->tries = 0;
	d->next_ns = next_ns;
}

/* Another exchange: answers to an earlier one are no answers any more. */
static void new_exchange(struct holm_dhcp *d, uint64_t now)
{
	d->xid = holm_net_random(d->net);
	d->began_ns = now;
	d->expecting = true;
}

/* Start over, later each time that it comes to nothing, so that a hostile server keeps nobody busy. */
static void start_over(struct holm_dhcp *d, uint64_t wait_ns, uint64_t now)
{
	dhcp_lease_drop(d);
	d->expecting = false;
	enter(d, HOLM_DHCP_INIT, now + wait_ns);
}

static void refused(struct holm_dhcp *d, uint64_t now)
{
	uint64_t wait = d->failures == 0 ? 0 : retry_wait(d, d->failures - 1);

	d->failures++;
	start_over(d, wait, now);
}

static void bound(struct holm_dhcp *d)
{
	d->expecting = false;
	d->failures = 0;
	enter(d, HOLM_DHCP_BOUND, d->lease.renew_ns);
}

/* RFC 2131 section 4.4.5: half of the time that is left, but not in a hurry. */
static uint64_t renew_wait(uint64_t now, uint64_t until)
{
	uint64_t left = until > now ? until - now : 0;

	return min_u64(left, max_u64(left / 2, (uint64_t)DHCP_RENEW_MIN_S * DHCP_SECOND_NS));
}

/* ---- Time passes: one step of the state, whose time has come. */

static void select_step(struct holm_dhcp *d, uint64_t now)
{
	broadcast(d, DHCP4_DISCOVER, now);
	d->next_ns = now + retry_wait(d, d->tries++);
}

static void request_step(struct holm_dhcp *d, uint64_t now)
{
	if (d->tries >= DHCP_REQUEST_MAX) {
		start_over(d, 0, now);
		return;
	}
	broadcast(d, DHCP4_REQUEST, now);
	d->next_ns = now + retry_wait(d, d->tries++);
}

static void renew_step(struct holm_dhcp *d, uint64_t now)
{
	if (now >= d->lease.rebind_ns) {
		enter(d, HOLM_DHCP_REBINDING, now);
		return;
	}
	send_message(d, DHCP4_REQUEST, &d->lease.server, now);
	d->next_ns = now + renew_wait(now, d->lease.rebind_ns);
}

/* Until the lease is over, which holm_dhcp_poll() sees. */
static void rebind_step(struct holm_dhcp *d, uint64_t now)
{
	broadcast(d, DHCP4_REQUEST, now);
	d->next_ns = now + renew_wait(now, d->lease.expire_ns);
}

static void step(struct holm_dhcp *d, uint64_t now)
{
	switch (d->state) {
	case HOLM_DHCP_INIT:
		new_exchange(d, now);
		enter(d, HOLM_DHCP_SELECTING, now);
		break;
	case HOLM_DHCP_SELECTING:
		select_step(d, now);
		break;
	case HOLM_DHCP_REQUESTING:
		request_step(d, now);
		break;
	case HOLM_DHCP_BOUND:
		new_exchange(d, now);
		enter(d, HOLM_DHCP_RENEWING, now);
		break;
	case HOLM_DHCP_RENEWING:
		renew_step(d, now);
		break;
	case HOLM_DHCP_REBINDING:
		rebind_step(d, now);
		break;
	}
}

/* A link that comes back may be another network: ask anybody whether the lease still holds. */
static void watch_link(struct holm_dhcp *d, uint64_t now)
{
	bool came_up = d->dev->link_up && !d->link_up;

	d->link_up = d->dev->link_up;
	if (!came_up)
		return;
	if (d->state == HOLM_DHCP_BOUND || d->state == HOLM_DHCP_RENEWING) {
		new_exchange(d, now);
		enter(d, HOLM_DHCP_REBINDING, now);
	} else if (d->state == HOLM_DHCP_INIT || d->state == HOLM_DHCP_SELECTING) {
		d->next_ns = now;
	}
}

/* ---- Receiving. */

/* Could a host have this address? */
static bool is_host_addr(uint32_t a)
{
	return a >> 24 != 0 && a >> 24 != 127 && a < 0xe0000000u;
}

static bool is_for_us(const struct holm_dhcp *d, const struct dhcp4_info *info)
{
	return d->expecting && info->op == DHCP4_BOOTREPLY && info->xid == d->xid &&
	       memcmp(&info->chaddr, &d->dev->mac, sizeof(info->chaddr)) == 0;
}

static void offer_received(struct holm_dhcp *d, const struct dhcp4_info *info, uint64_t now)
{
	if (d->state != HOLM_DHCP_SELECTING || !is_host_addr(info->yiaddr) ||
	    !is_host_addr(info->server_id))
		return;
	d->offered = info->yiaddr;
	d->server = info->server_id;
	enter(d, HOLM_DHCP_REQUESTING, now);
}

static bool waits_for_verdict(const struct holm_dhcp *d)
{
	return d->state == HOLM_DHCP_REQUESTING || d->state == HOLM_DHCP_RENEWING ||
	       d->state == HOLM_DHCP_REBINDING;
}

/* In REQUESTING and RENEWING one server was asked; another one's word does not count. */
static bool is_from_asked(const struct holm_dhcp *d, const struct dhcp4_info *info)
{
	if (d->state == HOLM_DHCP_REQUESTING)
		return info->server_id == d->server;
	if (d->state == HOLM_DHCP_RENEWING)
		return info->server_id == 0 || info->server_id == from_addr(&d->lease.server);
	return true;
}

static void ack_received(struct holm_dhcp *d, const struct dhcp4_info *info, uint64_t now)
{
	if (!waits_for_verdict(d) || !is_from_asked(d, info) || !is_host_addr(info->yiaddr))
		return;
	if (dhcp_lease_apply(d, info, now) == 0) {
		bound(d);
		return;
	}
	d->failures++;
	start_over(d, (uint64_t)DHCP_UNUSABLE_WAIT_S * DHCP_SECOND_NS, now);
}

static void nak_received(struct holm_dhcp *d, const struct dhcp4_info *info, uint64_t now)
{
	if (waits_for_verdict(d) && is_from_asked(d, info))
		refused(d, now);
}

static void message_received(struct holm_dhcp *d, size_t len, uint64_t now)
{
	struct dhcp4_info info;

	if (dhcp4_parse(d->message, len, &info) != DHCP4_OK || !is_for_us(d, &info))
		return;
	switch (info.type) {
	case DHCP4_OFFER:
		offer_received(d, &info, now);
		break;
	case DHCP4_ACK:
		ack_received(d, &info, now);
		break;
	case DHCP4_NAK:
		nak_received(d, &info, now);
		break;
	default:
		break;
	}
}

static void receive(struct holm_dhcp *d, uint64_t now)
{
	struct holm_datagram dg;
	int err;

	/* An error is taken with the call, and the next one tells of the datagrams behind it. */
	while ((err = holm_udp_recv(d->udp, &dg)) != -HOLM_EAGAIN) {
		size_t len;

		if (err)
			continue;
		len = dg.payload_len;
		if (len <= sizeof(d->message) && dg.from.port == DHCP4_SERVER_PORT) {
			holm_frame_read(dg.frame, dg.payload_off, d->message, len);
			holm_frame_free(dg.frame);
			message_received(d, len, now);
		} else {
			holm_frame_free(dg.frame);
		}
	}
}

/* ---- The public calls. */

uint64_t holm_dhcp_poll(struct holm_dhcp *d, uint64_t now)
{
	receive(d, now);
	watch_link(d, now);
	/* An expired lease is over whatever the state is waiting for. */
	if (d->have_lease && now >= d->lease.expire_ns)
		start_over(d, 0, now);
	while (now >= d->next_ns)
		step(d, now);
	return d->next_ns;
}

static int open_endpoint(struct holm_dhcp *d)
{
	struct holm_endpoint local = { .addr = holm_addr_ip4(0, 0, 0, 0),
				       .port = DHCP4_CLIENT_PORT };
	int err = holm_udp_open(d->net, &d->udp);

	if (err)
		return err;
	holm_udp_bind_dev(d->udp, d->dev);
	err = holm_udp_bind(d->udp, &local, HOLM_UDP_ANY_DST);
	if (!err)
		err = holm_udp_set_option(d->udp, HOLM_UDP_OPT_BROADCAST, 1);
	if (err)
		holm_udp_close(d->udp);
	return err;
}

int holm_dhcp_start(struct holm_net *net, struct holm_dev *dev, const char *hostname,
		    struct holm_dhcp **out)
{
	const struct holm_memory *memory = holm_net_memory(net);
	struct holm_dhcp *d = memory->alloc(memory->ctx, sizeof(*d));
	int err;

	if (!d)
		return -HOLM_ENOMEM;
	memset(d, 0, sizeof(*d));
	d->net = net;
	d->dev = dev;
	d->link_up = dev->link_up;
	while (hostname && hostname[d->hostname_len] && d->hostname_len < DHCP_HOSTNAME_MAX) {
		d->hostname[d->hostname_len] = (uint8_t)hostname[d->hostname_len];
		d->hostname_len++;
	}
	err = open_endpoint(d);
	if (err) {
		memory->free(memory->ctx, d, sizeof(*d));
		return err;
	}
	holm_udp_set_cookie(d->udp, d);
	enter(d, HOLM_DHCP_INIT, 0);
	*out = d;
	return 0;
}

bool holm_dhcp_owns(const struct holm_dhcp *d, const struct holm_event *ev)
{
	return ev->endpoint == d->udp;
}

enum holm_dhcp_state holm_dhcp_state(const struct holm_dhcp *d)
{
	return d->state;
}

bool holm_dhcp_lease(const struct holm_dhcp *d, struct holm_dhcp_lease *lease)
{
	if (d->have_lease)
		*lease = d->lease;
	return d->have_lease;
}

void holm_dhcp_stop(struct holm_dhcp *d, bool release)
{
	const struct holm_memory *memory = holm_net_memory(d->net);

	if (release && d->have_lease) {
		d->state = HOLM_DHCP_BOUND;
		d->xid = holm_net_random(d->net);
		send_message(d, DHCP4_RELEASE, &d->lease.server, holm_net_now(d->net));
		dhcp_lease_drop(d);
	}
	holm_udp_close(d->udp);
	memory->free(memory->ctx, d, sizeof(*d));
}
