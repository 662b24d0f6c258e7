/*
 * What is merged into a super-segment, and what is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/link/gro.h"

/* Frames that exist only as far as GRO looks at them. */
struct piece {
	struct holm_frame f;
	struct holm_seg seg;
	uint8_t header[TCP_HDR_MAX];
	struct tcp_hdr_info info;
	uint32_t len;
};

static struct piece piece(uint32_t seq, uint32_t len)
{
	struct piece p;

	memset(&p, 0, sizeof(p));
	p.info = (struct tcp_hdr_info){ .seq = seq,
					.ack = 77,
					.sport = 1,
					.dport = 2,
					.wnd = 500,
					.flags = TCP_ACK,
					.hdr_len = TCP_HDR_BYTES };
	*ip_rx(&p.f) = (struct ip_rx){ .src = holm_addr_ip4(10, 0, 0, 2),
				       .dst = holm_addr_ip4(10, 0, 0, 1),
				       .l4_len = 0 };
	p.len = len;
	return p;
}

/* Write the header as the piece has it by now. */
static void build(struct piece *p)
{
	p->info.hdr_len = (uint8_t)tcp_build(p->header, &p->info);
	p->seg = (struct holm_seg){ .data = p->header, .len = p->info.hdr_len };
	p->f.segs = &p->seg;
	p->f.nsegs = 1;
	ip_rx(&p->f)->l4_len = p->info.hdr_len + p->len;
}

static bool begin(struct gro *g, struct piece *p)
{
	g->head = NULL;
	build(p);
	*gro_next_info(g) = p->info;
	return gro_begin(g, &p->f);
}

static bool append(struct gro *g, struct piece *p)
{
	build(p);
	if (!gro_continues(g, &p->f))
		return false;
	gro_append(g, &p->f);
	assert_int_equal(p->f.payload_off, p->info.hdr_len);
	return true;
}

static void segments_in_a_row_become_one(void **state)
{
	struct piece a = piece(0xfffffc18u, 1000), b = piece(0, 1000), c = piece(1000, 500);
	struct gro g = { 0 };

	(void)state;
	assert_true(begin(&g, &a));
	assert_true(append(&g, &b));
	assert_true(append(&g, &c));
	assert_int_equal(g.payload_len, 2500);
	assert_int_equal(g.frame_len, 1000);
	assert_int_equal(g.last_seq, 1000);
	assert_ptr_equal(g.head, &a.f);
	assert_ptr_equal(a.f.chain, &b.f);
	assert_ptr_equal(b.f.chain, &c.f);
	assert_int_equal(gro_info(&g)->seq, 0xfffffc18u);
}

static void a_push_anywhere_is_kept(void **state)
{
	struct piece a = piece(0, 100), b = piece(100, 100);
	struct gro g = { 0 };

	(void)state;
	b.info.flags |= TCP_PSH;
	assert_true(begin(&g, &a));
	assert_true(append(&g, &b));
	assert_true(gro_info(&g)->flags & TCP_PSH);
}

static void nothing_follows_a_short_segment_and_none_is_longer_than_the_first(void **state)
{
	struct piece a = piece(0, 100), s = piece(100, 50), b = piece(150, 50), l = piece(100, 200);
	struct gro g = { 0 };

	(void)state;
	assert_true(begin(&g, &a));
	assert_false(append(&g, &l));
	assert_true(append(&g, &s));
	assert_false(append(&g, &b));
}

static void any_other_difference_keeps_them_apart(void **state)
{
	struct gro g = { 0 };

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		struct piece a = piece(0, 100), b = piece(100, 100);
		bool merge = i == 0;

		b.info.seq += i == 1;
		b.info.ack += i == 2;
		b.info.wnd = (uint16_t)(b.info.wnd + (i == 3));
		b.info.sport = (uint16_t)(b.info.sport + (i == 4));
		b.info.dport = (uint16_t)(b.info.dport + (i == 5));
		b.info.flags |= i == 6 ? TCP_FIN : i == 7 ? TCP_URG : i == 8 ? TCP_ECE : 0;
		b.info.has_ts = i == 9;
		ip_rx(&b.f)->src.b[15] ^= i == 10;
		ip_rx(&b.f)->dst.b[15] ^= i == 11;
		b.info.nsack = i == 12;
		b.len -= i == 13 ? 100 : 0;
		ip_rx(&b.f)->tos = i == 14;
		b.info.has_wscale = i == 15;
		assert_true(begin(&g, &a));
		assert_int_equal(append(&g, &b), merge);
	}
}

