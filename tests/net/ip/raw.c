/*
 * Tests of raw and echo endpoints of IPv6: net/ip/raw.c, net/ip/echo.c, net/ip/end_send.c. Those of IPv4, and
 * what both have in common, are in end.c.
 */
#include "net/ip/end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip/state.h"
#include "net/wire/eth.h"
#include "net/wire/icmp6.h"
#include "tests/support/lab6.h"

enum { NOBODYS = 253, AT_IP = ETH_HDR_BYTES, AT_L4 = AT_IP + IP6_HDR_BYTES };

static const struct holm_proto *const protos[] = { &holm_arp,	    &holm_ipv4,	      &holm_icmp4,
						   &holm_ipv6,	    &holm_loopback,   &holm_icmp6,
						   &lab6_transport, &lab6_neighbours, NULL };
static const struct ip_end_kind raw = { .ip6 = true, .number = NOBODYS };
static const struct ip_end_kind raw4 = { .number = NOBODYS };
static const struct ip_end_kind raw_icmp = { .ip6 = true, .number = IP6_PROTO_ICMP };
static const struct ip_end_kind raw_whole = { .ip6 = true, .number = IP_PROTO_RAW };
static const struct ip_end_kind ping = { .ip6 = true, .echo = true };

static uint8_t payload[8000];

static void begin(struct lab *lab)
{
	const struct holm_addr four = lab_addr(1);

	lab6_init(lab, protos);
	assert_int_equal(holm_addr_add(lab->net, &lab->dev, &four, 24), 0);
	assert_int_equal(ip_ends_start(lab->net), 0);
	ip_echo_start(lab->net);
	lab_introduce(lab, 2);
	lab_clear(lab);
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + 1);
}

static void end(struct lab *lab)
{
	ip_echo_stop(lab->net);
	ip_ends_stop(lab->net);
	lab_fini(lab);
}

static struct ip_end *open_end(struct lab *lab, const struct ip_end_kind *kind)
{
	struct ip_end *e;

	assert_int_equal(ip_end_open(lab->net, kind, &e), 0);
	return e;
}

static void receive(struct lab *lab, unsigned from, uint8_t proto, const void *l4, size_t len)
{
	const struct holm_addr src = lab6_addr(from), dst = lab6_addr(1);
	uint8_t frame[2048];

	lab_receive(lab, frame, lab6_packet(frame, &src, &dst, proto, l4, len));
}

/* An ICMPv6 message of this type from host 2, whose checksum is right but for `damage`. */
static void receive_icmp(struct lab *lab, uint8_t type, uint16_t id, uint16_t damage)
{
	const struct icmp6_info info = { .type = type, .id = id };
	const struct holm_addr src = lab6_addr(2), dst = lab6_addr(1);
	uint8_t p[24] = { 0 };

	icmp6_build(p, &info);
	icmp6_seal(p, sizeof(p), &src, &dst);
	store_be16(p + 2, load_be16(p + 2) ^ damage);
	receive(lab, 2, IP6_PROTO_ICMP, p, sizeof(p));
}

static struct holm_endpoint at(unsigned host)
{
	const struct holm_endpoint e = { .addr = lab6_addr(host) };

	return e;
}

static int send_bytes(struct ip_end *e, const struct holm_endpoint *to, const void *p, size_t len)
{
	struct holm_iov iov = { .base = (void *)(uintptr_t)p, .len = len };
	const struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };

	const struct ip_end_how how = { .ttl = -1, .tos = -1 };

	return ip_end_send(e, to, &msg, &how);
}

/* The i-th IPv6 packet that was sent, from its header on. */
static const uint8_t *sent(const struct lab *lab, size_t i)
{
	const struct lab_sent *s = lab_find_type(lab, ETH_TYPE_IP6, i);

	assert_non_null(s);
	return s->data + AT_IP;
}

