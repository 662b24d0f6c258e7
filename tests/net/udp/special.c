/* Tests of datagrams that are not like others: net/udp/special.c, and net/ip/split4.c behind it. */
#include "net/udp/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/ip4.h"
#include "net/wire/udp.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static uint8_t big[HOLM_UDP_PAYLOAD_MAX + 1];

static struct holm_udp *start(struct lab *lab, uint32_t features)
{
	const struct lab_options options = { .protos = protos,
					     .frames = 512,
					     .features = features };
	struct holm_udp *u;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 3 + (i >> 9));
	lab_init(lab, &options);
	u = udp_lab_connected(lab, 4000, 2, 9);
	lab_clear(lab);
	return u;
}

static int send_bytes(struct lab *lab, struct holm_udp *u, size_t len)
{
	struct holm_span span = { big, len };
	int err = holm_udp_send(u, NULL, &span, 1);

	lab_poll(lab);
	return err;
}

/* What the i-th frame's IPv4 header says. */
static struct ip4_info header(const struct lab *lab, size_t i)
{
	const struct lab_sent *s = &lab->sent[i];
	struct ip4_info info;
	enum holm_drop why;

	assert_true(i < lab->nsent);
	assert_true(ip4_parse(s->data + 14, s->len - 14, s->len - 14, &info, &why));
	return info;
}

/* All frames together are one datagram of `len` bytes of `big`, with a good checksum. */
static void expect_datagram(struct lab *lab, size_t len)
{
	static uint8_t got[65536];
	size_t sum = 0;

	for (size_t i = 0; i < lab->nsent; i++) {
		struct ip4_info info = header(lab, i);

		assert_int_equal(info.id, header(lab, 0).id);
		memcpy(got + ip4_frag_offset_bytes(&info), lab->sent[i].data + 34,
		       ip4_payload_len(&info));
		sum += ip4_payload_len(&info);
		assert_int_equal((info.frag & IP4_MF) != 0, i + 1 < lab->nsent);
	}
	assert_int_equal(sum, len + UDP_HDR_BYTES);
	assert_memory_equal(got + UDP_HDR_BYTES, big, len);
	assert_int_equal(load_be16(got + 4), sum);
	assert_int_equal(
		checksum_finish(checksum_partial(
			got, sum,
			ip4_pseudo_sum(LAB_IP(1), LAB_IP(2), IP4_PROTO_UDP, (uint32_t)sum))),
		0);
	lab_clear(lab);
}

static void the_largest_datagram_goes_in_fragments(void **state)
{
	static const uint32_t features[] = { 0, HOLM_DEV_TX_CSUM };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lab lab;
		struct holm_udp *u = start(&lab, features[i]);

		assert_int_equal(send_bytes(&lab, u, 1472), 0);
		assert_int_equal(lab.nsent, 1);
		assert_int_equal(header(&lab, 0).frag, IP4_DF);
		lab_clear(&lab);
		assert_int_equal(send_bytes(&lab, u, 1473), 0);
		assert_int_equal(lab.nsent, 2);
		expect_datagram(&lab, 1473);
		assert_int_equal(send_bytes(&lab, u, HOLM_UDP_PAYLOAD_MAX), 0);
		assert_int_equal(lab.nsent, 45);
		expect_datagram(&lab, HOLM_UDP_PAYLOAD_MAX);
		assert_int_equal(send_bytes(&lab, u, sizeof(big)), -HOLM_EMSGSIZE);
		/* Small ones must not be cut, as before. */
		assert_int_equal(send_bytes(&lab, u, 10), 0);
		assert_int_equal(header(&lab, 0).frag, IP4_DF);
		holm_udp_close(u);
		lab_fini(&lab);
	}
}

