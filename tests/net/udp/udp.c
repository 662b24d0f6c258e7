/*
 * Tests of datagrams on their way in: net/udp/udp.c.
 */
#include "net/udp/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "net/wire/icmp4.h"
#include "net/wire/udp.h"
#include "tests/support/expect.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct lab_options plain = { .protos = protos };

static void a_datagram_for_a_bound_port_is_handed_over_with_both_ends(void **state)
{
	struct holm_endpoint from = udp_lab_at(2, 6000), to = udp_lab_at(1, 5000);
	struct lab lab;
	struct holm_udp *u;
	struct holm_datagram dg;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 5000, 0);
	udp_lab_receive(&lab, 2, 6000, 5000, "hello");
	assert_true(holm_udp_ready(u) & HOLM_READABLE);
	assert_int_equal(holm_udp_recv(u, &dg), 0);
	assert_int_equal(dg.from.port, from.port);
	assert_int_equal(dg.to.port, to.port);
	assert_true(holm_addr_equal(&dg.from.addr, &from.addr));
	assert_true(holm_addr_equal(&dg.to.addr, &to.addr));
	assert_ptr_equal(dg.dev, &lab.dev);
	assert_int_equal(dg.ttl, 64);
	assert_memory_equal(holm_frame_data(dg.frame) + dg.payload_off, "hello", 5);
	holm_frame_free(dg.frame);
	assert_false(holm_udp_ready(u) & HOLM_READABLE);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void an_empty_datagram_is_a_datagram(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	udp_lab_receive(&lab, 2, 9, 7, "");
	assert_true(holm_udp_ready(u) & HOLM_READABLE);
	udp_lab_expect(u, "");
	udp_lab_expect_nothing(u);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_wrong_checksum_is_dropped_and_none_at_all_is_fine(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	uint8_t frame[128];
	size_t len;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	len = lab_udp(frame, LAB_IP(2), LAB_IP(1), 9, 7, "data", 4);
	for (size_t bit = 0; bit < 12 * 8; bit++) {
		frame[34 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		lab_receive(&lab, frame, len);
		frame[34 + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	udp_lab_expect_nothing(u);
	store_be16(frame + 40, 0);
	lab_receive(&lab, frame, len);
	udp_lab_expect(u, "data");
	holm_udp_close(u);
	lab_fini(&lab);
}

static struct holm_frame *frame_of(struct lab *lab, const uint8_t *bytes, size_t len)
{
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(lab->net), 0, true);

	assert_non_null(f);
	memcpy(holm_frame_put(f, len), bytes, len);
	return f;
}

/* Frames of one flow go up together, and whatever lies between them does not change their order. */
static void a_batch_of_several_kinds_is_taken_in_order(void **state)
{
	static const struct {
		unsigned from;
		uint16_t dport;
		char text[2];
	} sent[] = { { 2, 7, "a" }, { 2, 7, "b" }, { 3, 7, "c" }, { 3, 8, "x" }, { 2, 7, "?" },
		     { 2, 7, "d" }, { 0, 0, "" },  { 2, 7, "e" }, { 3, 8, "y" }, { 2, 7, "f" } };
	struct holm_frame *batch[ARRAY_LEN(sent)];
	struct holm_udp *u, *other;
	uint8_t bytes[128];
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	other = udp_lab_bound(&lab, 8, 0);
	for (size_t n = 2; n <= ARRAY_LEN(sent); n++) {
		for (size_t i = 0; i < n; i++) {
			size_t len = lab_arp(bytes, 1, 2, 1, true);

			if (sent[i].from)
				len = lab_udp(bytes, LAB_IP(sent[i].from), LAB_IP(1), 9,
					      sent[i].dport, sent[i].text, 1);
			bytes[len - 1] ^= sent[i].text[0] == '?';
			batch[i] = frame_of(&lab, bytes, len);
		}
		holm_net_input(lab.net, &lab.dev, batch, n, lab.now);
		for (size_t i = 0; i < n; i++)
			if (sent[i].dport && sent[i].text[0] != '?')
				udp_lab_expect(sent[i].dport == 7 ? u : other, sent[i].text);
		udp_lab_expect_nothing(u);
		udp_lab_expect_nothing(other);
		lab_poll(&lab);
	}
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_UDP_CSUM), ARRAY_LEN(sent) - 4);
	holm_udp_close(u);
	holm_udp_close(other);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

/* What a datagram in a run of others may have that these have not. */
enum peculiarity {
	PLAIN,
	EMPTY,
	LONG,
	WITHOUT_SUM,
	WRONG_SUM,
	TO_ANOTHER_PORT,
	FROM_ANOTHER_PORT,
	TO_NOBODY,
	IN_PIECES,
	/* The device has looked at the sum of these. */
	VERIFIED,
	IN_PIECES_VERIFIED,
	SHORTER_THAN_ITS_PACKET,
	LENGTH_BELOW_HEADER,
	LENGTH_BEYOND_PACKET,
	PACKET_BELOW_HEADER,
	PECULIARITIES,
};

static struct holm_frame *peculiar_frame(struct lab *lab, enum peculiarity what, size_t i)
{
	uint16_t dport = what == TO_ANOTHER_PORT ? 8 : what == TO_NOBODY ? 6 : 7;
	size_t n = what == EMPTY ? 0 : what == LONG ? 301 : 20 + i, len;
	uint8_t text[301], bytes[400], l4[12] = { 0, 9, 0, 7, 0, 10, 0, 1, 'a', 'b', 'c', 'd' };
	struct holm_frame *f;
	bool pieces;

	memset(text, 'a' + (int)i, n);
	len = lab_udp(bytes, LAB_IP(2), LAB_IP(1), what == FROM_ANOTHER_PORT ? 10 : 9, dport, text,
		      n);
	if (what == WITHOUT_SUM)
		store_be16(bytes + 40, 0);
	if (what == WRONG_SUM || what == VERIFIED)
		bytes[40] ^= 1;
	if (what == LENGTH_BELOW_HEADER)
		store_be16(l4 + 4, 7);
	if (what == LENGTH_BEYOND_PACKET)
		store_be16(l4 + 4, 13);
	if (what >= SHORTER_THAN_ITS_PACKET && what <= PACKET_BELOW_HEADER)
		len = lab_ip4(bytes, LAB_IP(2), LAB_IP(1), 17, l4,
			      what == PACKET_BELOW_HEADER ? 7 : sizeof(l4));
	pieces = what == IN_PIECES || what == IN_PIECES_VERIFIED;
	f = frame_of(lab, bytes, pieces ? len - 5 : len);
	if (pieces) {
		struct holm_frame *rest = frame_of(lab, bytes + len - 5, 5);

		assert_true(holm_frame_append_from(f, rest, 0, 5));
		holm_frame_free(rest);
	}
	if (what >= VERIFIED)
		f->csum = HOLM_CSUM_VERIFIED;
	return f;
}

static uint32_t free_frames(struct lab *lab)
{
	struct holm_pool_stats stats;

	holm_pool_get_stats(holm_net_pool(lab->net), &stats);
	return stats.free;
}

static void expect_same_datagrams(struct holm_udp *a, struct holm_udp *b)
{
	size_t n, m, n_bytes, m_bytes;

	holm_udp_queued(a, &n, &n_bytes);
	holm_udp_queued(b, &m, &m_bytes);
	assert_int_equal(n, m);
	assert_int_equal(n_bytes, m_bytes);
	assert_int_equal(a->pinned_bytes, b->pinned_bytes);
	assert_int_equal(holm_udp_ready(a), holm_udp_ready(b));
	udp_lab_expect_same(a, b);
}

/* Seven, of which the fourth and the sixth are peculiar, together or apart. */
static void receive_seven(struct lab *lab, enum peculiarity what, bool apart)
{
	struct holm_frame *batch[7];

	for (size_t i = 0; i < 7; i++) {
		batch[i] = peculiar_frame(lab, i == 3 || i == 5 ? what : PLAIN, i);
		if (apart)
			holm_net_input(lab->net, &lab->dev, &batch[i], 1, lab->now);
	}
	if (!apart)
		holm_net_input(lab->net, &lab->dev, batch, 7, lab->now);
	lab_poll(lab);
}

static void datagrams_have_the_same_fate_together_and_apart(void **state)
{
	static const unsigned frames[] = { 1, 2, 5, 6, 256 };
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct lab lab[2];
	struct holm_udp *u[2], *other[2];

	(void)state;
	for (unsigned k = 0; k < PECULIARITIES * ARRAY_LEN(frames) * 2; k++) {
		enum peculiarity what = k / 2 % PECULIARITIES;
		unsigned most = frames[k / 2 / PECULIARITIES];
		struct holm_event ev;

		holm_config_default(&config);
		if (k % 2)
			config.udp_rcvbuf_bytes = most * HOLM_FRAME_BYTES + 1;
		else
			config.udp_rcv_frames_max = most;
		for (int i = 0; i < 2; i++) {
			lab_init(&lab[i], &options);
			u[i] = udp_lab_bound(&lab[i], 7, 0);
			other[i] = udp_lab_bound(&lab[i], 8, 0);
			receive_seven(&lab[i], PLAIN, i == 1);
			while (holm_net_next_event(lab[i].net, &ev))
				continue;
			if (most > 2)
				udp_lab_expect(u[i], "aaaaaaaaaaaaaaaaaaaa");
			receive_seven(&lab[i], what, i == 1);
		}
		for (int i = 0; i < 2; i++) {
			size_t n = 0;

			while (holm_net_next_event(lab[i].net, &ev))
				n++;
			assert_int_equal(n, (most > 2) + (what == TO_ANOTHER_PORT));
		}
		for (int why = 0; why < HOLM_DROP_COUNT; why++)
			assert_int_equal(holm_net_drops(lab[0].net, why),
					 holm_net_drops(lab[1].net, why));
		assert_int_equal(holm_net_counter(lab[0].net, HOLM_COUNT_UDP_RX),
				 holm_net_counter(lab[1].net, HOLM_COUNT_UDP_RX));
		assert_int_equal(free_frames(&lab[0]), free_frames(&lab[1]));
		expect_same_datagrams(u[0], u[1]);
		expect_same_datagrams(other[0], other[1]);
		for (int i = 0; i < 2; i++) {
			holm_udp_close(u[i]);
			holm_udp_close(other[i]);
			lab_fini(&lab[i]);
		}
	}
}

/* The last flow of all is not that of the last datagram that somebody got. */
static void a_run_of_another_host_is_not_for_who_is_connected_to_the_last(void **state)
{
	struct holm_udp *unconnected, *connected;
	struct holm_frame *batch[2];
	uint8_t bytes[128];
	struct lab lab;
	size_t len;

	(void)state;
	lab_init(&lab, &plain);
	unconnected = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	connected = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	assert_int_equal(holm_udp_connect(connected, &(struct holm_endpoint){ .addr = lab_addr(2),
									      .port = 9 }),
			 0);
	udp_lab_receive(&lab, 2, 9, 7, "mine");
	udp_lab_receive(&lab, 3, 9, 6, "nobody's");
	len = lab_udp(bytes, LAB_IP(3), LAB_IP(1), 9, 7, "theirs", 6);
	for (size_t i = 0; i < 2; i++) {
		batch[i] = frame_of(&lab, bytes, len);
		batch[i]->csum = HOLM_CSUM_VERIFIED;
	}
	holm_net_input(lab.net, &lab.dev, batch, 2, lab.now);
	udp_lab_expect(connected, "mine");
	udp_lab_expect_nothing(connected);
	udp_lab_expect(unconnected, "theirs");
	udp_lab_expect(unconnected, "theirs");
	holm_udp_close(unconnected);
	holm_udp_close(connected);
	lab_fini(&lab);
}

static void the_length_field_decides_and_must_fit(void **state)
{
	static const uint16_t bad[] = { 0, 7, 13, 0xffff };
	struct lab lab;
	struct holm_udp *u;
	uint8_t frame[128], l4[12] = { 0, 9, 0, 7, 0, 10, 0, 0, 'a', 'b', 'c', 'd' };

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	lab_receive(&lab, frame, lab_ip4(frame, LAB_IP(2), LAB_IP(1), 17, l4, sizeof(l4)));
	udp_lab_expect(u, "ab");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		store_be16(l4 + 4, bad[i]);
		lab_receive(&lab, frame, lab_ip4(frame, LAB_IP(2), LAB_IP(1), 17, l4, 12));
	}
	for (size_t n = 0; n < 8; n++)
		lab_receive(&lab, frame, lab_ip4(frame, LAB_IP(2), LAB_IP(1), 17, l4, n));
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_UDP_SHORT), 12);
	udp_lab_expect_nothing(u);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void datagrams_in_pieces_arrive_whole(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	char text[201];

	(void)state;
	memset(text, 'p', 200);
	text[200] = 0;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	for (unsigned size = 4; size < 244; size += 3) {
		lab.segments = size;
		udp_lab_receive(&lab, 2, 9, 7, text);
		udp_lab_expect(u, text);
	}
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_closed_port_is_answered_with_an_icmp_error(void **state)
{
	struct lab lab;
	const struct lab_sent *s;

	(void)state;
	lab_init(&lab, &plain);
	lab_introduce(&lab, 2);
	lab_clear(&lab);
	udp_lab_receive(&lab, 2, 9, 7, "anybody?");
	s = lab_find_type(&lab, ETH_TYPE_IP4, 0);
	assert_non_null(s);
	assert_int_equal(s->data[34], ICMP4_UNREACHABLE);
	assert_int_equal(s->data[35], ICMP4_PORT);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_UDP_NO_PORT), 1);
	lab_fini(&lab);
}

