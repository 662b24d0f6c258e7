/*
 * A DNS resolver's client: RFC 1035 section 7, against forged answers RFC 5452. Drives an endpoint per
 * question through the public interface. The format of messages is wire/dns, what is remembered
 * dns_cache.c, questions over TCP dns_tcp.c.
 *
 * Each attempt has a port, an identifier and (until the last round, for servers that do not repeat it)
 * a mix of large and small letters of its own; the endpoint is connected, so that nobody but the
 * server asked is heard. Without EDNS, DNSSEC and search lists.
 */
#include "net/app/dns.h"

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"

static struct holm_dns_query *query_of(struct list_node *n)
{
	return container_of(n, struct holm_dns_query, node);
}

static uint64_t now_of(const struct holm_dns *dns)
{
	return holm_net_now(dns->net);
}

/* ---- one attempt ---- */

static void end_attempt(struct holm_dns_query *q)
{
	if (q->udp)
		holm_udp_close(q->udp);
	if (q->stream)
		q->dns->config.tcp->close(q->stream);
	q->udp = NULL;
	q->stream = NULL;
}

static struct holm_endpoint server_of(const struct holm_dns_query *q)
{
	return q->dns->servers[q->attempt % q->dns->nservers];
}

static uint32_t round_of(const struct holm_dns_query *q)
{
	return q->attempt / q->dns->nservers;
}

/* RFC 5452 section 9.2: an identifier that cannot be guessed, and letters that carry some more. */
static void dress(struct holm_dns_query *q)
{
	uint32_t random[4];

	for (size_t i = 0; i < sizeof(random) / sizeof(random[0]); i++)
		random[i] = holm_net_random(q->dns->net);
	q->id = (uint16_t)holm_net_random(q->dns->net);
	q->sent = q->name;
	if (round_of(q) + 1 < q->dns->config.rounds)
		dns_name_mix(&q->sent, (const uint8_t *)random, sizeof(random));
}

/* The same section: and from any of all ports, which the instance's own choice would walk through. */
static int bind_anywhere(struct holm_dns_query *q, const struct holm_endpoint *server)
{
	struct holm_endpoint local = { .addr = holm_addr_ip4(0, 0, 0, 0) };
	int err = -HOLM_EADDRINUSE;

	if (!holm_addr_is_ip4(&server->addr))
		local.addr = holm_addr_any6();
	for (unsigned i = 0; i < DNS_PORT_TRIES && err == -HOLM_EADDRINUSE; i++) {
		local.port =
			(uint16_t)(DNS_PORT_FIRST + holm_net_random(q->dns->net) % DNS_PORT_COUNT);
		err = holm_udp_bind(q->udp, &local, 0);
	}
	return err;
}

static int send_datagram(struct holm_dns_query *q)
{
	struct holm_endpoint server = server_of(q);
	uint8_t bytes[DNS_QUERY_MAX];
	struct holm_span span;
	int err;

	dress(q);
	err = holm_udp_open(q->dns->net, &q->udp);
	if (err)
		return err;
	holm_udp_set_cookie(q->udp, q->dns->config.cookie);
	/* RFC 4007: its address is one only on that link. */
	if (server.scope)
		holm_udp_bind_dev(q->udp, holm_net_dev_at(q->dns->net, server.scope));
	err = bind_anywhere(q, &server);
	if (!err)
		err = holm_udp_connect(q->udp, &server);
	span = (struct holm_span){ bytes, dns_build(bytes, q->id, &q->sent, q->key.type) };
	return err ? err : holm_udp_send(q->udp, NULL, &span, 1);
}

/* From the beginning, at the first server. */
static void ask_for(struct holm_dns_query *q, const struct dns_name *name, uint64_t now)
{
	end_attempt(q);
	q->name = *name;
	q->attempt = 0;
	q->failed = false;
	q->next_ns = now;
}

/* ---- its end ---- */

static void finish(struct holm_dns_query *q, enum holm_dns_outcome outcome)
{
	end_attempt(q);
	q->done = true;
	q->next_ns = UINT64_MAX;
	q->result.outcome = outcome;
}

