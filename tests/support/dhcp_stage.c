/*
 * A DHCP client on its stage: see dhcp_stage.h.
 */
#include "tests/support/dhcp_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct lab_options bare = { .protos = protos, .no_address = true };

/* What the client sent since the last call, if it is DHCP. */
void dhcp_listen(struct dhcp_stage *s)
{
	for (size_t i = 0; i < s->lab.nsent; i++) {
		const struct lab_sent *sent = &s->lab.sent[i];

		if (load_be16(sent->data + 12) != 0x0800 || sent->data[23] != 17 ||
		    load_be16(sent->data + 36) != 67)
			continue;
		assert_int_equal(load_be16(sent->data + 34), 68);
		assert_int_equal(dhcp4_parse(sent->data + 42, sent->len - 42, &s->heard), DHCP4_OK);
		s->heard_src = load_be32(sent->data + 26);
		s->heard_dst = load_be32(sent->data + 30);
		s->messages++;
	}
	lab_clear(&s->lab);
}

void dhcp_run(struct dhcp_stage *s)
{
	s->next = holm_dhcp_poll(s->client, s->lab.now);
	assert_true(s->next > s->lab.now);
	lab_poll(&s->lab);
	dhcp_listen(s);
}

void dhcp_start(struct dhcp_stage *s)
{
	memset(s, 0, sizeof(*s));
	lab_init(&s->lab, &bare);
	assert_int_equal(holm_dhcp_start(s->lab.net, &s->lab.dev, "island", &s->client), 0);
	dhcp_run(s);
}

void dhcp_finish(struct dhcp_stage *s)
{
	holm_dhcp_stop(s->client, false);
	lab_fini(&s->lab);
}

/* Let time pass as a program does: waking for the client and for the instance. */
void dhcp_wait(struct dhcp_stage *s, uint64_t ns)
{
	uint64_t until = s->lab.now + ns;

	while (s->next <= until) {
		if (s->next > s->lab.now)
			lab_run(&s->lab, s->next - s->lab.now);
		dhcp_listen(s);
		dhcp_run(s);
	}
	lab_run(&s->lab, until - s->lab.now);
	dhcp_listen(s);
}

/* ---- The server's words. */

void dhcp_option(struct dhcp_reply *r, uint8_t code, const void *value, uint8_t n)
{
	r->options[r->len++] = code;
	r->options[r->len++] = n;
	memcpy(r->options + r->len, value, n);
	r->len += n;
}

void dhcp_option32(struct dhcp_reply *r, uint8_t code, uint32_t value)
{
	uint8_t bytes[4];

	store_be32(bytes, value);
	dhcp_option(r, code, bytes, 4);
}

struct dhcp_reply dhcp_reply_of(const struct dhcp_stage *s, uint8_t type)
{
	struct dhcp_reply r = { .yiaddr = DHCP_STAGE_OFFERED, .xid = s->heard.xid };

	dhcp_option(&r, DHCP4_OPT_TYPE, &type, 1);
	dhcp_option32(&r, DHCP4_OPT_SERVER_ID, DHCP_STAGE_SERVER);
	return r;
}

struct dhcp_reply dhcp_full_reply(const struct dhcp_stage *s, uint8_t type, uint32_t lease_s)
{
	struct dhcp_reply r = dhcp_reply_of(s, type);

	dhcp_option32(&r, DHCP4_OPT_LEASE, lease_s);
	dhcp_option32(&r, DHCP4_OPT_MASK, 0xffffff00);
	dhcp_option32(&r, DHCP4_OPT_ROUTER, LAB_IP(1));
	dhcp_option32(&r, DHCP4_OPT_DNS, LAB_IP(3));
	return r;
}

void dhcp_say(struct dhcp_stage *s, const struct dhcp_reply *r)
{
	uint8_t message[700] = { r->is_request ? 1 : DHCP4_BOOTREPLY, 1, 6 };
	uint8_t frame[1024];
	struct holm_mac mac = lab_mac(r->for_other ? 7 : 1);
	size_t len = 240 + r->len + 1;

	store_be32(message + 4, r->xid);
	store_be32(message + 16, r->yiaddr);
	memcpy(message + 28, &mac, 6);
	store_be32(message + 236, 0x63825363);
	memcpy(message + 240, r->options, r->len);
	message[240 + r->len] = DHCP4_OPT_END;
	lab_udp(frame, DHCP_STAGE_SERVER, r->unicast ? r->yiaddr : 0xffffffff,
		r->from_other_port ? 6767 : 67, 68, message, len);
	if (!r->unicast)
		memset(frame, 0xff, 6);
	lab_receive(&s->lab, frame, 42 + len);
	dhcp_run(s);
}

void dhcp_say_full(struct dhcp_stage *s, uint8_t type, uint32_t lease_s)
{
	struct dhcp_reply r = dhcp_full_reply(s, type, lease_s);

	dhcp_say(s, &r);
}

void dhcp_become_bound(struct dhcp_stage *s, uint32_t lease_s)
{
	uint8_t arp[64];

	dhcp_start(s);
	dhcp_say_full(s, DHCP4_OFFER, lease_s);
	dhcp_say_full(s, DHCP4_ACK, lease_s);
	assert_int_equal(holm_dhcp_state(s->client), HOLM_DHCP_BOUND);
	/* The server asks for the client's hardware address, so that its own is known. */
	lab_arp(arp, 1, 2, 50, true);
	lab_receive(&s->lab, arp, 60);
}

bool dhcp_has_address(struct dhcp_stage *s, uint32_t a)
{
	struct holm_addr addr = holm_addr_ip4((uint8_t)(a >> 24), (uint8_t)(a >> 16),
					      (uint8_t)(a >> 8), (uint8_t)a);

	return holm_addr_is_local(s->lab.net, &addr);
}

size_t dhcp_count_routes(struct dhcp_stage *s)
{
	struct holm_route r;
	size_t n = 0;

	while (holm_route_get(s->lab.net, n, &r))
		n++;
	return n;
}