static void a_raw_endpoint_gets_what_is_behind_the_headers(void **state)
{
	/* Destination options, then the protocol. */
	static const uint8_t p[] = { NOBODYS, 0, 1, 4, 0, 0, 0, 0, 'h', 'o', 'l', 'm' };
	struct ip_end *six, *four;
	struct holm_frame *f;
	struct lab lab;
	size_t off, len;

	(void)state;
	begin(&lab);
	receive(&lab, 2, NOBODYS, "hello", 5);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP6), 1); /* parameter problem */
	six = open_end(&lab, &raw);
	four = open_end(&lab, &raw4);
	for (uint32_t i = 1; i <= 3; i++) {
		receive(&lab, 2, NOBODYS, "hello", 5);
		assert_int_equal(six->base.rxq.nframes, i);
	}
	assert_int_equal(frame_end_peek(&six->base, &f), 0);
	ip_end_payload(six, f, &off, &len);
	assert_int_equal(len, 5);
	assert_memory_equal(holm_frame_data(f) + off, "hello", 5);
	while (frame_end_peek(&six->base, &f) == 0)
		frame_end_drop(&six->base);
	receive(&lab, 2, IP6_PROTO_DSTOPTS, p, sizeof(p));
	assert_int_equal(frame_end_peek(&six->base, &f), 0);
	ip_end_payload(six, f, &off, &len);
	assert_int_equal(len, 4);
	assert_memory_equal(holm_frame_data(f) + off, "holm", 4);
	assert_int_equal(four->base.rxq.nframes, 0);
	/* Whoever has the protocol keeps the sender from being told that nobody has. */
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP6), 1);
	ip_end_close(six);
	ip_end_close(four);
	end(&lab);
}

static void a_copy_is_in_front_of_the_transport(void **state)
{
	static const uint8_t udp[] = { 0x30, 0x39, 0, 53, 0, 12, 0, 0, 'h', 'o', 'l', 'm' };
	static const struct ip_end_kind kind = { .ip6 = true, .number = IP6_PROTO_UDP };
	struct lab lab;
	struct ip_end *e;

	(void)state;
	begin(&lab);
	receive(&lab, 2, IP6_PROTO_UDP, udp, sizeof(udp)); /* the flow is remembered */
	e = open_end(&lab, &kind);
	receive(&lab, 2, IP6_PROTO_UDP, udp, sizeof(udp));
	receive(&lab, 2, IP6_PROTO_UDP, udp, sizeof(udp));
	assert_int_equal(e->base.rxq.nframes, 2);
	assert_int_equal(lab6_seen()->packets, 3);
	ip_end_close(e);
	end(&lab);
}

/* RFC 3542 section 3.2. */
static void a_filter_of_256_types_says_which_messages_come(void **state)
{
	struct lab lab;
	struct ip_end *e;

	(void)state;
	begin(&lab);
	e = open_end(&lab, &raw_icmp);
	receive_icmp(&lab, ICMP6_ECHO_REPLY, 1, 0);
	receive_icmp(&lab, ICMP6_ROUTER_ADVERT, 1, 0);
	assert_int_equal(e->base.rxq.nframes, 2);
	memset(e->icmp_filter, 0xff, sizeof(e->icmp_filter));
	e->icmp_filter[ICMP6_ROUTER_ADVERT / 32] &= ~(1u << ICMP6_ROUTER_ADVERT % 32);
	receive_icmp(&lab, ICMP6_ECHO_REPLY, 1, 0);
	receive_icmp(&lab, 255, 1, 0);
	assert_int_equal(e->base.rxq.nframes, 2);
	receive_icmp(&lab, ICMP6_ROUTER_ADVERT, 1, 0);
	assert_int_equal(e->base.rxq.nframes, 3);
	ip_end_close(e);
	end(&lab);
}