static void finish_and_remember(struct holm_dns_query *q, enum holm_dns_outcome outcome,
				const struct dns_answer *a, uint64_t now)
{
	uint32_t ttl_s = !a->has_ttl ? 0 : a->ttl_s < q->ttl_s ? a->ttl_s : q->ttl_s;

	finish(q, outcome);
	dns_cache_add(q->dns, &q->key, now, ttl_s, &q->result);
}

static void put_name(struct holm_dns_query *q, const struct dns_name *name)
{
	if (dns_name_format(name, q->result.name, sizeof(q->result.name)) == 0)
		q->result.name[0] = '\0';
}

/* ---- time passes ---- */

/* The next server's turn; behind the last round it is over. */
static void next_attempt(struct holm_dns_query *q, uint64_t now)
{
	end_attempt(q);
	q->attempt++;
	q->next_ns = now;
}

static void begin_attempt(struct holm_dns_query *q, uint64_t now)
{
	struct holm_dns *dns = q->dns;

	if (dns->nservers == 0) {
		finish(q, HOLM_DNS_NO_SERVER);
	} else if (round_of(q) >= dns->config.rounds) {
		finish(q, q->failed ? HOLM_DNS_FAILED : HOLM_DNS_TIMED_OUT);
	} else if (send_datagram(q) != 0) {
		next_attempt(q, now);
	} else {
		q->next_ns = now + (dns->config.timeout_ns << round_of(q));
	}
}

static void let_time_pass(struct holm_dns_query *q, uint64_t now)
{
	while (!q->done && now >= q->next_ns) {
		if (q->udp || q->stream)
			next_attempt(q, now);
		else
			begin_attempt(q, now);
	}
}

/* ---- answers ---- */

/* The question has to come back as it was sent, letter by letter. */
static bool is_answer_to(const struct dns_head *head, const struct holm_dns_query *q)
{
	return head->id == q->id && head->type == q->key.type &&
	       head->question.len == q->sent.len &&
	       memcmp(head->question.b, q->sent.b, q->sent.len) == 0;
}

static void found(struct holm_dns_query *q, const struct dns_answer *a, uint64_t now)
{
	q->result.naddrs = a->naddrs;
	memcpy(q->result.addrs, a->addrs, a->naddrs * sizeof(a->addrs[0]));
	put_name(q, a->has_target ? &a->target : &a->name);
	finish_and_remember(q, HOLM_DNS_FOUND, a, now);
}

/* Names stand for names: the server has told a part of it. */
static void chase(struct holm_dns_query *q, const struct dns_answer *a, uint64_t now)
{
	if (++q->chases > DNS_CHASES_MAX) {
		finish(q, HOLM_DNS_FAILED);
		return;
	}
	if (a->ttl_s < q->ttl_s)
		q->ttl_s = a->ttl_s;
	ask_for(q, &a->name, now);
}

static void answered(struct holm_dns_query *q, const uint8_t *p, size_t len,
		     const struct dns_head *head, uint64_t now)
{
	struct dns_answer a;

	if ((head->rcode != DNS_NO_ERROR && head->rcode != DNS_NO_SUCH_NAME) ||
	    dns_read_answer(p, len, head, &a) != DNS_OK) {
		q->failed = true;
		next_attempt(q, now);
	} else if (a.naddrs > 0 || a.has_target) {
		found(q, &a, now);
	} else if (a.ends_in_alias) {
		chase(q, &a, now);
	} else if (head->rcode == DNS_NO_SUCH_NAME) {
		finish_and_remember(q, HOLM_DNS_NO_NAME, &a, now);
	} else {
		finish_and_remember(q, HOLM_DNS_NO_DATA, &a, now);
	}
}

/* RFC 7766 section 5: what does not fit a datagram is asked for again; false: it cannot be. */
static bool ask_over_tcp(struct holm_dns_query *q, uint64_t now)
{
	const struct holm_dns_fallback *tcp = q->dns->config.tcp;
	struct holm_endpoint server = server_of(q);
	uint8_t bytes[DNS_QUERY_MAX];
	size_t len;

	if (!tcp)
		return false;
	len = dns_build(bytes, q->id, &q->sent, q->key.type);
	if (tcp->open(q->dns->net, &server, q->dns->config.cookie, bytes, len, &q->stream) != 0) {
		q->stream = NULL;
		return false;
	}
	holm_udp_close(q->udp);
	q->udp = NULL;
	q->next_ns = now + (q->dns->config.timeout_ns << round_of(q)) * 2;
	return true;
}

