/*
 * Tests of IPv6 in and out: net/ip/ip6.c.
 */
#include "net/ip/template.h"
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "tests/support/expect.h"
#include "tests/support/lab6.h"

static const uint8_t l4[12] = { 0x30, 0x39, 0x00, 0x35, 0, 12, 0, 0, 'h', 'o', 'l', 'm' };

/* Does a packet between these two reach the transport? If not, `why` counts it. */
static bool passes(struct lab *lab, const char *src, const char *dst, enum holm_drop why)
{
	const struct holm_addr from = lab6_text(src), to = lab6_text(dst);
	uint64_t before = holm_net_drops(lab->net, why);
	size_t packets = lab6_seen()->packets;
	uint8_t frame[128];

	lab_receive(lab, frame, lab6_packet(frame, &from, &to, IP6_PROTO_UDP, l4, sizeof(l4)));
	if (lab6_seen()->packets > packets)
		return true;
	assert_int_equal(holm_net_drops(lab->net, why), before + 1);
	return false;
}

static void a_packet_for_us_reaches_its_transport_with_what_its_header_says(void **state)
{
	const struct holm_addr from = lab6_addr(2), to = lab6_addr(1);
	const struct lab6_seen *seen = lab6_seen();
	struct lab lab;
	uint8_t frame[128];
	size_t len;

	(void)state;
	lab6_init(&lab, NULL);
	len = lab6_packet(frame, &from, &to, IP6_PROTO_UDP, l4, sizeof(l4));
	store_be32(frame + 14, 6u << 28 | 0xb9u << 20 | 0x12345);
	/* The second is like the first. */
	for (size_t i = 1; i <= 2; i++) {
		lab_receive(&lab, frame, len + 20); /* with padding behind it */
		assert_int_equal(seen->packets, i);
		assert_int_equal(seen->rx.l4_len, sizeof(l4));
		assert_memory_equal(seen->l4, l4, sizeof(l4));
		assert_true(holm_addr_equal(&seen->rx.src, &from));
		assert_true(holm_addr_equal(&seen->rx.dst, &to));
		assert_int_equal(seen->rx.proto, IP6_PROTO_UDP);
		assert_int_equal(seen->rx.ttl, 64);
		assert_int_equal(seen->rx.tos, 0xb9);
		assert_int_equal(seen->rx.flags, 0);
	}
	lab_fini(&lab);
}

static void a_packet_cut_at_any_byte_is_dropped_in_pieces_too(void **state)
{
	const struct holm_addr from = lab6_addr(2), to = lab6_addr(1);
	static const unsigned segments[] = { 0, 7, 20 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(segments); i++) {
		struct lab lab;
		uint8_t frame[128];
		size_t len;

		lab6_init(&lab, NULL);
		lab.segments = segments[i];
		len = lab6_packet(frame, &from, &to, IP6_PROTO_UDP, l4, sizeof(l4));
		for (size_t cut = 14; cut < len; cut++)
			lab_receive(&lab, frame, cut);
		assert_int_equal(lab6_seen()->packets, 0);
		assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP6_SHORT), len - 14);
		lab_receive(&lab, frame, len);
		assert_int_equal(lab6_seen()->packets, 1);
		for (size_t cut = 14; cut < len; cut++)
			lab_receive(&lab, frame, cut);
		assert_int_equal(lab6_seen()->packets, 1);
		lab_fini(&lab);
	}
}

static void what_cannot_be_a_source_is_dropped(void **state)
{
	static const char *const impossible[] = { "ff02::1",	     "::1",	    "::",
						  "::ffff:10.0.0.2", "2001:db8::1", "fe80::1" };
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	for (size_t i = 0; i < ARRAY_LEN(impossible); i++)
		assert_false(passes(&lab, impossible[i], "2001:db8::1", HOLM_DROP_IP6_SOURCE));
	/* Who is to get an address asks a group. */
	assert_true(passes(&lab, "::", "ff02::1", HOLM_DROP_IP6_SOURCE));
	assert_true(passes(&lab, "fe80::2", "2001:db8::1", HOLM_DROP_IP6_SOURCE));
	lab_fini(&lab);
}

