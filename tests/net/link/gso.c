/*
 * Super-frames of both families cut in software: lengths, identifiers, sequence numbers, flags,
 * checksums, odd pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/checksum.h"
#include "net/link/gso.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"
#include "net/wire/tcp.h"
#include "tests/support/lab.h"

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, HOLM_IP_PARTS, NULL };

static void released(struct holm_buf *buf)
{
	(void)buf;
}

static const struct holm_buf_owner owner = { .release = released };

struct super {
	struct lab lab;
	uint8_t payload[8000];
	struct holm_buf buf;
	bool ip6;
};

static const struct holm_addr from6 = { { 0xfd, [15] = 1 } }, to6 = { { 0xfd, [15] = 2 } };

static size_t l4_of(const struct super *s)
{
	return ETH_HDR_BYTES + (s->ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
}

static uint32_t pseudo_sum(const struct super *s, size_t len)
{
	uint32_t tcp_len = (uint32_t)(TCP_HDR_BYTES + len);

	return s->ip6 ? ip_pseudo_sum(&from6, &to6, IP6_PROTO_TCP, tcp_len)
		      : ip4_pseudo_sum(LAB_IP(1), LAB_IP(2), IP4_PROTO_TCP, tcp_len);
}

static void put_ip(const struct super *s, uint8_t *frame, size_t len)
{
	store_be16(frame + 12, s->ip6 ? ETH_TYPE_IP6 : ETH_TYPE_IP4);
	if (s->ip6)
		ip6_build(frame + ETH_HDR_BYTES,
			  &(struct ip6_info){ .src = from6,
					      .dst = to6,
					      .flow_label = 0x12345,
					      .traffic_class = 2,
					      .payload_len = (uint16_t)(TCP_HDR_BYTES + len),
					      .next = IP6_PROTO_TCP,
					      .hop_limit = 64 });
	else
		ip4_build(frame + ETH_HDR_BYTES,
			  &(struct ip4_info){ .src = LAB_IP(1),
					      .dst = LAB_IP(2),
					      .total_len = (uint16_t)(40 + len),
					      .id = 0xfffe,
					      .frag = IP4_DF,
					      .ttl = 64,
					      .proto = IP4_PROTO_TCP });
}

static void set_up(struct super *s, uint32_t features)
{
	lab_init(&s->lab, &(struct lab_options){ .protos = protos, .features = features });
	for (size_t i = 0; i < sizeof(s->payload); i++)
		s->payload[i] = (uint8_t)(i * 7 + i / 256);
	s->buf = (struct holm_buf){ .owner = &owner, .refs = 1 };
	/* Announcements are over. */
	lab_run(&s->lab, 3 * LAB_S);
	lab_clear(&s->lab);
}

/* A super-frame of `len` payload bytes in spans of `piece` bytes. */
static struct holm_frame *make(struct super *s, size_t len, size_t piece, uint16_t gso_size,
			       uint8_t flags)
{
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(s->lab.net), 160, false);
	size_t l4 = l4_of(s), headers = l4 + TCP_HDR_BYTES;
	uint8_t *p = holm_frame_put(f, headers);

	memset(p, 0, headers);
	put_ip(s, p, len);
	tcp_build(p + l4, &(struct tcp_hdr_info){ .seq = 0xfffffff0u, .ack = 5, .flags = flags });
	store_be16(p + l4 + TCP_CSUM_OFFSET, (uint16_t)~checksum_finish(pseudo_sum(s, len)));
	for (size_t at = 0; at < len; at += piece)
		assert_true(holm_frame_append(f, &s->buf, s->payload + at,
					      len - at < piece ? len - at : piece));
	f->csum = HOLM_CSUM_PARTIAL;
	f->csum_start = (uint16_t)l4;
	f->csum_off = TCP_CSUM_OFFSET;
	f->l3_off = ETH_HDR_BYTES;
	f->l4_off = (uint16_t)l4;
	f->hdr_len = (uint16_t)headers;
	f->payload_off = (uint16_t)headers;
	f->gso = s->ip6 ? HOLM_GSO_TCP6 : HOLM_GSO_TCP4;
	f->gso_size = gso_size;
	return f;
}

