/*
 * Tests of datagrams of many: batches in which each is another's, and a server that answers each. What is
 * done at once must come to what is done by and by. net/udp/udp.c, demux.c, send.c.
 */
#include "net/udp/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/core/sum.h"
#include "net/wire/ip4.h"
#include "net/wire/udp.h"
#include "tests/support/expect.h"
#include "tests/support/lab6.h"
#include "tests/support/udp_lab.h"

#define ENDS_MAX 4
#define BATCH_MAX 12
#define TEXT_MAX 40
#define PAYLOAD_MAX 1500

static const struct holm_proto *const protos4[] = { &holm_arp,	 &holm_ipv4, HOLM_IP_PARTS,
						    &holm_icmp4, &holm_udp,  NULL };
static const struct holm_proto *const protos6[] = { &holm_ipv6, &holm_icmp6, &holm_udp,
						    &lab6_neighbours, NULL };

/* Two labs to which the same happens: to the second by and by. */
struct pair {
	struct lab lab[2];
	struct holm_udp *u[2][ENDS_MAX];
	bool ip6;
};

static struct holm_addr addr_of(const struct pair *p, unsigned host)
{
	return p->ip6 ? lab6_addr(host) : lab_addr(host);
}

static void pair_init(struct pair *p, bool ip6, uint32_t features)
{
	const struct lab_options options = { .protos = protos4, .features = features };
	const struct holm_addr second = ip6 ? lab6_addr(100) : lab_addr(100);

	memset(p, 0, sizeof(*p));
	p->ip6 = ip6;
	for (int i = 0; i < 2; i++) {
		if (ip6)
			lab6_init(&p->lab[i], protos6);
		else
			lab_init(&p->lab[i], &options);
		assert_int_equal(
			holm_addr_add(p->lab[i].net, &p->lab[i].dev, &second, ip6 ? 64 : 24), 0);
		lab_run(&p->lab[i], 3 * LAB_S);
		lab_clear(&p->lab[i]);
	}
}

static void pair_fini(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < ENDS_MAX; k++)
			if (p->u[i][k])
				holm_udp_close(p->u[i][k]);
		/* What waits for a neighbour is given up. */
		lab_run(&p->lab[i], 10 * LAB_S);
		assert_true(lab_frames_are_home(&p->lab[i]));
		lab_fini(&p->lab[i]);
	}
}

/* In both: at the wildcard or, with `host`, at that host's address. */
static void bind_both(struct pair *p, int k, unsigned host, uint16_t port, unsigned flags)
{
	struct holm_endpoint at = { .addr = p->ip6 ? holm_addr_any6() : holm_addr_ip4(0, 0, 0, 0),
				    .port = port };

	if (host)
		at.addr = addr_of(p, host);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(holm_udp_open(p->lab[i].net, &p->u[i][k]), 0);
		assert_int_equal(holm_udp_bind(p->u[i][k], &at, flags), 0);
	}
}

static void connect_both(struct pair *p, int k, unsigned host, uint16_t port)
{
	const struct holm_endpoint to = { .addr = addr_of(p, host), .port = port };

	for (int i = 0; i < 2; i++)
		assert_int_equal(holm_udp_connect(p->u[i][k], &to), 0);
}

/* ---- In ------------------------------------------------------------------------------------------ */

struct sent {
	unsigned host;	 /* whose it says it is */
	unsigned summed; /* and whose its checksum is for */
	unsigned to;	 /* 1 or 100 */
	uint16_t sport, dport;
	uint8_t text[TEXT_MAX];
	size_t len;
	bool verified; /* by the device */
};

static struct holm_frame *frame_of(struct pair *p, int i, const struct sent *s)
{
	const struct holm_addr own = addr_of(p, s->to), src = addr_of(p, s->host);
	const struct holm_addr summed = addr_of(p, s->summed);
	struct udp_info info = { .sport = s->sport,
				 .dport = s->dport,
				 .len = (uint16_t)(UDP_HDR_BYTES + s->len) };
	uint8_t bytes[200], l4[UDP_HDR_BYTES + TEXT_MAX];
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(p->lab[i].net), 0, true);
	uint32_t sum = ip_pseudo_sum(&summed, &own, IP4_PROTO_UDP, info.len);
	size_t len;

	assert_non_null(f);
	udp_build(l4, &info);
	memcpy(l4 + UDP_HDR_BYTES, s->text, s->len);
	store_be16(l4 + UDP_CSUM_OFFSET, udp_checksum(checksum_partial(l4, info.len, sum)));
	if (p->ip6)
		len = lab6_packet(bytes, &src, &own, IP4_PROTO_UDP, l4, info.len);
	else
		len = lab_ip4(bytes, ip4_from_addr(&src), ip4_from_addr(&own), IP4_PROTO_UDP, l4,
			      info.len);
	memcpy(holm_frame_put(f, len), bytes, len);
	if (s->verified)
		f->csum = HOLM_CSUM_VERIFIED;
	return f;
}