static void everybody_on_the_port_hears_a_broadcast(void **state)
{
	static const uint32_t many[] = { LAB_IP(255), 0xffffffff, 0xe0000001 };
	struct lab lab;
	struct holm_udp *u[4], *connected;
	struct holm_endpoint remote = udp_lab_at(2, 9);
	uint8_t frame[128];

	(void)state;
	lab_init(&lab, &plain);
	for (size_t i = 0; i < 4; i++)
		u[i] = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	connected = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	assert_int_equal(holm_udp_connect(connected, &remote), 0);
	for (size_t k = 0; k < ARRAY_LEN(many); k++) {
		size_t len = lab_udp(frame, LAB_IP(2), many[k], 9, 7, "all", 3);

		memset(frame, 0xff, 6);
		lab_receive(&lab, frame, len);
		for (size_t i = 0; i < 4; i++) {
			udp_lab_expect(u[i], "all");
			udp_lab_expect_nothing(u[i]);
		}
	}
	/* To nobody: counted, and never answered. */
	lab_clear(&lab);
	lab_receive(&lab, frame, lab_udp(frame, LAB_IP(2), LAB_IP(255), 9, 8, "all", 3));
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_UDP_NO_PORT), 1);
	for (size_t i = 0; i < 4; i++)
		holm_udp_close(u[i]);
	holm_udp_close(connected);
	lab_fini(&lab);
}