/* RFC 3542 section 3.1. */
static void checksums_are_checked_and_filled_in_where_a_program_says(void **state)
{
	const struct holm_endpoint to = at(2);
	struct holm_addr src = lab6_addr(1);
	struct ip_end *icmp, *plain;
	struct lab lab;

	(void)state;
	begin(&lab);
	icmp = open_end(&lab, &raw_icmp);
	plain = open_end(&lab, &raw);
	receive_icmp(&lab, ICMP6_ECHO_REPLY, 1, 0x100);
	assert_int_equal(icmp->base.rxq.nframes, 0);
	receive(&lab, 2, NOBODYS, "hello", 5);
	assert_int_equal(plain->base.rxq.nframes, 1);
	plain->checksum_at = 4;
	receive(&lab, 2, NOBODYS, "hello", 5);
	assert_int_equal(plain->base.rxq.nframes, 1);

	assert_int_equal(send_bytes(plain, &to, payload, 5), -HOLM_EINVAL);
	assert_int_equal(send_bytes(plain, &to, payload, 11), 0);
	lab_poll(&lab);
	assert_int_equal(
		checksum_finish(checksum_partial(sent(&lab, 0) + IP6_HDR_BYTES, 11,
						 ip_pseudo_sum(&src, &to.addr, NOBODYS, 11))),
		0);
	assert_memory_equal(sent(&lab, 0) + IP6_HDR_BYTES, payload, 4);
	lab_clear(&lab);
	assert_int_equal(send_bytes(icmp, &to, payload, 9), 0);
	lab_poll(&lab);
	assert_int_equal(
		checksum_finish(checksum_partial(sent(&lab, 0) + IP6_HDR_BYTES, 9,
						 ip_pseudo_sum(&src, &to.addr, IP6_PROTO_ICMP, 9))),
		0);
	ip_end_close(icmp);
	ip_end_close(plain);
	end(&lab);
}

static void a_header_of_the_programs_own_is_sent_as_it_is(void **state)
{
	const struct holm_endpoint to = at(2);
	struct lab lab;
	struct ip_end *e;

	(void)state;
	begin(&lab);
	e = open_end(&lab, &raw_whole);
	assert_int_equal(send_bytes(e, &to, payload, IP6_HDR_BYTES - 1), -HOLM_EINVAL);
	assert_int_equal(send_bytes(e, &to, payload, 1501), -HOLM_EMSGSIZE);
	assert_int_equal(send_bytes(e, &to, payload, 1500), 0);
	lab_poll(&lab);
	assert_memory_equal(sent(&lab, 0), payload, 1500);
	ip_end_close(e);
	end(&lab);
}

/* A router of host 9 says how large what host 1 sent to host 2 may be; the quote begins with `l4`. */
static void receive_too_big(struct lab *lab, uint8_t proto, uint32_t mtu, const uint8_t *l4)
{
	const struct icmp6_info info = { .type = ICMP6_TOO_BIG, .value = mtu };
	const struct holm_addr nine = lab6_addr(9), one = lab6_addr(1);
	/* As it is when the packet was cut: with a fragment header. */
	const struct ip6_info ip = {
		.src = one,
		.dst = lab6_addr(2),
		.payload_len = 1400,
		.next = IP6_PROTO_FRAGMENT,
	};
	const struct ip6_piece piece = { .id = 5, .next = proto, .more = true };
	uint8_t p[ICMP6_HDR_BYTES + IP6_HDR_BYTES + IP6_FRAGMENT_BYTES + 8];
	uint8_t *quote = p + ICMP6_HDR_BYTES;

	icmp6_build(p, &info);
	ip6_build(quote, &ip);
	ip6_build_piece(quote + IP6_HDR_BYTES, &piece);
	memcpy(quote + IP6_HDR_BYTES + IP6_FRAGMENT_BYTES, l4, 8);
	icmp6_seal(p, sizeof(p), &nine, &one);
	receive(lab, 9, IP6_PROTO_ICMP, p, sizeof(p));
}

