/*
 * order.c -- which of several addresses is tried first: RFC 6724 section 6. Unknown here are home addresses
 * (rule 4) and tunnels (7). What source an address would be reached from is asked of the stack, by connecting
 * a datagram socket, which sends nothing.
 */
#include "kernel/libc/lookup.h"

#include <holm/ip.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

/* Any will do: nothing is sent. */
enum { SOME_PORT = 9 };

struct choice {
	struct holm_addr addr, source;
	bool reachable;	 /* there is a source */
	bool deprecated; /* the source is */
	unsigned
		prefix; /* bits of address and source that are the same, within the source's prefix */
	struct holm_addr_policy of, of_source;
};

static bool ask_source(int fd, const struct lookup *found, struct choice *c)
{
	struct process *p = process_current();
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(SOME_PORT),
				    .sin6_scope_id = found->scope };
	uint32_t len = sizeof(in6);

	memcpy(&in6.sin6_addr, c->addr.b, sizeof(in6.sin6_addr));
	if (sys_connect(p, fd, &in6, sizeof(in6)) != 0 || sys_getsockname(p, fd, &in6, &len) != 0)
		return false;
	memcpy(c->source.b, &in6.sin6_addr, sizeof(c->source.b));
	return true;
}

static bool ask_source4(int fd, struct choice *c)
{
	struct process *p = process_current();
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(SOME_PORT) };
	uint32_t len = sizeof(in);

	memcpy(&in.sin_addr, c->addr.b + 12, sizeof(in.sin_addr));
	if (sys_connect(p, fd, &in, sizeof(in)) != 0 || sys_getsockname(p, fd, &in, &len) != 0)
		return false;
	c->source = holm_addr_ip4(0, 0, 0, 0);
	memcpy(c->source.b + 12, &in.sin_addr, sizeof(in.sin_addr));
	return true;
}

static bool find_source(const struct lookup *found, struct choice *c)
{
	bool ip4 = holm_addr_is_ip4(&c->addr), ok;
	struct process *p = process_current();
	int fd = sys_socket(p, ip4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	ok = ip4 ? ask_source4(fd, c) : ask_source(fd, found, c);
	(void)sys_close(p, fd);
	return ok;
}

/* From the first on: bits that both have, as far as the mask goes. */
static unsigned common_bits(const struct holm_addr *a, const struct holm_addr *b,
			    const struct holm_addr *mask, unsigned first)
{
	unsigned n = 0;

	for (unsigned bit = first; bit < 128; bit++, n++) {
		unsigned here = 0x80u >> bit % 8;

		if (((a->b[bit / 8] ^ b->b[bit / 8]) & here) || !(mask->b[bit / 8] & here))
			break;
	}
	return n;
}

/*
 * How near they are. Of IPv4 only what is on the link counts, as in glibc: elsewhere neighbouring numbers
 * mean nothing, and servers that share the load would all be asked in the same order.
 */
static unsigned near(const struct choice *c, const struct sys_interface_addr *source)
{
	bool ip4 = holm_addr_is_ip4(&c->addr);
	unsigned bits = common_bits(&c->addr, &c->source, &source->mask, ip4 ? 96 : 0);

	if (ip4 && bits < common_bits(&c->source, &c->source, &source->mask, 96))
		return 0;
	return bits;
}

/* What the interfaces know of the source. */
static void describe_source(struct choice *c)
{
	struct process *p = process_current();
	struct sys_interface_addr addr;
	struct sys_interface of;

	for (size_t i = 0; sys_interface_get(p, i, &of) == 0; i++)
		for (size_t j = 0; sys_interface_addr_get(p, of.index, j, &addr) == 0; j++)
			if (holm_addr_equal(&addr.addr, &c->source)) {
				c->deprecated = addr.deprecated;
				c->prefix = near(c, &addr);
			}
}

static void examine(const struct lookup *found, const struct holm_addr *addr, struct choice *c)
{
	*c = (struct choice){ .addr = *addr, .of = holm_addr_policy(addr) };
	c->reachable = find_source(found, c);
	if (!c->reachable)
		return;
	c->of_source = holm_addr_policy(&c->source);
	describe_source(c);
}

static bool scope_matches(const struct choice *c)
{
	return c->of.scope == c->of_source.scope;
}

static bool label_matches(const struct choice *c)
{
	return c->of.label == c->of_source.label;
}

/* Does `a` come before `b`? Of equals the first stays (rule 10). */
static bool is_before(const struct choice *a, const struct choice *b)
{
	/* Rule 1: avoid unusable destinations. */
	if (a->reachable != b->reachable)
		return a->reachable;
	if (a->reachable) {
		/* Rule 2: prefer matching scope. */
		if (scope_matches(a) != scope_matches(b))
			return scope_matches(a);
		/* Rule 3: avoid deprecated addresses. */
		if (a->deprecated != b->deprecated)
			return b->deprecated;
		/* Rule 5: prefer matching label. */
		if (label_matches(a) != label_matches(b))
			return label_matches(a);
	}
	/* Rule 6: prefer higher precedence. */
	if (a->of.precedence != b->of.precedence)
		return a->of.precedence > b->of.precedence;
	/* Rule 8: prefer smaller scope. */
	if (a->of.scope != b->of.scope)
		return a->of.scope < b->of.scope;
	/* Rule 9: use longest matching prefix. */
	return holm_addr_is_ip4(&a->addr) == holm_addr_is_ip4(&b->addr) && a->prefix > b->prefix;
}

void lookup_sort(struct lookup *found)
{
	struct choice list[sizeof(found->addrs) / sizeof(found->addrs[0])];

	if (found->n < 2)
		return;
	for (size_t i = 0; i < found->n; i++) {
		struct choice c;
		size_t at = i;

		examine(found, &found->addrs[i], &c);
		for (; at > 0 && is_before(&c, &list[at - 1]); at--)
			list[at] = list[at - 1];
		list[at] = c;
	}
	for (size_t i = 0; i < found->n; i++)
		found->addrs[i] = list[i].addr;
}