static void strange_destinations_reach_only_those_who_take_anything(void **state)
{
	struct lab_options options = { .protos = protos, .no_address = true };
	struct lab lab;
	struct holm_udp *any, *usual;
	uint8_t frame[128];
	size_t len;

	(void)state;
	lab_init(&lab, &options);
	usual = udp_lab_bound(&lab, 68, HOLM_UDP_REUSEADDR);
	len = lab_udp(frame, LAB_IP(2), LAB_IP(77), 67, 68, "offer", 5);
	lab_receive(&lab, frame, len);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_NOT_OURS), 1);
	any = udp_lab_bound(&lab, 68, HOLM_UDP_REUSEADDR | HOLM_UDP_ANY_DST);
	lab_receive(&lab, frame, len);
	udp_lab_expect(any, "offer");
	udp_lab_expect_nothing(usual);
	lab_receive(&lab, frame, lab_udp(frame, LAB_IP(2), LAB_IP(77), 67, 69, "?", 1));
	assert_int_equal(lab.nsent, 0);
	holm_udp_close(any);
	len = lab_udp(frame, LAB_IP(2), LAB_IP(77), 67, 68, "offer", 5);
	lab_receive(&lab, frame, len);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_NOT_OURS), 2);
	holm_udp_close(usual);
	lab_fini(&lab);
}