static void receive_both(struct pair *p, const struct sent *sent, size_t n)
{
	struct holm_frame *batch[BATCH_MAX];

	for (int i = 0; i < 2; i++) {
		for (size_t k = 0; k < n; k++) {
			batch[k] = frame_of(p, i, &sent[k]);
			if (i == 1)
				holm_net_input(p->lab[1].net, &p->lab[1].dev, &batch[k], 1,
					       p->lab[1].now);
		}
		if (i == 0)
			holm_net_input(p->lab[0].net, &p->lab[0].dev, batch, n, p->lab[0].now);
		lab_poll(&p->lab[i]);
	}
}

static void expect_same(struct holm_udp *a, struct holm_udp *b)
{
	assert_int_equal(a->nframes, b->nframes);
	assert_int_equal(a->pinned_bytes, b->pinned_bytes);
	assert_int_equal(a->payload_bytes, b->payload_bytes);
	assert_int_equal(holm_udp_ready(a), holm_udp_ready(b));
	udp_lab_expect_same(a, b);
}

/* What is ready is so in both, and why something was dropped. */
static void expect_same_lab(struct pair *p)
{
	struct holm_event ev;
	size_t events[2] = { 0 };

	for (int i = 0; i < 2; i++)
		while (holm_net_next_event(p->lab[i].net, &ev))
			events[i]++;
	assert_int_equal(events[0], events[1]);
	for (int why = 0; why < HOLM_DROP_COUNT; why++)
		assert_int_equal(holm_net_drops(p->lab[0].net, why),
				 holm_net_drops(p->lab[1].net, why));
	assert_int_equal(holm_net_counter(p->lab[0].net, HOLM_COUNT_UDP_RX),
			 holm_net_counter(p->lab[1].net, HOLM_COUNT_UDP_RX));
	for (int k = 0; k < ENDS_MAX; k++)
		if (p->u[0][k])
			expect_same(p->u[0][k], p->u[1][k]);
}

/* Who is there: servers, connected ones, several on a port. */
static void bind_some(struct pair *p, unsigned kind)
{
	const bool shared = kind >= 2;

	bind_both(p, 0, kind % 2, 7, shared ? HOLM_UDP_REUSEADDR : 0);
	bind_both(p, 1, 0, 8, kind == 3 ? HOLM_UDP_REUSEPORT : 0);
	connect_both(p, 1, 2, 9);
	if (shared)
		bind_both(p, 2, 0, 7, HOLM_UDP_REUSEADDR);
	if (shared)
		connect_both(p, 2, 3, 9);
	if (kind == 3)
		bind_both(p, 3, 0, 8, HOLM_UDP_REUSEPORT);
}

static void some_datagram(struct sent *s, uint64_t *seed)
{
	s->host = 2 + (unsigned)expect_random_below(seed, 3);
	s->summed = s->host;
	if (expect_random_below(seed, 10) == 0)
		s->summed = 2 + (unsigned)expect_random_below(seed, 3);
	s->to = expect_random_below(seed, 4) ? 1 : 100;
	s->sport = (uint16_t)(9 + expect_random_below(seed, 2));
	s->dport = (uint16_t)(7 + expect_random_below(seed, 8) % 3);
	s->len = expect_random_below(seed, TEXT_MAX + 1);
	for (size_t i = 0; i < s->len; i++)
		s->text[i] = (uint8_t)expect_random(seed);
	s->verified = expect_random_below(seed, 8) == 0;
}

static void datagrams_of_many_have_the_same_fate_together_and_apart(void **state)
{
	uint64_t seed = expect_seed(31);

	(void)state;
	for (unsigned kind = 0; kind < 8; kind++) {
		struct pair p;

		pair_init(&p, kind >= 4, 0);
		bind_some(&p, kind % 4);
		for (int round = 0; round < 200; round++) {
			struct sent sent[BATCH_MAX];
			size_t n = 1 + expect_random_below(&seed, BATCH_MAX);

			for (size_t i = 0; i < n; i++)
				some_datagram(&sent[i], &seed);
			receive_both(&p, sent, n);
			expect_same_lab(&p);
		}
		assert_true(holm_net_drops(p.lab[0].net, HOLM_DROP_UDP_CSUM) > 0);
		assert_true(holm_net_drops(p.lab[0].net, HOLM_DROP_UDP_NO_PORT) > 0);
		pair_fini(&p);
	}
}