static void datagram_received(struct holm_dns_query *q, size_t len, uint64_t now)
{
	const uint8_t *p = q->dns->message;
	struct dns_head head;

	/* Anybody may have sent what is no answer to the question: it changes nothing. */
	if (dns_read_head(p, len, &head) != DNS_OK || !is_answer_to(&head, q))
		return;
	if (!head.truncated || !ask_over_tcp(q, now))
		answered(q, p, len, &head, now);
}

static void receive(struct holm_dns_query *q, uint64_t now)
{
	struct holm_datagram dg;
	int err;

	while (q->udp && (err = holm_udp_recv(q->udp, &dg)) != -HOLM_EAGAIN) {
		size_t len;

		if (err) {
			/* Nobody listens there, or there is no way. */
			next_attempt(q, now);
			return;
		}
		len = dg.payload_len;
		if (len <= sizeof(q->dns->message))
			holm_frame_read(dg.frame, dg.payload_off, q->dns->message, len);
		holm_frame_free(dg.frame);
		if (len <= sizeof(q->dns->message))
			datagram_received(q, len, now);
	}
}

static void receive_stream(struct holm_dns_query *q, uint64_t now)
{
	const uint8_t *p;
	struct dns_head head;
	size_t len;
	int err = q->dns->config.tcp->read(q->stream, &p, &len);

	if (err == -HOLM_EAGAIN)
		return;
	if (err || dns_read_head(p, len, &head) != DNS_OK || !is_answer_to(&head, q)) {
		q->failed = true;
		next_attempt(q, now);
		return;
	}
	answered(q, p, len, &head, now);
}

/* ---- the public calls ---- */

uint64_t holm_dns_poll(struct holm_dns *dns, uint64_t now)
{
	uint64_t next_ns = UINT64_MAX;

	for (struct list_node *n = list_first(&dns->queries); n; n = list_next(&dns->queries, n)) {
		struct holm_dns_query *q = query_of(n);

		receive(q, now);
		if (q->stream)
			receive_stream(q, now);
		let_time_pass(q, now);
		if (q->next_ns < next_ns)
			next_ns = q->next_ns;
	}
	return next_ns;
}

static struct holm_dns_query *find_query(struct holm_dns *dns, const struct dns_key *key)
{
	for (struct list_node *n = list_first(&dns->queries); n; n = list_next(&dns->queries, n))
		if (!query_of(n)->done && dns_key_equal(&query_of(n)->key, key))
			return query_of(n);
	return NULL;
}

static int new_query(struct holm_dns *dns, const struct dns_key *key, struct holm_dns_query **out)
{
	const struct holm_memory *memory = holm_net_memory(dns->net);
	struct holm_dns_query *q;

	if (dns->nqueries >= dns->config.queries_max)
		return -HOLM_ENOBUFS;
	q = memory->alloc(memory->ctx, sizeof(*q));
	if (!q)
		return -HOLM_ENOMEM;
	memset(q, 0, sizeof(*q));
	q->dns = dns;
	q->refs = 1;
	q->key = *key;
	q->ttl_s = UINT32_MAX;
	list_push_back(&dns->queries, &q->node);
	dns->nqueries++;
	*out = q;
	return 0;
}

static int ask(struct holm_dns *dns, const struct dns_key *key, struct holm_dns_query **out)
{
	struct holm_dns_query *q = find_query(dns, key);
	uint64_t now = now_of(dns);
	int err;

	if (q) {
		q->refs++;
		*out = q;
		return 0;
	}
	err = new_query(dns, key, &q);
	if (err)
		return err;
	if (dns_cache_find(dns, key, now, &q->result)) {
		q->done = true;
		q->next_ns = UINT64_MAX;
	} else {
		ask_for(q, &key->name, now);
	}
	*out = q;
	return 0;
}

int holm_dns_ask(struct holm_dns *dns, const char *name, size_t len, enum holm_dns_type type,
		 struct holm_dns_query **out)
{
	struct dns_key key = { .type = (uint16_t)type };