static void an_endpoint_holds_so_many_frames_and_so_much_memory_and_no_more(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct lab lab;
	struct holm_udp *u;
	size_t n, bytes;

	(void)state;
	holm_config_default(&config);
	config.udp_rcv_frames_max = 20;
	lab_init(&lab, &options);
	u = udp_lab_bound(&lab, 7, 0);
	for (int i = 0; i < 30; i++)
		udp_lab_receive(&lab, 2, 9, 7, "x");
	holm_udp_queued(u, &n, &bytes);
	assert_int_equal(n, 20);
	assert_int_equal(bytes, 20);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_UDP_QUEUE_FULL), 10);
	for (int i = 0; i < 20; i++)
		udp_lab_expect(u, "x");
	/* A buffer of three frames' memory takes three, however small the datagrams. */
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_RCVBUF, 3 * HOLM_FRAME_BYTES), 0);
	for (int i = 0; i < 5; i++)
		udp_lab_receive(&lab, 2, 9, 7, "x");
	holm_udp_queued(u, &n, &bytes);
	assert_int_equal(n, 3);
	/* It has become smaller than what is in it. */
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_RCVBUF, HOLM_FRAME_BYTES), 0);
	receive_seven(&lab, PLAIN, false);
	holm_udp_queued(u, &n, &bytes);
	assert_int_equal(n, 3);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void full_queues_leave_the_pool_its_reserve(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config, .frames = 64 };
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	holm_config_default(&config);
	config.frame_reserve = 16;
	lab_init(&lab, &options);
	u = udp_lab_bound(&lab, 7, 0);
	for (int i = 0; i < 200; i++)
		udp_lab_receive(&lab, 2, 9, 7, "x");
	assert_true(free_frames(&lab) >= 16);
	assert_true(holm_net_drops(lab.net, HOLM_DROP_UDP_QUEUE_FULL) > 100);
	receive_seven(&lab, PLAIN, false);
	assert_true(free_frames(&lab) >= 16);
	holm_udp_close(u);
	lab_fini(&lab);
}