/* Until the next message: who was alone has company, and the other way round. */
static void who_is_alone_on_a_port_is_known_whoever_comes_and_goes(void **state)
{
	struct holm_udp *any, *one;
	struct lab lab;
	const struct lab_options options = { .protos = protos4 };
	const struct holm_endpoint remote = udp_lab_at(2, 9);

	(void)state;
	lab_init(&lab, &options);
	any = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	udp_lab_receive(&lab, 2, 9, 7, "alone");
	one = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	assert_null(any->port->only);
	assert_int_equal(holm_udp_connect(one, &remote), 0);
	assert_null(any->port->only);
	udp_lab_receive(&lab, 2, 9, 7, "to one");
	udp_lab_receive(&lab, 2, 8, 7, "to any");
	udp_lab_expect(one, "to one");
	udp_lab_expect(any, "alone");
	udp_lab_expect(any, "to any");
	holm_udp_close(any);
	assert_ptr_equal(one->port->only, one);
	udp_lab_receive(&lab, 2, 9, 7, "to one again");
	udp_lab_receive(&lab, 2, 8, 7, "to nobody");
	udp_lab_receive(&lab, 3, 9, 7, "to nobody");
	udp_lab_expect(one, "to one again");
	udp_lab_expect_nothing(one);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_UDP_NO_PORT), 2);
	assert_int_equal(holm_udp_connect(one, NULL), 0);
	udp_lab_receive(&lab, 3, 8, 7, "to it all the same");
	udp_lab_expect(one, "to it all the same");
	holm_udp_close(one);
	lab_fini(&lab);
}

/* Ports that lie a power of two apart are remembered in the same place. */
static void ports_are_found_however_many_are_asked_for(void **state)
{
	enum { N = 5 };
	const struct lab_options options = { .protos = protos4 };
	struct holm_udp *u[N];
	struct lab lab;

	(void)state;
	lab_init(&lab, &options);
	for (unsigned i = 0; i < N; i++)
		u[i] = udp_lab_bound(&lab, (uint16_t)(7 + i * UDP_PORTS_RECENT), 0);
	for (unsigned k = 0; k < 2 * N; k++) {
		unsigned i = k * 3 % N;

		udp_lab_receive(&lab, 2, 9, (uint16_t)(7 + i * UDP_PORTS_RECENT), "x");
		udp_lab_expect(u[i], "x");
	}
	for (unsigned i = 0; i < N; i++) {
		holm_udp_close(u[i]);
		udp_lab_receive(&lab, 2, 9, (uint16_t)(7 + i * UDP_PORTS_RECENT), "nobody");
		assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_UDP_NO_PORT), i + 1);
	}
	lab_fini(&lab);
}

/* ---- Out ----------------------------------------------------------------------------------------- */

/* Known ones, one that does not answer, one behind the gateway, ourselves, nobody, a group, everybody. */
static struct holm_addr some_remote(const struct pair *p, uint64_t *seed)
{
	static const char *const other4[] = {
		"10.0.0.77", "192.0.2.9",  "10.0.0.1",	"0.0.0.0",
		"224.1.2.3", "10.0.0.255", "127.0.0.1", "198.51.100.1"
	};
	static const char *const other6[] = { "2001:db8::77", "2001:db8:9::9", "2001:db8::1",
					      "::",	      "ff02::7",       "fe80::2",
					      "::1",	      "10.0.0.2" };
	size_t i = expect_random_below(seed, 16);

	if (i >= ARRAY_LEN(other4))
		return addr_of(p, 2 + (unsigned)(i - ARRAY_LEN(other4)) / 3);
	return lab6_text(p->ip6 ? other6[i] : other4[i]);
}

static void introduce_some(struct pair *p)
{
	const struct holm_addr gateway = addr_of(p, 2);
	struct holm_route route = { .dst = p->ip6 ? lab6_text("2001:db8:9::")
						  : lab6_text("192.0.2.0"),
				    .prefix_len = p->ip6 ? 48 : 24,
				    .gateway = gateway };

	for (int i = 0; i < 2; i++) {
		for (unsigned host = 2; host < 5; host++) {
			const struct holm_addr addr = addr_of(p, host);

			if (p->ip6)
				lab6_introduce(&p->lab[i], &addr, host);
			else
				lab_introduce(&p->lab[i], host);
		}
		assert_int_equal(holm_route_add(p->lab[i].net, &route), 0);
		lab_clear(&p->lab[i]);
	}
}

static void some_options(struct pair *p, uint64_t *seed)
{
	static const int options[] = {
		HOLM_UDP_OPT_TTL,  HOLM_UDP_OPT_TOS,  HOLM_UDP_OPT_PMTU,
		HOLM_UDP_OPT_TTL6, HOLM_UDP_OPT_TOS6, HOLM_UDP_OPT_PMTU6,
	};
	size_t which = expect_random_below(seed, ARRAY_LEN(options));
	uint32_t value = 1 + (uint32_t)expect_random_below(seed, which % 3 == 2 ? 3 : 255);

	for (int i = 0; i < 2; i++)
		holm_udp_set_option(p->u[i][0], options[which], value);
}