/* The largest packet among those that were sent, without their link headers. */
static size_t largest(const struct lab *lab)
{
	size_t max = 0;

	for (size_t i = 0; lab_find_type(lab, ETH_TYPE_IP6, i); i++)
		max = lab_find_type(lab, ETH_TYPE_IP6, i)->len - AT_IP > max
			      ? lab_find_type(lab, ETH_TYPE_IP6, i)->len - AT_IP
			      : max;
	return max;
}

static void what_is_large_leaves_in_pieces_that_fit_the_path(void **state)
{
	const struct holm_endpoint to = at(2);
	struct lab lab;
	struct ip_end *e;

	(void)state;
	begin(&lab);
	e = open_end(&lab, &raw);
	assert_int_equal(ip_end_connect(e, &to), 0);
	assert_int_equal(send_bytes(e, NULL, payload, 4000), 0);
	lab_poll(&lab);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP6), 3);
	assert_int_equal(largest(&lab), 1496);
	lab_clear(&lab);
	receive_too_big(&lab, NOBODYS, 1300, payload);
	assert_int_equal(frame_end_take_error(&e->base), 0);
	assert_int_equal(send_bytes(e, NULL, payload, 4000), 0);
	lab_poll(&lab);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP6), 4);
	assert_true(largest(&lab) <= 1300 && largest(&lab) > 1292);
	lab_clear(&lab);
	/* RFC 8201 section 4; RFC 8021: nor is a fragment header sent where nothing is cut. */
	receive_too_big(&lab, NOBODYS, 1000, payload);
	assert_int_equal(send_bytes(e, NULL, payload, 1260), 0);
	lab_poll(&lab);
	assert_int_equal(largest(&lab), 1300);
	assert_int_equal(sent(&lab, 0)[6], NOBODYS);
	ip_end_close(e);
	end(&lab);
}

/* RFC 7739: who sees one identification knows nothing of the next. */
static void identifications_follow_no_order(void **state)
{
	uint32_t ids[8];
	const struct holm_endpoint to = at(2);
	struct lab lab;
	struct ip_end *e;

	(void)state;
	begin(&lab);
	e = open_end(&lab, &raw);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct ip6_piece first, second;

		lab_clear(&lab);
		assert_int_equal(send_bytes(e, &to, payload, 2000), 0);
		lab_poll(&lab);
		ip6_parse_piece(sent(&lab, 0) + IP6_HDR_BYTES, &first);
		ip6_parse_piece(sent(&lab, 1) + IP6_HDR_BYTES, &second);
		assert_int_equal(first.id, second.id);
		ids[i] = first.id;
		for (size_t j = 0; j < i; j++) {
			uint32_t apart = ids[i] - ids[j];

			assert_true(min_u32(apart, 0 - apart) > 1000);
		}
	}
	ip_end_close(e);
	end(&lab);
}

static void a_link_local_address_needs_its_link(void **state)
{
	struct holm_endpoint to = { .addr = lab6_link(2) };
	const struct holm_addr from = lab6_link(1);
	struct lab lab;
	struct ip_end *e;

	(void)state;
	begin(&lab);
	e = open_end(&lab, &raw);
	assert_int_equal(send_bytes(e, &to, payload, 10), -HOLM_EINVAL);
	assert_int_equal(ip_end_connect(e, &to), -HOLM_EINVAL);
	to.scope = 77;
	assert_int_equal(send_bytes(e, &to, payload, 10), -HOLM_EINVAL);
	to.scope = holm_dev_index(&lab.dev);
	assert_int_equal(send_bytes(e, &to, payload, 10), 0);
	assert_int_equal(ip_end_connect(e, &to), 0);
	assert_int_equal(send_bytes(e, NULL, payload, 10), 0);
	lab_poll(&lab);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP6), 2);
	assert_memory_equal(sent(&lab, 1) + 8, from.b, 16);
	ip_end_close(e);
	end(&lab);
}