static void only_what_is_for_us_is_let_in(void **state)
{
	static const char *const foreign[] = {
		"2001:db8::3", "2001:db8::41", "::1",	  "::",	     "::ffff:10.0.0.1",
		"fe80::3",     "ff02::2",      "ff01::1", "ff00::1", "ff02::1:ff00:3"
	};
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		assert_false(passes(&lab, "2001:db8::2", foreign[i], HOLM_DROP_IP6_NOT_OURS));
	assert_true(passes(&lab, "fe80::2", "fe80::1", HOLM_DROP_IP6_NOT_OURS));
	assert_true(passes(&lab, "fe80::2", "ff02::1", HOLM_DROP_IP6_NOT_OURS));
	assert_int_equal(lab6_seen()->rx.flags, IP_RX_MULTICAST);
	assert_true(passes(&lab, "fe80::2", "ff02::1:ff00:1", HOLM_DROP_IP6_NOT_OURS));
	lab_fini(&lab);
}

static void a_unicast_packet_in_a_groups_frame_is_a_trick(void **state)
{
	const struct holm_addr from = lab6_addr(2), to = lab6_addr(1);
	struct lab lab;
	uint8_t frame[128];
	size_t len;

	(void)state;
	lab6_init(&lab, NULL);
	assert_true(passes(&lab, "2001:db8::2", "2001:db8::1", HOLM_DROP_IP6_NOT_OURS));
	len = lab6_packet(frame, &from, &to, IP6_PROTO_UDP, l4, sizeof(l4));
	memset(frame, 0xff, 6);
	lab_receive(&lab, frame, len);
	assert_int_equal(lab6_seen()->packets, 1);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP6_NOT_OURS), 1);
	lab_fini(&lab);
}

static size_t ndads;

static void count_dad(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr)
{
	(void)net;
	assert_int_equal(ip_addr_find(netif, addr)->state, NETIF_ADDR_TENTATIVE);
	ndads++;
}

/* RFC 4862 section 5.4: not ours yet, but in its group we are, and who has it may say so. */
static void a_tentative_address_is_heard_in_its_group_alone(void **state)
{
	const struct holm_addr a = lab6_addr(0x77);
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	ndads = 0;
	lab.net->ip->dad_start = count_dad;
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 64), 0);
	assert_int_equal(ndads, 1);
	assert_false(holm_addr_is_local(lab.net, &a));
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 64), -HOLM_EEXIST);
	assert_false(passes(&lab, "2001:db8::2", "2001:db8::77", HOLM_DROP_IP6_NOT_OURS));
	assert_true(passes(&lab, "::", "ff02::1:ff00:77", HOLM_DROP_IP6_NOT_OURS));
	assert_true(passes(&lab, "2001:db8::77", "ff02::1", HOLM_DROP_IP6_SOURCE));
	ip_addr_set_state(lab.net, lab.dev.netif, ip_addr_find(lab.dev.netif, &a),
			  NETIF_ADDR_PREFERRED);
	assert_true(holm_addr_is_local(lab.net, &a));
	assert_true(passes(&lab, "2001:db8::2", "2001:db8::77", HOLM_DROP_IP6_NOT_OURS));
	assert_false(passes(&lab, "2001:db8::77", "ff02::1", HOLM_DROP_IP6_SOURCE));
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &a), 0);
	assert_false(passes(&lab, "::", "ff02::1:ff00:77", HOLM_DROP_IP6_NOT_OURS));
	lab_fini(&lab);
}

/*
 * Whatever bit of a packet's header is another than the last one's: it is dropped or let in with the
 * same words by who remembers and by who does not.
 */
