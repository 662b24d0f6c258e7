/* A resolver on its stage: see dns_stage.h. */
#include "tests/support/dns_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct holm_endpoint server_at(unsigned i)
{
	struct holm_endpoint e = { .port = DNS_PORT };

	e.addr = i == 0 ? holm_addr_ip4(127, 0, 0, 1) : lab_addr(1);
	return e;
}

/* Server i at this address, which becomes the instance's, if it is not yet. */
static void place_server(struct dns_stage *s, unsigned i, const struct holm_endpoint *at)
{
	if (!holm_addr_is_local(s->lab.net, &at->addr))
		assert_int_equal(holm_addr_add(s->lab.net, &s->lab.dev, &at->addr, 64), 0);
	assert_int_equal(holm_udp_open(s->lab.net, &s->server[i]), 0);
	if (at->scope)
		holm_udp_bind_dev(s->server[i], &s->lab.dev);
	assert_int_equal(holm_udp_bind(s->server[i], at, 0), 0);
}

void dns_start_at(struct dns_stage *s, const struct holm_dns_config *config,
		  const struct holm_endpoint *servers, unsigned n)
{
	static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
							   &holm_icmp4, &holm_ipv6, &holm_udp,
							   &holm_tcp,	NULL };
	const struct lab_options options = { .protos = protos };
	struct holm_dns_config usual;

	memset(s, 0, sizeof(*s));
	lab_init(&s->lab, &options);
	holm_dns_config_default(&usual);
	usual.tcp = &holm_dns_tcp;
	usual.cookie = s;
	assert_int_equal(holm_dns_create(s->lab.net, config ? config : &usual, &s->dns), 0);
	for (unsigned i = 0; i < n; i++)
		place_server(s, i, &servers[i]);
	holm_dns_set_servers(s->dns, servers, n);
	s->next = UINT64_MAX;
}

void dns_start(struct dns_stage *s, const struct holm_dns_config *config, unsigned servers)
{
	const struct holm_endpoint at[2] = { server_at(0), server_at(1) };

	dns_start_at(s, config, at, servers);
}

void dns_finish(struct dns_stage *s)
{
	holm_dns_destroy(s->dns);
	for (unsigned i = 0; i < 2; i++)
		if (s->server[i])
			holm_udp_close(s->server[i]);
	lab_fini(&s->lab);
}

void dns_run(struct dns_stage *s)
{
	for (unsigned i = 0; i < 4; i++) {
		s->next = holm_dns_poll(s->dns, s->lab.now);
		assert_true(s->next > s->lab.now);
		lab_poll(&s->lab);
	}
}

void dns_wait(struct dns_stage *s, uint64_t ns)
{
	uint64_t until = s->lab.now + ns;

	dns_run(s);
	while (s->next <= until) {
		lab_run(&s->lab, s->next - s->lab.now);
		dns_run(s);
	}
	lab_run(&s->lab, until - s->lab.now);
	dns_run(s);
}

bool dns_hear(struct dns_stage *s)
{
	struct holm_datagram dg;

	dns_run(s);
	for (unsigned i = 0; i < 2; i++) {
		if (!s->server[i] || holm_udp_recv(s->server[i], &dg) != 0)
			continue;
		assert_true(dg.payload_len <= sizeof(s->query));
		s->query_len = dg.payload_len;
		holm_frame_read(dg.frame, dg.payload_off, s->query, s->query_len);
		holm_frame_free(dg.frame);
		s->from = dg.from;
		s->at = i;
		return true;
	}
	return false;
}

void dns_say(struct dns_stage *s, const struct dns_message *m)
{
	struct holm_span span = { m->b, m->len };

	assert_int_equal(holm_udp_send(s->server[s->at], &s->from, &span, 1), 0);
	dns_run(s);
}

struct dns_message dns_reply_to(const struct dns_stage *s, unsigned rcode)
{
	struct dns_message m;

	dns_message_answer(&m, s->query, s->query_len, rcode);
	return m;
}

void dns_serve(struct dns_stage *s, uint32_t ttl_s, uint32_t addr)
{
	struct dns_message m;

	assert_true(dns_hear(s));
	m = dns_reply_to(s, DNS_NO_ERROR);
	dns_message_addr(&m, "..", ttl_s, addr);
	dns_say(s, &m);
}

struct holm_dns_query *dns_ask_for(struct dns_stage *s, const char *name)
{
	struct holm_dns_query *q;

	assert_int_equal(holm_dns_ask(s->dns, name, strlen(name), HOLM_DNS_A, &q), 0);
	return q;
}

struct holm_dns_result dns_result(struct holm_dns_query *q)
{
	struct holm_dns_result r;

	assert_true(holm_dns_look(q, &r));
	holm_dns_drop(q);
	return r;
}

bool dns_is_open(const struct holm_dns_query *q)
{
	struct holm_dns_result r;

	return !holm_dns_look(q, &r);
}