static void every_byte_of_an_address_of_ip6_keeps_them_apart(void **state)
{
	struct gro g = { 0 };

	(void)state;
	for (unsigned i = 0; i < 33; i++) {
		struct piece a = piece(0, 100), b = piece(100, 100);
		const struct ip_rx ends = { .src = { { 0xfd, [15] = 2 } },
					    .dst = { { 0xfd, [15] = 1 } } };

		*ip_rx(&a.f) = ends;
		*ip_rx(&b.f) = ends;
		if (i < 32)
			*(i < 16 ? &ip_rx(&b.f)->src.b[i] : &ip_rx(&b.f)->dst.b[i - 16]) ^= 1;
		assert_true(begin(&g, &a));
		assert_int_equal(append(&g, &b), i == 32);
	}
}

static void timestamps_must_be_the_same(void **state)
{
	struct piece a = piece(0, 100), b = piece(100, 100), c = piece(200, 100);
	struct gro g = { 0 };

	(void)state;
	a.info.has_ts = b.info.has_ts = c.info.has_ts = true;
	a.info.tsval = b.info.tsval = 5;
	c.info.tsval = 6;
	assert_true(begin(&g, &a));
	assert_true(append(&g, &b));
	assert_false(append(&g, &c));
}

static void what_has_no_payload_or_a_special_flag_is_not_held(void **state)
{
	struct piece a = piece(0, 0), b = piece(0, 10);
	struct gro g = { 0 };

	(void)state;
	assert_false(begin(&g, &a));
	b.info.flags = TCP_SYN;
	assert_false(begin(&g, &b));
	b.info.flags = TCP_RST | TCP_ACK;
	assert_false(begin(&g, &b));
}

static void a_header_in_two_segments_is_left_to_others(void **state)
{
	struct piece a = piece(0, 100), b = piece(100, 100);
	struct gro g = { 0 };

	(void)state;
	assert_true(begin(&g, &a));
	build(&b);
	b.seg.len = TCP_HDR_BYTES - 1;
	assert_false(gro_continues(&g, &b.f));
}

static void a_packet_shorter_than_its_header_is_left_to_others(void **state)
{
	struct piece a = piece(0, 100), b = piece(100, 100);
	struct gro g = { 0 };

	(void)state;
	assert_true(begin(&g, &a));
	build(&b);
	for (uint32_t l4_len = 0; l4_len <= TCP_HDR_BYTES; l4_len++) {
		ip_rx(&b.f)->l4_len = l4_len;
		assert_false(gro_continues(&g, &b.f));
	}
}

static void a_super_segment_is_at_most_two_super_frames(void **state)
{
	static struct piece p[100];
	struct gro g = { 0 };
	unsigned n = 1;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		p[i] = piece(i * 1460, 1460);
	assert_true(begin(&g, &p[0]));
	while (append(&g, &p[n]))
		n++;
	assert_int_equal(n, 89);
	assert_true(g.payload_len <= GRO_BYTES_MAX);
}

static void a_window_of_64_KiB_in_a_super_frame_and_a_rest_is_one(void **state)
{
	struct piece a = piece(0, 64240), b = piece(64240, 1296);
	struct gro g = { 0 };

	(void)state;
	assert_true(begin(&g, &a));
	assert_true(append(&g, &b));
	assert_int_equal(g.payload_len, 65536);
}

/* Behind the first segment of a frame nothing is read, whatever lies there. */
static void ports_in_pieces_promise_nothing(void **state)
{
	struct piece a = piece(0, 1000), b = piece(1000, 1000);

	(void)state;
	build(&a);
	build(&b);
	assert_true(gro_may_follow(&a.f, &b.f));
	a.seg.len = 3;
	assert_false(gro_may_follow(&a.f, &b.f));
	assert_false(gro_may_follow(&b.f, &a.f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_in_a_row_become_one),
		cmocka_unit_test(a_push_anywhere_is_kept),
		cmocka_unit_test(nothing_follows_a_short_segment_and_none_is_longer_than_the_first),
		cmocka_unit_test(any_other_difference_keeps_them_apart),
		cmocka_unit_test(every_byte_of_an_address_of_ip6_keeps_them_apart),
		cmocka_unit_test(timestamps_must_be_the_same),
		cmocka_unit_test(what_has_no_payload_or_a_special_flag_is_not_held),
		cmocka_unit_test(a_header_in_two_segments_is_left_to_others),
		cmocka_unit_test(ports_in_pieces_promise_nothing),
		cmocka_unit_test(a_packet_shorter_than_its_header_is_left_to_others),
		cmocka_unit_test(a_super_segment_is_at_most_two_super_frames),
		cmocka_unit_test(a_window_of_64_KiB_in_a_super_frame_and_a_rest_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