static void the_memory_of_the_last_flow_changes_no_verdict(void **state)
{
	const struct holm_addr from = lab6_addr(2), to = lab6_addr(1);
	struct lab lab;
	uint8_t frame[128];
	size_t len;

	(void)state;
	lab6_init(&lab, NULL);
	len = lab6_packet(frame, &from, &to, IP6_PROTO_UDP, l4, sizeof(l4));
	for (size_t bit = 0; bit < 8 * (size_t)IP6_HDR_BYTES; bit++) {
		struct lab6_seen seen[2];
		uint64_t drops[2][HOLM_DROP_COUNT];

		for (size_t fresh = 0; fresh < 2; fresh++) {
			uint64_t before[HOLM_DROP_COUNT];
			size_t packets;

			lab_receive(&lab, frame, len);
			if (fresh)
				ip_flow_forget(lab.net);
			packets = lab6_seen()->packets;
			memcpy(before, lab.net->drops, sizeof(before));
			frame[14 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			lab_receive(&lab, frame, len);
			frame[14 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			seen[fresh] = *lab6_seen();
			seen[fresh].packets -= packets;
			seen[fresh].rx.flow = 0; /* one more or less */
			for (size_t i = 0; i < HOLM_DROP_COUNT; i++)
				drops[fresh][i] = lab.net->drops[i] - before[i];
		}
		assert_memory_equal(drops[0], drops[1], sizeof(drops[0]));
		assert_int_equal(seen[0].packets, seen[1].packets);
		assert_memory_equal(&seen[0].rx, &seen[1].rx, sizeof(seen[0].rx));
	}
	lab_fini(&lab);
}

/* ---- Output. */

static struct holm_frame *segment(struct lab *lab, size_t len)
{
	struct holm_frame *f =
		holm_frame_alloc(holm_net_pool(lab->net), HOLM_FRAME_HEADROOM, false);
	uint8_t *p = holm_frame_put(f, len);

	memset(p, 0, len);
	memcpy(p, l4, len < sizeof(l4) ? len : sizeof(l4));
	return f;
}

static void send_with(struct lab *lab, const struct holm_addr *src, const struct holm_addr *dst,
		      uint8_t ttl, size_t len)
{
	const struct ip_tx tx = {
		.src = src, .dst = dst, .proto = IP6_PROTO_UDP, .tos = 0xb9, .ttl = ttl
	};
	struct ip_dst *to;

	assert_int_equal(ip_dst_get(lab->net, dst, &lab->dev, &to), 0);
	ip_output(lab->net, to, segment(lab, len), &tx);
	ip_dst_put(lab->net, to);
	net_kick(lab->net);
	lab_poll(lab);
}

static void send(struct lab *lab, const struct holm_addr *src, const char *dst, uint8_t ttl,
		 size_t len)
{
	const struct holm_addr to = lab6_text(dst);

	send_with(lab, src, &to, ttl, len);
}

static void what_leaves_has_the_header_that_was_asked_for(void **state)
{
	const struct holm_addr us = lab6_addr(1), to = lab6_addr(2);
	const struct lab_sent *s;
	struct ip6_info info;
	enum holm_drop why;
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	send(&lab, &us, "2001:db8::2", 33, sizeof(l4));
	assert_int_equal(lab.nsent, 1);
	s = lab_find_type(&lab, ETH_TYPE_IP6, 0);
	assert_non_null(s);
	assert_int_equal(s->data[5], 2);
	assert_true(ip6_parse(s->data + 14, s->len - 14, s->len - 14, &info, &why));
	assert_int_equal(info.payload_len, sizeof(l4));
	assert_int_equal(info.hop_limit, 33);
	assert_int_equal(info.traffic_class, 0xb9);
	assert_int_equal(info.next, IP6_PROTO_UDP);
	assert_true(holm_addr_equal(&info.src, &us));
	assert_true(holm_addr_equal(&info.dst, &to));
	assert_memory_equal(s->data + 54, l4, sizeof(l4));
	lab_fini(&lab);
}

static void a_flow_has_one_label_that_is_another_flows_seldom(void **state)
{
	const struct holm_addr us = lab6_addr(1), to = lab6_addr(2);
	struct lab lab;
	uint32_t label;
	size_t same = 0;

	(void)state;
	lab6_init(&lab, NULL);
	label = ip6_flow_label(lab.net, &us, &to, IP6_PROTO_UDP, 0x30390035);
	assert_int_not_equal(label, 0);
	send(&lab, &us, "2001:db8::2", 64, sizeof(l4));
	assert_int_equal(load_be32(lab.sent[0].data + 14) & 0xfffff, label);
	for (uint32_t port = 1; port < 1000; port++) {
		uint32_t other = ip6_flow_label(lab.net, &us, &to, IP6_PROTO_UDP, port << 16 | 53);

		assert_true(other > 0 && other < 1u << 20);
		same += other == label;
	}
	assert_true(same <= 2);
	assert_int_not_equal(ip6_flow_label(lab.net, &us, &to, IP6_PROTO_TCP, 0x30390035), label);
	assert_int_not_equal(ip6_flow_label(lab.net, &to, &us, IP6_PROTO_UDP, 0x30390035), label);
	lab_fini(&lab);
}

/* And so it is with IPv4's. */
static void the_template_is_the_header_but_for_lengths(void **state)
{
	const struct holm_addr from = lab6_addr(1), to = lab6_addr(2);
	const struct holm_addr from4 = holm_addr_ip4(10, 0, 0, 1), to4 = holm_addr_ip4(10, 0, 0, 2);
	struct ip_tx tx = { .src = &from,
			    .dst = &to,
			    .flow_label = 0xabcde,
			    .proto = IP6_PROTO_UDP,
			    .tos = 0xb9,
			    .ttl = 33,
			    .dont_fragment = true };
	const struct ip6_tx ip6 = { .src = &from,
				    .dst = &to,
				    .flow_label = 0xabcde,
				    .proto = IP6_PROTO_UDP,
				    .tos = 0xb9,
				    .ttl = 33 };
	const struct ip4_tx ip4 = { .src = ip4_from_addr(&from4),
				    .dst = ip4_from_addr(&to4),
				    .frag = IP4_DF,
				    .proto = IP4_PROTO_UDP,
				    .tos = 0xb9,
				    .ttl = 33 };
	uint8_t like[IP6_HDR_BYTES], header[IP6_HDR_BYTES];
	struct ip_template t;

	(void)state;
	for (uint32_t len = 8; len < 65000; len += 97) {
		tx.src = &from;
		tx.dst = &to;
		ip_template_init(&t, &tx);
		ip_template_write6(like, len, &t);
		ip6_write_header(header, len, &ip6);
		assert_int_equal(t.len, IP6_HDR_BYTES);
		assert_memory_equal(like, header, IP6_HDR_BYTES);
		tx.src = &from4;
		tx.dst = &to4;
		ip_template_init(&t, &tx);
		ip_template_write4(like, len, &t);
		ip4_write_header(header, len + IP4_HDR_BYTES, &ip4);
		assert_int_equal(t.len, IP4_HDR_BYTES);
		assert_memory_equal(like, header, IP4_HDR_BYTES);
	}
}

static void sending_by_itself_is_sending(void **state)
{
	const struct holm_addr us = lab6_addr(1), to = lab6_addr(2);
	struct ip6_tx tx;
	struct ip_dst *dst;
	struct holm_frame *f;
	struct lab lab;
	uint32_t len;

	(void)state;
	lab6_init(&lab, NULL);
	send(&lab, &us, "2001:db8::2", 33, 700);
	assert_int_equal(ip_dst_get(lab.net, &to, NULL, &dst), 0);
	tx = (struct ip6_tx){
		.src = &us,
		.dst = &to,
		.flow_label = ip6_flow_label(lab.net, &us, &to, IP6_PROTO_UDP, load_be32(l4)),
		.proto = IP6_PROTO_UDP,
		.tos = 0xb9,
		.ttl = 33,
	};
	f = segment(&lab, 700);
	len = f->len;
	ip6_write_header(holm_frame_push(f, IP6_HDR_BYTES), len, &tx);
	ip6_note_header(f, ETH_HDR_BYTES);
	neigh_output(lab.net, dst->neigh, f);
	ip_dst_put(lab.net, dst);
	net_kick(lab.net);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 2);
	assert_int_equal(lab.sent[1].len, lab.sent[0].len);
	assert_memory_equal(lab.sent[1].data, lab.sent[0].data, lab.sent[0].len);
	lab_fini(&lab);
}

static void a_packet_for_a_group_goes_to_its_station_and_to_members_here(void **state)
{
	static const uint8_t mac[] = { 0x33, 0x33, 0, 0, 0, 0xfb };
	const struct holm_addr us = lab6_link(1), group = lab6_text("ff02::fb");
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	send_with(&lab, &us, &group, 1, sizeof(l4));
	assert_int_equal(lab.nsent, 1);
	assert_memory_equal(lab.sent[0].data, mac, sizeof(mac));
	assert_int_equal(lab6_seen()->packets, 0);
	assert_int_equal(ip_group_join(lab.net, lab.dev.netif, &group), 0);
	send_with(&lab, &us, &group, 1, sizeof(l4));
	assert_int_equal(lab.nsent, 2);
	assert_int_equal(lab6_seen()->packets, 1);
	assert_ptr_equal(lab6_seen()->dev, &lab.dev);
	ip_group_leave(lab.net, lab.dev.netif, &group);
	lab_fini(&lab);
}

static void what_is_not_to_leave_the_host_does_not(void **state)
{
	const struct holm_addr us = lab6_link(1);
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	send(&lab, &us, "ff02::1", 0, sizeof(l4));
	assert_int_equal(lab6_seen()->packets, 1);
	send(&lab, &us, "ff01::1", 9, sizeof(l4));
	assert_int_equal(lab6_seen()->packets, 2);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

static void the_loopback_and_our_own_addresses_lead_back_to_us(void **state)
{
	const struct holm_addr self = lab6_text("::1"), us = lab6_addr(1);
	struct ip_dst *dst;
	struct ip_tx tx = { .src = &self, .dst = &self, .proto = IP6_PROTO_UDP, .ttl = 64 };
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	for (size_t i = 1; i <= 2; i++) {
		assert_int_equal(ip_dst_get(lab.net, tx.dst, NULL, &dst), 0);
		assert_true(dst->netif->loopback);
		ip_output(lab.net, dst, segment(&lab, sizeof(l4)), &tx);
		ip_dst_put(lab.net, dst);
		lab_poll(&lab);
		assert_int_equal(lab6_seen()->packets, i);
		assert_true(lab6_seen()->dev->netif->loopback);
		tx.dst = &us;
	}
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

static void what_we_send_to_our_link_local_address_came_in_by_its_link(void **state)
{
	const struct holm_addr us = lab6_link(1);
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	send_with(&lab, &us, &us, 64, sizeof(l4));
	assert_int_equal(lab6_seen()->packets, 1);
	assert_ptr_equal(lab6_seen()->dev, &lab.dev);
	assert_int_equal(lab.nsent, 0);
	/* From the wire that is impossible, even just behind it. */
	assert_false(passes(&lab, "fe80::1", "fe80::1", HOLM_DROP_IP6_SOURCE));
	lab_fini(&lab);
}

static void an_address_must_be_one_that_a_host_can_have(void **state)
{
	static const char *const bad[] = { "::", "::1", "ff02::1" };
	struct lab lab;
	struct holm_addr a;

	(void)state;
	lab6_init(&lab, NULL);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		a = lab6_text(bad[i]);
		assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 64), -HOLM_EINVAL);
	}
	a = lab6_addr(9);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 129), -HOLM_EINVAL);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 384), -HOLM_EINVAL);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 128), 0);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 64), -HOLM_EEXIST);
	a = lab_addr(1);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 24), -HOLM_EAFNOSUPPORT);
	lab_fini(&lab);
}