static void check_ip(const struct super *s, const uint8_t *ip, size_t i, size_t len)
{
	uint8_t expected[ETH_HDR_BYTES + IP6_HDR_BYTES];

	if (s->ip6) {
		put_ip(s, expected, len);
		assert_memory_equal(ip, expected + ETH_HDR_BYTES, IP6_HDR_BYTES);
		return;
	}
	assert_int_equal(load_be16(ip + 2), 40 + len);
	assert_int_equal(load_be16(ip + 4), (uint16_t)(0xfffe + i));
	assert_int_equal(checksum_finish(checksum_20(ip, 0)), 0);
}

static void check_piece(const struct super *s, size_t i, size_t at, size_t len, uint8_t flags)
{
	const uint8_t *p = s->lab.sent[i].data, *tcp = p + l4_of(s);
	uint32_t sum = pseudo_sum(s, len);

	assert_int_equal(s->lab.sent[i].len, l4_of(s) + TCP_HDR_BYTES + len);
	check_ip(s, p + ETH_HDR_BYTES, i, len);
	assert_int_equal(load_be32(tcp + 4), 0xfffffff0u + (uint32_t)at);
	assert_int_equal(tcp[13], flags);
	assert_memory_equal(tcp + TCP_HDR_BYTES, s->payload + at, len);
	if (s->lab.sent[i].csum == HOLM_CSUM_PARTIAL)
		assert_int_equal(load_be16(tcp + TCP_CSUM_OFFSET), (uint16_t)~checksum_finish(sum));
	else
		assert_int_equal(checksum_finish(checksum_partial(tcp, TCP_HDR_BYTES + len, sum)),
				 0);
}

static void cut(struct super *s, size_t len, size_t piece, uint16_t size)
{
	size_t n = (len + size - 1) / size;

	gso_output(s->lab.dev.netif, make(s, len, piece, size, TCP_ACK | TCP_PSH | TCP_FIN));
	lab_poll(&s->lab);
	assert_int_equal(s->lab.nsent, n);
	for (size_t i = 0; i < n; i++) {
		bool last = i == n - 1;

		check_piece(s, i, i * size, last ? len - i * size : size,
			    last ? TCP_ACK | TCP_PSH | TCP_FIN : TCP_ACK);
	}
	lab_clear(&s->lab);
	assert_int_equal(s->buf.refs, 1);
}

static void pieces_have_their_own_lengths_numbers_and_sums(void **state)
{
	static struct super s;

	(void)state;
	set_up(&s, 0);
	cut(&s, 5000, 8000, 1000);
	cut(&s, 5001, 8000, 1460);
	cut(&s, 1, 8000, 1460);
	lab_fini(&s.lab);
}

static void pieces_over_ip6_have_their_own_lengths_and_sums(void **state)
{
	static struct super s = { .ip6 = true };

	(void)state;
	set_up(&s, 0);
	cut(&s, 5000, 8000, 1000);
	cut(&s, 5001, 113, 1440);
	cut(&s, 1, 8000, 1440);
	lab_fini(&s.lab);
	set_up(&s, HOLM_DEV_TX_CSUM);
	cut(&s, 5000, 999, 1000);
	lab_fini(&s.lab);
}

static void spans_may_end_anywhere_at_odd_places_too(void **state)
{
	static struct super s;

	(void)state;
	set_up(&s, 0);
	for (size_t piece = 113; piece < 1600; piece += 171)
		cut(&s, 5000, piece, 1001);
	lab_fini(&s.lab);
}

