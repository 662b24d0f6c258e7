/*
 * Names to addresses and back: the resolver of <holm/dns.h> behind calls that block. It belongs to the
 * process and is made when it is first asked.
 *
 * Nobody drives it but those who wait: it is a file whose queue the events of its endpoints wake, and
 * who wakes lets it work and looks for his answer. So it needs no poller.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/compiler.h"
#include "lib/mem.h"

/*
 * A machine that has just started may be waiting for its lease: DHCP's first two messages are sent again
 * after 4 and 12 seconds.
 */
#define SERVERS_WAIT_NS 10000000000ull
#define SERVERS_LOOK_NS 20000000ull

struct resolver {
	struct file base;
	struct holm_dns *dns;
};

static struct resolver *resolver_of_file(struct file *f)
{
	return container_of(f, struct resolver, base);
}

static void resolver_close(struct file *f)
{
	if (resolver_of_file(f)->dns)
		holm_dns_destroy(resolver_of_file(f)->dns);
}

static const struct file_ops resolver_ops = { .close = resolver_close };

static int resolver_of(struct process *p, struct resolver **out)
{
	struct holm_dns_config config;
	int err;

	if (!p->env.net)
		return -HOLM_ENETDOWN;
	if (!p->resolver) {
		p->resolver = file_new(p, &resolver_ops, sizeof(struct resolver), SYS_O_RDWR);
		if (!p->resolver)
			return -HOLM_ENOMEM;
	}
	*out = resolver_of_file(p->resolver);
	if ((*out)->dns)
		return 0;
	holm_dns_config_default(&config);
	config.tcp = &holm_dns_tcp;
	config.cookie = p->resolver;
	err = holm_dns_create(p->env.net, &config, &(*out)->dns);
	return err;
}

void resolver_fini(struct process *p)
{
	if (p->resolver)
		file_put(p->resolver);
	p->resolver = NULL;
}

/* ---- name servers ---- */

/* 0 when they are known, maybe to be none. */
static int read_servers(struct process *p, struct holm_endpoint servers[HOLM_DNS_SERVERS_MAX],
			size_t *n)
{
	int err = 0;

	for (*n = 0; p->env.name_server && *n < HOLM_DNS_SERVERS_MAX; (*n)++) {
		err = p->env.name_server(*n, &servers[*n]);
		if (err)
			break;
	}
	return err == -HOLM_EAGAIN ? err : 0;
}

/* Where none is known it is the machine itself, as resolv.conf(5) has it. */
static void learn_servers(struct process *p, struct holm_dns *dns)
{
	uint64_t deadline_ns = wait_deadline(&p->env.wait, SERVERS_WAIT_NS);
	struct holm_endpoint servers[HOLM_DNS_SERVERS_MAX];
	size_t n;

	while (read_servers(p, servers, &n) != 0 && wait_now(&p->env.wait) < deadline_ns)
		(void)process_sleep(p, wait_deadline(&p->env.wait, SERVERS_LOOK_NS));
	if (n == 0)
		servers[n++] = (struct holm_endpoint){ .addr = holm_addr_ip4(127, 0, 0, 1) };
	holm_dns_set_servers(dns, servers, n);
}

/* ---- asking ---- */

static void wait_for_answer(struct process *p, struct resolver *r, struct holm_dns_query *q,
			    struct holm_dns_result *result)
{
	struct waiter w = { 0 };

	wait_enter(&p->env.wait, &r->base.waiters, &w);
	for (;;) {
		uint64_t next_ns;

		sys_hear(p);
		next_ns = holm_dns_poll(r->dns, wait_now(&p->env.wait));
		if (holm_dns_look(q, result))
			break;
		(void)process_sleep(p, next_ns);
	}
	wait_leave(&w);
	holm_dns_drop(q);
}

static size_t text_len(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return n;
}

/* The resolver, which knows whom to ask. */
static int begin(struct process *p, struct resolver **r)
{
	int err = resolver_of(p, r);

	if (!err)
		learn_servers(p, (*r)->dns);
	return err;
}

int sys_resolve(struct process *p, const char *name, enum holm_dns_type type,
		struct holm_dns_result *result)
{
	struct holm_dns_query *q;
	struct resolver *r;
	int err;

	sys_enter(p);
	if (!name || !result)
		return -HOLM_EFAULT;
	err = begin(p, &r);
	if (err)
		return err;
	err = holm_dns_ask(r->dns, name, text_len(name), type, &q);
	if (!err)
		wait_for_answer(p, r, q, result);
	return err;
}

int sys_resolve_both(struct process *p, const char *name, struct holm_dns_result *ip4,
		     struct holm_dns_result *ip6)
{
	struct holm_dns_query *q4, *q6;
	struct resolver *r;
	int err;

	sys_enter(p);
	if (!name || !ip4 || !ip6)
		return -HOLM_EFAULT;
	err = begin(p, &r);
	if (!err)
		err = holm_dns_ask(r->dns, name, text_len(name), HOLM_DNS_AAAA, &q6);
	if (err)
		return err;
	err = holm_dns_ask(r->dns, name, text_len(name), HOLM_DNS_A, &q4);
	if (err) {
		holm_dns_drop(q6);
		return err;
	}
	wait_for_answer(p, r, q6, ip6);
	wait_for_answer(p, r, q4, ip4);
	return 0;
}

int sys_resolve_addr(struct process *p, const struct holm_addr *addr,
		     struct holm_dns_result *result)
{
	struct holm_dns_query *q;
	struct resolver *r;
	int err;

	sys_enter(p);
	if (!addr || !result)
		return -HOLM_EFAULT;
	err = begin(p, &r);
	if (err)
		return err;
	err = holm_dns_ask_addr(r->dns, addr, &q);
	if (!err)
		wait_for_answer(p, r, q, result);
	return err;
}