static void a_link_narrower_than_ipv6_wants_has_no_addresses_of_it(void **state)
{
	static const struct holm_proto *const protos[] = { &holm_ipv6, &holm_loopback, NULL };
	const struct lab_options narrow = { .protos = protos, .mtu = 1279, .no_address = true };
	const struct holm_addr a = lab6_addr(1);
	struct lab lab;

	(void)state;
	lab_init(&lab, &narrow);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 64), -HOLM_EINVAL);
	lab_fini(&lab);
}

static void an_unreachable_neighbour_is_told_to_who_sent(void **state)
{
	const struct holm_addr us = lab6_addr(1);
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	send(&lab, &us, "2001:db8::99", 64, sizeof(l4));
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(lab6_seen()->errors, 1);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_NEIGH_UNREACHABLE), 1);
	lab_fini(&lab);
}

static void creation_survives_every_allocation_that_fails(void **state)
{
	static const struct holm_proto *const both[] = { &holm_ipv6, &holm_loopback, &holm_ipv4,
							 &holm_arp, NULL };
	const struct lab_options options = { .protos = both };
	struct lab lab;
	uint64_t n = 1;

	(void)state;
	while (lab_try_init(&lab, &options, n) != 0)
		n++;
	assert_true(n > 1);
	lab.fail_from = 0;
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_for_us_reaches_its_transport_with_what_its_header_says),
		cmocka_unit_test(a_packet_cut_at_any_byte_is_dropped_in_pieces_too),
		cmocka_unit_test(what_cannot_be_a_source_is_dropped),
		cmocka_unit_test(only_what_is_for_us_is_let_in),
		cmocka_unit_test(a_unicast_packet_in_a_groups_frame_is_a_trick),
		cmocka_unit_test(a_tentative_address_is_heard_in_its_group_alone),
		cmocka_unit_test(the_memory_of_the_last_flow_changes_no_verdict),
		cmocka_unit_test(what_leaves_has_the_header_that_was_asked_for),
		cmocka_unit_test(a_flow_has_one_label_that_is_another_flows_seldom),
		cmocka_unit_test(the_template_is_the_header_but_for_lengths),
		cmocka_unit_test(sending_by_itself_is_sending),
		cmocka_unit_test(a_packet_for_a_group_goes_to_its_station_and_to_members_here),
		cmocka_unit_test(what_is_not_to_leave_the_host_does_not),
		cmocka_unit_test(the_loopback_and_our_own_addresses_lead_back_to_us),
		cmocka_unit_test(what_we_send_to_our_link_local_address_came_in_by_its_link),
		cmocka_unit_test(an_address_must_be_one_that_a_host_can_have),
		cmocka_unit_test(a_link_narrower_than_ipv6_wants_has_no_addresses_of_it),
		cmocka_unit_test(an_unreachable_neighbour_is_told_to_who_sent),
		cmocka_unit_test(creation_survives_every_allocation_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