/* Every byte of a piece's payload must come from the lender's memory, and be let go of again. */
static void a_device_that_gathers_gets_the_payload_where_it_lies(void **state)
{
	static struct super s;
	struct holm_netif *netif;
	struct holm_frame *f;

	(void)state;
	set_up(&s, 0);
	netif = s.lab.dev.netif;
	netif->segs_max = HOLM_FRAME_SEGS_INLINE;
	s.lab.dev.caps.segs_max = HOLM_FRAME_SEGS_INLINE;
	gso_output(netif, make(&s, 4000, 1500, 1000, TCP_ACK));
	assert_int_equal(netif->tail - netif->head, 4);
	f = netif->ring[netif->head & netif->ring_mask];
	assert_int_equal(f->nsegs, 2);
	assert_ptr_equal(f->segs[1].data, s.payload);
	assert_int_equal(f->segs[1].len, 1000);
	/* The second piece begins in one span and ends in the next. */
	f = netif->ring[(netif->head + 1) & netif->ring_mask];
	assert_int_equal(f->nsegs, 3);
	assert_ptr_equal(f->segs[1].data, s.payload + 1000);
	assert_int_equal(f->segs[1].len, 500);
	assert_int_equal(s.buf.refs, 1 + 1 + 2 + 1 + 1);
	lab_poll(&s.lab);
	lab_clear(&s.lab);
	assert_int_equal(s.buf.refs, 1);
	/* The same bytes and sums as by copying, whatever the spans; many small ones are copied. */
	for (size_t piece = 113; piece < 1600; piece += 171)
		cut(&s, 5000, piece, 1001);
	cut(&s, 5001, 8000, 1460);
	lab_fini(&s.lab);
}

static void a_device_that_sums_gets_the_pseudo_sum(void **state)
{
	static struct super s;

	(void)state;
	set_up(&s, HOLM_DEV_TX_CSUM);
	cut(&s, 5000, 999, 1000);
	lab_fini(&s.lab);
}

static void congestion_window_reduced_is_said_once(void **state)
{
	static struct super s;

	(void)state;
	set_up(&s, 0);
	gso_output(s.lab.dev.netif, make(&s, 3000, 8000, 1000, TCP_ACK | TCP_CWR));
	lab_poll(&s.lab);
	check_piece(&s, 0, 0, 1000, TCP_ACK | TCP_CWR);
	check_piece(&s, 1, 1000, 1000, TCP_ACK);
	check_piece(&s, 2, 2000, 1000, TCP_ACK);
	lab_fini(&s.lab);
}

static void an_empty_pool_loses_the_rest_and_counts_it(void **state)
{
	static struct super s;
	struct holm_frame *taken[256], *f;
	unsigned n = 0;

	(void)state;
	set_up(&s, 0);
	f = make(&s, 5000, 8000, 1000, TCP_ACK);
	while ((taken[n] = holm_frame_alloc(holm_net_pool(s.lab.net), 0, false)) != NULL)
		n++;
	holm_frame_free(taken[--n]);
	gso_output(s.lab.dev.netif, f);
	lab_poll(&s.lab);
	assert_int_equal(s.lab.nsent, 1);
	assert_int_equal(holm_net_drops(s.lab.net, HOLM_DROP_NO_FRAME), 1);
	holm_frame_free_batch(taken, n);
	lab_fini(&s.lab);
}

static void what_cannot_be_cut_is_a_counted_drop(void **state)
{
	static struct super s;
	struct holm_frame *f;

	(void)state;
	set_up(&s, 0);
	f = make(&s, 5000, 8000, 4000, TCP_ACK); /* larger than a frame's own memory */
	gso_output(s.lab.dev.netif, f);
	f = make(&s, 5000, 8000, 1000, TCP_ACK);
	f->csum = HOLM_CSUM_NONE;
	gso_output(s.lab.dev.netif, f);
	lab_poll(&s.lab);
	assert_int_equal(s.lab.nsent, 0);
	assert_int_equal(holm_net_drops(s.lab.net, HOLM_DROP_GSO), 2);
	lab_fini(&s.lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_have_their_own_lengths_numbers_and_sums),
		cmocka_unit_test(pieces_over_ip6_have_their_own_lengths_and_sums),
		cmocka_unit_test(spans_may_end_anywhere_at_odd_places_too),
		cmocka_unit_test(a_device_that_gathers_gets_the_payload_where_it_lies),
		cmocka_unit_test(a_device_that_sums_gets_the_pseudo_sum),
		cmocka_unit_test(congestion_window_reduced_is_said_once),
		cmocka_unit_test(an_empty_pool_loses_the_rest_and_counts_it),
		cmocka_unit_test(what_cannot_be_cut_is_a_counted_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