static void each_mode_says_what_may_be_cut(void **state)
{
	static const struct {
		enum holm_udp_pmtu mode;
		uint16_t frag; /* of a small datagram */
		int over_path; /* larger than the path, not than the link */
		size_t pieces; /* in so many frames */
		int over_link;
	} modes[] = {
		{ HOLM_UDP_PMTU_DONT, 0, 0, 2, 0 },
		{ HOLM_UDP_PMTU_WANT, IP4_DF, 0, 2, 0 },
		{ HOLM_UDP_PMTU_DO, IP4_DF, -HOLM_EMSGSIZE, 0, -HOLM_EMSGSIZE },
		{ HOLM_UDP_PMTU_PROBE, IP4_DF, 0, 1, -HOLM_EMSGSIZE },
		{ HOLM_UDP_PMTU_INTERFACE, 0, 0, 1, -HOLM_EMSGSIZE },
		{ HOLM_UDP_PMTU_OMIT, 0, 0, 1, 0 },
	};
	struct lab lab;
	struct holm_udp *u = start(&lab, 0);
	uint32_t mtu;

	(void)state;
	assert_int_equal(send_bytes(&lab, u, 10), 0);
	assert_true(ip_dst_lower_mtu(lab.net, u->dst, 1000));
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_PMTU, modes[i].mode), 0);
		lab_clear(&lab);
		assert_int_equal(send_bytes(&lab, u, 10), 0);
		assert_int_equal(header(&lab, 0).frag, modes[i].frag);
		lab_clear(&lab);
		assert_int_equal(send_bytes(&lab, u, 1200), modes[i].over_path);
		assert_int_equal(lab.nsent, modes[i].pieces);
		lab_clear(&lab);
		assert_int_equal(send_bytes(&lab, u, 3000), modes[i].over_link);
		if (modes[i].over_link == 0)
			expect_datagram(&lab, 3000);
	}
	assert_int_equal(holm_udp_get_option(u, HOLM_UDP_OPT_MTU, &mtu), 0);
	assert_int_equal(mtu, 1000);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_PMTU, 6), -HOLM_EINVAL);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void what_is_refused_is_a_trouble_of_our_own(void **state)
{
	struct holm_trouble t;
	struct lab lab;
	struct holm_udp *u = start(&lab, 0);

	(void)state;
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_PMTU, HOLM_UDP_PMTU_DO), 0);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS, 1), 0);
	assert_int_equal(send_bytes(&lab, u, 3000), -HOLM_EMSGSIZE);
	assert_true(holm_udp_ready(u) & HOLM_ERROR);
	assert_int_equal(holm_udp_take_error(u), 0);
	assert_int_equal(holm_udp_take_trouble(u, &t, NULL, 0), 0);
	assert_int_equal(t.origin, HOLM_TROUBLE_LOCAL);
	assert_int_equal(t.error, HOLM_EMSGSIZE);
	assert_int_equal(t.info, 1500);
	assert_int_equal(t.payload_len, 0);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void one_datagram_may_be_different(void **state)
{
	struct holm_addr second = holm_addr_ip4(10, 0, 0, 50), strange = lab_addr(99);
	struct holm_udp_how how = { .src = &second, .ttl = 7, .tos = 0x20 };
	struct holm_span span = { big, 10 };
	struct lab lab;
	struct holm_udp *u = start(&lab, 0);
	struct ip4_info info;

	(void)state;
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &second, 24), 0);
	lab_poll(&lab);
	lab_introduce(&lab, 2);
	lab_clear(&lab);
	assert_int_equal(holm_udp_send_as(u, NULL, &how, &span, 1), 0);
	assert_int_equal(holm_udp_send(u, NULL, &span, 1), 0);
	lab_poll(&lab);
	info = header(&lab, 0);
	assert_int_equal(info.src, LAB_IP(50));
	assert_int_equal(info.ttl, 7);
	assert_int_equal(info.tos, 0x20);
	info = header(&lab, 1);
	assert_int_equal(info.src, LAB_IP(1));
	assert_int_equal(info.ttl, 64);
	assert_int_equal(info.tos, 0);
	how = (struct holm_udp_how){ .dev = &lab.dev, .tos = -1 };
	assert_int_equal(holm_udp_send_as(u, NULL, &how, &span, 1), 0);
	how.src = &strange;
	assert_int_equal(holm_udp_send_as(u, NULL, &how, &span, 1), -HOLM_ENETUNREACH);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 3);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void all_fragments_go_or_none(void **state)
{
	struct holm_config config;
	const struct lab_options options = { .protos = protos, .config = &config, .frames = 512 };
	struct holm_span span = { big, 30000 };
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	holm_config_default(&config);
	config.dev_queue_max = 64;
	lab_init(&lab, &options);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	lab_clear(&lab);
	assert_int_equal(holm_udp_send(u, NULL, &span, 1), 0);
	assert_int_equal(holm_udp_send(u, NULL, &span, 1), 0);
	assert_int_equal(holm_udp_send(u, NULL, &span, 1), 0);
	assert_int_equal(holm_udp_send(u, NULL, &span, 1), -HOLM_EAGAIN);
	assert_int_equal(holm_udp_ready(u) & HOLM_WRITABLE, 0);
	lab_poll(&lab);
	assert_true(holm_udp_ready(u) & HOLM_WRITABLE);
	assert_int_equal(lab.nsent, 63);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_DEV_QUEUE_FULL), 0);
	holm_udp_close(u);
	lab_fini(&lab);
}

/* All have room or none goes; what follows the first is not looked at twice. */
static void cut_datagrams_go_all_or_none(void **state)
{
	struct holm_config config;
	const struct lab_options options = { .protos = protos, .config = &config, .frames = 512 };
	struct holm_span span = { big, 2500 };
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	holm_config_default(&config);
	config.dev_queue_max = 64;
	lab_init(&lab, &options);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	lab_clear(&lab);
	assert_int_equal(holm_udp_send_cut(u, NULL, 100, &span, 1), 0);
	span = (struct holm_span){ big, 3800 };
	assert_int_equal(holm_udp_send_cut(u, NULL, 100, &span, 1), 0);
	span = (struct holm_span){ big, 101 };
	assert_int_equal(holm_udp_send_cut(u, NULL, 100, &span, 1), -HOLM_EAGAIN);
	assert_int_equal(holm_udp_ready(u) & HOLM_WRITABLE, 0);
	lab_poll(&lab);
	assert_true(holm_udp_ready(u) & HOLM_WRITABLE);
	assert_int_equal(lab.nsent, 63);
	lab_clear(&lab);
	/* More than the queue can ever have. */
	span = (struct holm_span){ big, 12800 };
	assert_int_equal(holm_udp_send_cut(u, NULL, 100, &span, 1), 0);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 64);
	holm_udp_close(u);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_datagram_goes_in_fragments),
		cmocka_unit_test(each_mode_says_what_may_be_cut),
		cmocka_unit_test(what_is_refused_is_a_trouble_of_our_own),
		cmocka_unit_test(one_datagram_may_be_different),
		cmocka_unit_test(all_fragments_go_or_none),
		cmocka_unit_test(cut_datagrams_go_all_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