static void expect_same_frames(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		lab_poll(&p->lab[i]);
	assert_int_equal(p->lab[0].nsent, p->lab[1].nsent);
	for (size_t i = 0; i < p->lab[0].nsent; i++) {
		assert_int_equal(p->lab[0].sent[i].len, p->lab[1].sent[i].len);
		assert_memory_equal(p->lab[0].sent[i].data, p->lab[1].sent[i].data,
				    p->lab[0].sent[i].len);
	}
	for (int i = 0; i < 2; i++)
		lab_clear(&p->lab[i]);
}

/* In two pieces each takes the long way. */
static void a_datagram_to_anybody_is_the_same_by_the_short_and_by_the_long_way(void **state)
{
	static const struct {
		bool ip6;
		unsigned host; /* whose address it is bound to */
		uint32_t features;
	} kinds[] = { { .ip6 = false },
		      { .host = 100 },
		      { .features = HOLM_DEV_TX_CSUM },
		      { .features = HOLM_DEV_NO_CSUM },
		      { .ip6 = true },
		      { .ip6 = true, .host = 100 } };
	uint64_t seed = expect_seed(32);
	static uint8_t bytes[PAYLOAD_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)expect_random(&seed);
	for (unsigned kind = 0; kind < ARRAY_LEN(kinds); kind++) {
		struct pair p;

		pair_init(&p, kinds[kind].ip6, kinds[kind].features);
		introduce_some(&p);
		bind_both(&p, 0, kinds[kind].host, 7, 0);
		for (int round = 0; round < 2000; round++) {
			struct holm_endpoint to = { .addr = some_remote(&p, &seed) };
			size_t len = expect_random_below(&seed, round % 16 ? 200 : PAYLOAD_MAX);
			struct holm_span one = { bytes, len };
			struct holm_span two[2] = { { bytes, len / 2 },
						    { bytes + len / 2, len - len / 2 } };
			int err;

			to.port = (uint16_t)expect_random_below(&seed, 20);
			if (round % 32 == 31)
				some_options(&p, &seed);
			err = holm_udp_send(p.u[0][0], &to, &one, 1);
			assert_int_equal(holm_udp_send(p.u[1][0], &to, two, 2), err);
			expect_same_frames(&p);
			expect_same_lab(&p);
		}
		pair_fini(&p);
	}
}

static void who_has_no_port_yet_gets_one_with_the_first_datagram(void **state)
{
	const struct lab_options options = { .protos = protos4 };
	const struct holm_endpoint to = udp_lab_at(2, 9);
	struct holm_udp *u, *other;
	struct lab lab;

	(void)state;
	lab_init(&lab, &options);
	lab_introduce(&lab, 2);
	/* The way is known, from here on. */
	other = udp_lab_bound(&lab, 7, 0);
	assert_int_equal(udp_lab_send(other, &to, "w"), 0);
	lab_poll(&lab);
	lab_clear(&lab);
	assert_int_equal(holm_udp_open(lab.net, &u), 0);
	assert_int_equal(udp_lab_send(u, &to, "x"), 0);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 1);
	assert_in_range(load_be16(lab.sent[0].data + 34), UDP_PORT_FIRST,
			UDP_PORT_FIRST + UDP_PORT_COUNT - 1);
	holm_udp_close(u);
	holm_udp_close(other);
	lab_fini(&lab);
}

static void an_error_that_waits_is_told_before_anything_is_sent_to_anybody(void **state)
{
	const struct lab_options options = { .protos = protos4 };
	const struct holm_endpoint to = udp_lab_at(2, 9);
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	lab_init(&lab, &options);
	lab_introduce(&lab, 2);
	u = udp_lab_bound(&lab, 7, 0);
	assert_int_equal(udp_lab_send(u, &to, "x"), 0);
	lab_poll(&lab);
	lab_clear(&lab);
	udp_set_error(u, HOLM_ECONNREFUSED);
	assert_int_equal(udp_lab_send(u, &to, "y"), -HOLM_ECONNREFUSED);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(udp_lab_send(u, &to, "z"), 0);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 1);
	holm_udp_close(u);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_of_many_have_the_same_fate_together_and_apart),
		cmocka_unit_test(who_is_alone_on_a_port_is_known_whoever_comes_and_goes),
		cmocka_unit_test(ports_are_found_however_many_are_asked_for),
		cmocka_unit_test(
			a_datagram_to_anybody_is_the_same_by_the_short_and_by_the_long_way),
		cmocka_unit_test(who_has_no_port_yet_gets_one_with_the_first_datagram),
		cmocka_unit_test(an_error_that_waits_is_told_before_anything_is_sent_to_anybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