static void an_echo_request_has_identifier_and_checksum_and_gets_its_reply(void **state)
{
	static const uint8_t request[16] = { ICMP6_ECHO, 0, 0xff, 0xff, 9,   9,
					     0,		 7, 'h',  'o',	'l', 'm' };
	static const uint8_t request4[8] = { 8, 0 };
	const struct holm_endpoint to = at(2), any = { .addr = holm_addr_any6(), .port = 77 };
	const struct holm_addr src = lab6_addr(1);
	struct holm_frame *f;
	struct lab lab;
	struct ip_end *e;
	size_t off, len;

	(void)state;
	begin(&lab);
	e = open_end(&lab, &ping);
	assert_int_equal(send_bytes(e, &to, request4, sizeof(request4)), -HOLM_EINVAL);
	receive_icmp(&lab, ICMP6_ECHO_REPLY, 77, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_TYPE), 1);
	assert_int_equal(ip_end_bind(e, &any), 0);
	assert_int_equal(send_bytes(e, &to, request, sizeof(request)), 0);
	lab_poll(&lab);
	assert_int_equal(load_be16(sent(&lab, 0) + IP6_HDR_BYTES + 4), 77);
	assert_int_equal(checksum_finish(checksum_partial(
				 sent(&lab, 0) + IP6_HDR_BYTES, sizeof(request),
				 ip_pseudo_sum(&src, &to.addr, IP6_PROTO_ICMP, sizeof(request)))),
			 0);
	receive_icmp(&lab, ICMP6_ECHO_REPLY, 78, 0);
	assert_int_equal(e->base.rxq.nframes, 0);
	receive_icmp(&lab, ICMP6_ECHO_REPLY, 77, 0);
	assert_int_equal(frame_end_peek(&e->base, &f), 0);
	ip_end_payload(e, f, &off, &len);
	assert_int_equal(len, 24);
	assert_int_equal(holm_frame_data(f)[off], ICMP6_ECHO_REPLY);
	ip_end_close(e);
	end(&lab);
}

static void who_pings_hears_how_large_packets_may_be(void **state)
{
	static const uint8_t quote[8] = { ICMP6_ECHO, 0, 0, 0, 0, 77, 0, 1 };
	static const uint8_t others[8] = { ICMP6_ECHO, 0, 0, 0, 0, 78, 0, 1 };
	const struct holm_endpoint to = at(2), any = { .addr = holm_addr_any6(), .port = 77 };
	struct lab lab;
	struct ip_end *e;

	(void)state;
	begin(&lab);
	e = open_end(&lab, &ping);
	assert_int_equal(ip_end_bind(e, &any), 0);
	assert_int_equal(ip_end_connect(e, &to), 0);
	receive_too_big(&lab, IP6_PROTO_ICMP, 1300, others);
	assert_int_equal(e->dst->mtu, 1500);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_QUOTE), 1);
	receive_too_big(&lab, IP6_PROTO_ICMP, 1300, quote);
	assert_int_equal(e->dst->mtu, 1300);
	ip_end_close(e);
	end(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_raw_endpoint_gets_what_is_behind_the_headers),
		cmocka_unit_test(a_copy_is_in_front_of_the_transport),
		cmocka_unit_test(a_filter_of_256_types_says_which_messages_come),
		cmocka_unit_test(checksums_are_checked_and_filled_in_where_a_program_says),
		cmocka_unit_test(a_header_of_the_programs_own_is_sent_as_it_is),
		cmocka_unit_test(what_is_large_leaves_in_pieces_that_fit_the_path),
		cmocka_unit_test(identifications_follow_no_order),
		cmocka_unit_test(a_link_local_address_needs_its_link),
		cmocka_unit_test(an_echo_request_has_identifier_and_checksum_and_gets_its_reply),
		cmocka_unit_test(who_pings_hears_how_large_packets_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