	if (len == 0 || (type != HOLM_DNS_A && type != HOLM_DNS_AAAA && type != HOLM_DNS_PTR) ||
	    !dns_name_parse(&key.name, name, len))
		return -HOLM_EINVAL;
	return ask(dns, &key, out);
}

int holm_dns_ask_addr(struct holm_dns *dns, const struct holm_addr *addr,
		      struct holm_dns_query **out)
{
	struct dns_key key = { .type = DNS_PTR };

	dns_name_of_addr(&key.name, addr);
	return ask(dns, &key, out);
}

bool holm_dns_look(const struct holm_dns_query *q, struct holm_dns_result *result)
{
	if (q->done)
		*result = q->result;
	return q->done;
}

static void remove_query(struct holm_dns_query *q)
{
	const struct holm_memory *memory = holm_net_memory(q->dns->net);

	end_attempt(q);
	list_remove(&q->node);
	q->dns->nqueries--;
	memory->free(memory->ctx, q, sizeof(*q));
}

void holm_dns_drop(struct holm_dns_query *q)
{
	if (--q->refs == 0)
		remove_query(q);
}

bool holm_dns_owns(const struct holm_dns *dns, const struct holm_event *ev)
{
	for (struct list_node *n = list_first(&dns->queries); n; n = list_next(&dns->queries, n)) {
		const struct holm_dns_query *q = query_of(n);

		if (q->udp && (void *)q->udp == ev->endpoint)
			return true;
		if (q->stream && dns->config.tcp->owns(q->stream, ev->endpoint))
			return true;
	}
	return false;
}

void holm_dns_config_default(struct holm_dns_config *config)
{
	*config = (struct holm_dns_config){
		.size = sizeof(*config),
		.queries_max = 32,
		.cache_max = 64,
		.ttl_max_s = 86400,
		.rounds = 3,
		.timeout_ns = DNS_SECOND_NS,
	};
}

int holm_dns_create(struct holm_net *net, const struct holm_dns_config *config,
		    struct holm_dns **out)
{
	const struct holm_memory *memory = holm_net_memory(net);
	struct holm_dns *dns;

	if (config->size != sizeof(*config) || config->queries_max == 0 || config->rounds == 0 ||
	    config->rounds > 16 || config->timeout_ns == 0)
		return -HOLM_EINVAL;
	dns = memory->alloc(memory->ctx, sizeof(*dns));
	if (!dns)
		return -HOLM_ENOMEM;
	memset(dns, 0, sizeof(*dns));
	dns->net = net;
	dns->config = *config;
	list_init(&dns->queries);
	list_init(&dns->entries);
	*out = dns;
	return 0;
}

void holm_dns_destroy(struct holm_dns *dns)
{
	const struct holm_memory *memory = holm_net_memory(dns->net);

	while (!list_is_empty(&dns->queries))
		remove_query(query_of(list_first(&dns->queries)));
	dns_cache_clear(dns);
	memory->free(memory->ctx, dns, sizeof(*dns));
}

static uint16_t port_of(const struct holm_endpoint *server)
{
	return server->port ? server->port : DNS_PORT;
}

static bool is_same(const struct holm_dns *dns, const struct holm_endpoint *servers, size_t n)
{
	if (n != dns->nservers)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!holm_addr_equal(&servers[i].addr, &dns->servers[i].addr) ||
		    port_of(&servers[i]) != dns->servers[i].port ||
		    servers[i].scope != dns->servers[i].scope)
			return false;
	return true;
}

void holm_dns_set_servers(struct holm_dns *dns, const struct holm_endpoint *servers, size_t n)
{
	n = n < HOLM_DNS_SERVERS_MAX ? n : HOLM_DNS_SERVERS_MAX;
	if (is_same(dns, servers, n))
		return;
	dns_cache_clear(dns);
	for (size_t i = 0; i < n; i++) {
		dns->servers[i] = servers[i];
		dns->servers[i].port = port_of(&servers[i]);
	}
	dns->nservers = (uint32_t)n;
	/* What is under way begins anew, with the right servers. */
	for (struct list_node *node = list_first(&dns->queries); node;
	     node = list_next(&dns->queries, node))
		if (!query_of(node)->done)
			ask_for(query_of(node), &query_of(node)->name, now_of(dns));
}