static struct fat {
	struct holm_buf buf;
	uint8_t bytes[16384];
	unsigned released;
} fat;

static void fat_released(struct holm_buf *buf)
{
	(void)buf;
	fat.released++;
}

/* Alone, and as one of a run. */
static void a_small_datagram_does_not_pin_a_large_device_buffer(void **state)
{
	static const struct holm_buf_owner owner = { .release = fat_released };
	struct lab lab;
	struct holm_udp *u;
	uint8_t frame[128];
	size_t len;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	fat = (struct fat){ .buf = { .owner = &owner, .bytes = sizeof(fat.bytes) } };
	len = lab_udp(frame, LAB_IP(2), LAB_IP(1), 9, 7, "small", 5);
	memcpy(fat.bytes, frame, len);
	for (unsigned n = 1; n <= 2; n++) {
		struct holm_frame *f = holm_frame_alloc(holm_net_pool(lab.net), 0, true);
		struct holm_frame *batch[] = { f, n > 1 ? frame_of(&lab, frame, len) : NULL };

		fat.buf.refs = 1;
		f->segs[0] = (struct holm_seg){ fat.bytes, &fat.buf, (uint32_t)len, 0 };
		f->len = (uint32_t)len;
		holm_net_input(lab.net, &lab.dev, batch, n, lab.now);
		assert_int_equal(fat.released, n);
		for (unsigned i = 0; i < n; i++)
			udp_lab_expect(u, "small");
	}
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_device_that_goes_is_named_by_no_datagram_any_more(void **state)
{
	struct lab lab;
	struct holm_udp *u, *wired;
	struct holm_datagram dg;
	struct holm_endpoint to = udp_lab_at(2, 9);

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	wired = udp_lab_bound(&lab, 8, 0);
	holm_udp_bind_dev(wired, &lab.dev);
	udp_lab_receive(&lab, 2, 9, 7, "x");
	holm_net_remove_dev(lab.net, &lab.dev);
	assert_int_equal(holm_udp_recv(u, &dg), 0);
	assert_null(dg.dev);
	holm_frame_free(dg.frame);
	assert_int_equal(udp_lab_send(wired, &to, "x"), -HOLM_ENETDOWN);
	assert_int_equal(udp_lab_send(wired, &to, "x"), -HOLM_ENODEV);
	assert_true(holm_net_add_dev(lab.net, &lab.dev) > 0);
	holm_udp_close(u);
	holm_udp_close(wired);
	lab_fini(&lab);
}

static bool count_visit(void *ctx, const struct holm_ep_info *info)
{
	size_t *n = ctx;

	assert_int_equal(info->kind, HOLM_EP_UDP);
	++*n;
	return *n < 3;
}

static void listings_name_every_endpoint_until_told_to_stop(void **state)
{
	struct lab lab;
	struct holm_udp *third;
	size_t n = 0;

	(void)state;
	lab_init(&lab, &plain);
	udp_lab_bound(&lab, 7, 0);
	udp_lab_bound(&lab, 8, 0);
	holm_net_each_endpoint(lab.net, count_visit, &n);
	assert_int_equal(n, 2);
	udp_lab_bound(&lab, 9, 0);
	assert_int_equal(holm_udp_open(lab.net, &third), 0);
	n = 0;
	holm_net_each_endpoint(lab.net, count_visit, &n);
	assert_int_equal(n, 3);
	/* What the program has not closed goes with the instance. */
	lab_fini(&lab);
}

static void damaged_datagrams_of_any_kind_lose_nothing_but_themselves(void **state)
{
	uint64_t seed = expect_seed(9);
	struct lab lab;
	struct holm_udp *u;
	struct holm_datagram dg;
	uint8_t frame[256];

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	for (int i = 0; i < 20000; i++) {
		size_t len = lab_udp(frame, LAB_IP(2), LAB_IP(1), 9, 7, "0123456789", 10);

		if (expect_random_below(&seed, 4))
			frame[34 + expect_random_below(&seed, len - 34)] =
				(uint8_t)expect_random(&seed);
		if (expect_random_below(&seed, 4) == 0)
			store_be16(frame + 40, 0);
		lab.segments = 4 + (unsigned)expect_random_below(&seed, 60);
		lab_receive(&lab, frame, len - expect_random_below(&seed, 3));
		while (holm_udp_recv(u, &dg) == 0) {
			uint8_t got[64];

			assert_in_range(dg.payload_len, 0, 10);
			holm_frame_read(dg.frame, dg.payload_off, got, dg.payload_len);
			holm_frame_free(dg.frame);
		}
		lab_clear(&lab);
	}
	holm_udp_close(u);
	lab_run(&lab, 10 * LAB_S);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_for_a_bound_port_is_handed_over_with_both_ends),
		cmocka_unit_test(an_empty_datagram_is_a_datagram),
		cmocka_unit_test(a_wrong_checksum_is_dropped_and_none_at_all_is_fine),
		cmocka_unit_test(a_batch_of_several_kinds_is_taken_in_order),
		cmocka_unit_test(datagrams_have_the_same_fate_together_and_apart),
		cmocka_unit_test(a_run_of_another_host_is_not_for_who_is_connected_to_the_last),
		cmocka_unit_test(the_length_field_decides_and_must_fit),
		cmocka_unit_test(datagrams_in_pieces_arrive_whole),
		cmocka_unit_test(a_closed_port_is_answered_with_an_icmp_error),
		cmocka_unit_test(everybody_on_the_port_hears_a_broadcast),
		cmocka_unit_test(strange_destinations_reach_only_those_who_take_anything),
		cmocka_unit_test(an_endpoint_holds_so_many_frames_and_so_much_memory_and_no_more),
		cmocka_unit_test(full_queues_leave_the_pool_its_reserve),
		cmocka_unit_test(a_small_datagram_does_not_pin_a_large_device_buffer),
		cmocka_unit_test(a_device_that_goes_is_named_by_no_datagram_any_more),
		cmocka_unit_test(listings_name_every_endpoint_until_told_to_stop),
		cmocka_unit_test(damaged_datagrams_of_any_kind_lose_nothing_but_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
