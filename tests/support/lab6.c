/*
 * IPv6 in a lab: see lab6.h.
 */
#include "tests/support/lab6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/core/net.h"
#include "net/link/neigh.h"
#include "net/wire/eth.h"
#include "net/wire/ip6.h"

static struct lab6_seen seen;

const struct lab6_seen *lab6_seen(void)
{
	return &seen;
}

static void see(struct holm_net *net, struct holm_frame *f)
{
	(void)net;
	seen.packets++;
	seen.rx = *ip_rx(f);
	seen.dev = f->dev;
	assert_true(f->len >= f->l4_off + seen.rx.l4_len);
	holm_frame_read(f, f->l4_off, seen.l4,
			seen.rx.l4_len < sizeof(seen.l4) ? seen.rx.l4_len : sizeof(seen.l4));
	holm_frame_free(f);
}

static void see_error(struct holm_net *net, const struct ip_error *error)
{
	(void)net;
	(void)error;
	seen.errors++;
}

const struct holm_proto lab6_transport = {
	.name = "seen",
	.kind = PROTO_TRANSPORT,
	.number = IP6_PROTO_UDP,
	.input = see,
	.error = see_error,
};

static void ask_nobody(struct holm_net *net, struct neigh *n, const struct holm_mac *to)
{
	(void)net;
	(void)n;
	(void)to;
}

static void say_nothing(struct holm_net *net, struct holm_netif *netif,
			const struct holm_addr *addr)
{
	(void)net;
	(void)netif;
	(void)addr;
}

static const struct neigh_ops ops = {
	.ethertype = ETH_TYPE_IP6,
	.solicit = ask_nobody,
	.announce = say_nothing,
	.withdraw = say_nothing,
};

static int neighbours_start(struct holm_net *net)
{
	return neigh_start(net, NEIGH_FAMILY_IP6, &ops);
}

static void neighbours_stop(struct holm_net *net)
{
	neigh_stop(net, NEIGH_FAMILY_IP6);
}

const struct holm_proto lab6_neighbours = {
	.name = "neighbours",
	.kind = PROTO_LAYER,
	.start = neighbours_start,
	.stop = neighbours_stop,
};

static const struct holm_proto *const plain[] = { &holm_ipv6, &holm_loopback, &lab6_transport,
						  &lab6_neighbours, NULL };

void lab6_init(struct lab *lab, const struct holm_proto *const *protos)
{
	const struct lab_options options = { .protos = protos ? protos : plain,
					     .no_address = true };
	const struct holm_addr global = lab6_addr(1), link = lab6_link(1), other = lab6_addr(2);
	const struct holm_addr other_link = lab6_link(2);

	memset(&seen, 0, sizeof(seen));
	lab_init(lab, &options);
	assert_int_equal(holm_addr_add(lab->net, &lab->dev, &link, 64), 0);
	assert_int_equal(holm_addr_add(lab->net, &lab->dev, &global, 64), 0);
	lab6_introduce(lab, &other, 2);
	lab6_introduce(lab, &other_link, 2);
}

struct holm_addr lab6_text(const char *text)
{
	struct holm_addr a;

	assert_int_equal(holm_addr_parse(&a, text, strlen(text)), 0);
	return a;
}

static struct holm_addr host_of(const char *prefix, unsigned host)
{
	struct holm_addr a = lab6_text(prefix);

	a.b[14] = (uint8_t)(host >> 8);
	a.b[15] = (uint8_t)host;
	return a;
}

struct holm_addr lab6_addr(unsigned host)
{
	return host_of("2001:db8::", host);
}

struct holm_addr lab6_link(unsigned host)
{
	return host_of("fe80::", host);
}

void lab6_introduce(struct lab *lab, const struct holm_addr *addr, unsigned host)
{
	const struct holm_mac mac = lab_mac(host);

	neigh_heard(lab->net, lab->dev.netif, addr, &mac, NEIGH_ASKED_US);
}

size_t lab6_packet(uint8_t *frame, const struct holm_addr *src, const struct holm_addr *dst,
		   uint8_t next, const void *l4, size_t l4_len)
{
	const struct ip6_info info = {
		.src = *src,
		.dst = *dst,
		.payload_len = (uint16_t)l4_len,
		.next = next,
		.hop_limit = 64,
	};
	const bool group = ip6_is_multicast(dst);

	lab_eth(frame, group ? ip6_multicast_mac(dst) : lab_mac(1), lab_mac(2), ETH_TYPE_IP6);
	ip6_build(frame + ETH_HDR_BYTES, &info);
	memcpy(frame + ETH_HDR_BYTES + IP6_HDR_BYTES, l4, l4_len);
	return ETH_HDR_BYTES + IP6_HDR_BYTES + l4_len;
}
