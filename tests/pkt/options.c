/* See options.h. */
#include "tests/pkt/options.h"

#include <stdlib.h>
#include <string.h>

#include "lib/bytes.h"

#define NS_PER_US 1000

#define FIELD(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct holm_config, name), sizeof(((struct holm_config *)0)->name) \
	}

static const struct config_field {
	const char *name;
	size_t at, bytes;
} fields[] = {
	FIELD(tcp_conns_max),	   FIELD(tcp_half_open_max), FIELD(tcp_backlog_max),
	FIELD(tcp_time_wait_max),  FIELD(tcp_ranges_max),    FIELD(tcp_sndbuf_bytes),
	FIELD(tcp_rcvbuf_bytes),   FIELD(tcp_time_wait_ns),  FIELD(udp_endpoints_max),
	FIELD(udp_rcv_frames_max), FIELD(udp_rcvbuf_bytes),  FIELD(sockets_max),
	FIELD(icmp_rate_per_s),	   FIELD(tcp_rfc1337),	     FIELD(tcp_mtu_probing),
	FIELD(tcp_orphans_max),
};

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 0);

	if (end == text || *end)
		fail("\"%s\" is not a number", text);
	return n;
}

static struct holm_addr address(const char *text)
{
	struct holm_addr a;

	if (holm_addr_parse(&a, text, strlen(text)) != 0)
		fail("\"%s\" is not an address", text);
	return a;
}

static unsigned prefix_of(struct holm_addr a)
{
	uint32_t mask = load_be32(a.b + 12);
	unsigned n = 0;

	if (!holm_addr_is_ip4(&a))
		fail("a mask is one of IPv4");
	while (n < 32 && mask & (UINT32_C(1) << (31 - n)))
		n++;
	return n;
}

/* name:value */
static void set_config(struct holm_config *config, const char *text)
{
	size_t len = strcspn(text, ":");

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct config_field *f = &fields[i];
		uint64_t value;
		uint32_t word;

		if (strlen(f->name) != len || memcmp(f->name, text, len) != 0)
			continue;
		value = number(text[len] ? text + len + 1 : "");
		word = (uint32_t)value;
		memcpy((char *)config + f->at, f->bytes == 4 ? (void *)&word : (void *)&value,
		       f->bytes);
		return;
	}
	fail("no such limit: %s", text);
}

static void set_option(struct run_options *o, const char *name, const char *value)
{
	struct stage_options *s = &o->stage;

	if (strcmp(name, "mtu") == 0)
		s->mtu = (uint16_t)number(value);
	else if (strcmp(name, "local_ip") == 0)
		s->local = address(value);
	else if (strcmp(name, "remote_ip") == 0)
		s->remote = address(value);
	else if (strcmp(name, "gateway_ip") == 0)
		s->gateway = address(value);
	else if (strcmp(name, "netmask_ip") == 0)
		s->prefix_len = prefix_of(address(value));
	else if (strcmp(name, "tolerance_usecs") == 0)
		o->tolerance_ns = (int64_t)number(value) * NS_PER_US;
	else if (strcmp(name, "config") == 0)
		set_config(&s->config, value);
	else if (strcmp(name, "frames") == 0)
		s->frames = number(value);
	else if (strcmp(name, "without") == 0)
		s->without = value;
	else if (strcmp(name, "tso") == 0)
		s->tso = true;
	else if (strcmp(name, "batch") == 0)
		o->batch = true;
	else if (strcmp(name, "ip_version") != 0 ||
		 (strcmp(value, "ipv4") != 0 && strcmp(value, "ipv6") != 0))
		fail("no such option: --%s=%s", name, value);
}

static void translate(const struct family *fm, struct stage_options *s)
{
	s->local = family_addr(fm, &s->local);
	s->remote = family_addr(fm, &s->remote);
	s->gateway = family_addr(fm, &s->gateway);
	s->prefix_len += fm->ip6 ? 96 : 0;
	s->mtu = (uint16_t)(s->mtu + fm->extra);
}

void options_read(const struct script *s, const struct family *fm, struct run_options *o)
{
	memset(o, 0, sizeof(*o));
	o->tolerance_ns = 4000 * NS_PER_US;
	o->stage.local = holm_addr_ip4(192, 168, 0, 1);
	o->stage.remote = holm_addr_ip4(192, 0, 2, 1);
	o->stage.gateway = holm_addr_ip4(192, 168, 0, 2);
	o->stage.prefix_len = 16;
	o->stage.mtu = 1500;
	o->stage.without = "";
	o->stage.frames = 512;
	holm_config_default(&o->stage.config);
	/* Scripts expect the least window scale that the first window needs. */
	o->stage.config.tcp_rcvbuf_max_bytes = o->stage.config.tcp_rcvbuf_bytes;
	for (size_t i = 0; i < s->noptions; i++) {
		fail_where(s->path, s->options[i].line);
		set_option(o, s->options[i].name, s->options[i].value);
	}
	translate(fm, &o->stage);
}
