/* lookup.c -- names and addresses: numbers first, then /etc/hosts, then name servers. */
#include "kernel/libc/lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"
#include "lib/fmt.h"

static void add(struct lookup *out, const struct holm_addr *addr)
{
	if (out->n < sizeof(out->addrs) / sizeof(out->addrs[0]))
		out->addrs[out->n++] = *addr;
}

/* ---- numbers ---- */

/* What follows the % of a link-local address: an interface's name or number. */
static bool read_scope(const char *text, uint32_t *scope)
{
	uint64_t number;
	size_t len = strlen(text);

	*scope = if_nametoindex(text);
	if (*scope != 0)
		return true;
	if (len == 0 || fmt_parse_u64(text, len, 10, UINT32_MAX, &number) != len)
		return false;
	*scope = (uint32_t)number;
	return true;
}

static bool read_ip6(const char *text, struct holm_addr *addr, uint32_t *scope)
{
	const char *percent = strchr(text, '%');
	char address[INET6_ADDRSTRLEN];
	size_t len = percent != NULL ? (size_t)(percent - text) : strlen(text);

	*scope = 0;
	if (len >= sizeof(address) || (percent != NULL && !read_scope(percent + 1, scope)))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	return inet_pton(AF_INET6, address, addr->b) == 1;
}

/* EAI_NONAME: it is no number. */
static int read_number(const char *text, int family, int flags, struct lookup *out)
{
	struct holm_addr addr;
	struct in_addr in;

	if (inet_aton(text, &in) != 0) {
		addr = holm_addr_ip4(0, 0, 0, 0);
		memcpy(addr.b + 12, &in, 4);
		if (family == AF_INET6 && (flags & AI_V4MAPPED) == 0)
			return EAI_ADDRFAMILY;
	} else if (read_ip6(text, &addr, &out->scope)) {
		if (family == AF_INET && !holm_addr_is_ip4(&addr))
			return EAI_ADDRFAMILY;
	} else {
		return EAI_NONAME;
	}
	add(out, &addr);
	return 0;
}

/* ---- /etc/hosts ---- */

/* The file as memory, which stays; NULL: there is none. */
static const char *hosts_text(size_t *len)
{
	struct process *p = process_current();
	const void *text = NULL;
	int fd = sys_open(p, "/etc/hosts", SYS_O_RDONLY);

	*len = 0;
	if (fd < 0)
		return NULL;
	if (sys_map_file(p, fd, &text, len) != 0)
		text = NULL;
	(void)sys_close(p, fd);
	return text;
}

/* RFC 6761 section 6.3: this name is never asked for. */
static bool is_localhost(const char *name)
{
	return strcasecmp(name, "localhost") == 0 || strcasecmp(name, "localhost.") == 0;
}

/* What the file does not say: both families, of which lookup_sort() puts first the one that is there. */
static void add_loopback(int family, int flags, struct lookup *out)
{
	struct holm_addr ip4 = holm_addr_ip4(127, 0, 0, 1), ip6 = holm_addr_any6();

	ip6.b[15] = 1;
	if (family != AF_INET)
		add(out, &ip6);
	if (family != AF_INET6 || (flags & AI_ALL) != 0)
		add(out, &ip4);
	memcpy(out->canonical, "localhost", sizeof("localhost"));
}

static bool find_local(const char *name, int family, int flags, struct lookup *out)
{
	unsigned families = family == AF_INET6 ? HOSTS_IP6 : HOSTS_IP4;
	size_t len;
	const char *text = hosts_text(&len);

	if (family == AF_UNSPEC)
		families = HOSTS_IP4 | HOSTS_IP6;
	if (text != NULL && hosts_find(text, len, name, families, out))
		return true;
	if (text != NULL && family == AF_INET6 && (flags & AI_V4MAPPED) != 0 &&
	    hosts_find(text, len, name, HOSTS_IP4, out))
		return true;
	if (!is_localhost(name))
		return false;
	add_loopback(family, flags & AI_V4MAPPED ? flags : 0, out);
	return true;
}

/* ---- name servers ---- */

static bool is_link_local(const struct holm_addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* As glibc counts: a link-local address is one, too. */
static bool has_addr(bool ip4, bool link_local)
{
	struct process *p = process_current();
	struct sys_interface_addr addr;
	struct sys_interface of;

	for (size_t i = 0; sys_interface_get(p, i, &of) == 0; i++)
		for (size_t j = 0; sys_interface_addr_get(p, of.index, j, &addr) == 0; j++)
			if (!holm_addr_is_loopback(&addr.addr) &&
			    holm_addr_is_ip4(&addr.addr) == ip4 &&
			    (link_local || !is_link_local(&addr.addr)))
				return true;
	return false;
}

bool lookup_has_family(bool ip4)
{
	return has_addr(ip4, true);
}

static int error_of(enum holm_dns_outcome outcome)
{
	switch (outcome) {
	case HOLM_DNS_FOUND:
		return 0;
	case HOLM_DNS_NO_NAME:
		return EAI_NONAME;
	case HOLM_DNS_NO_DATA:
		return EAI_NODATA;
	case HOLM_DNS_TIMED_OUT:
	case HOLM_DNS_FAILED:
	case HOLM_DNS_NO_SERVER:
		break;
	}
	return EAI_AGAIN;
}

static int error_of_call(int err)
{
	switch (err) {
	case -HOLM_EINVAL:
		return EAI_NONAME;
	case -HOLM_ENOMEM:
		return EAI_MEMORY;
	default:
		return EAI_AGAIN;
	}
}

/* Its addresses and canonical name; what getaddrinfo() says of its outcome. */
static int take(const struct holm_dns_result *result, struct lookup *out)
{
	for (size_t i = 0; result->outcome == HOLM_DNS_FOUND && i < result->naddrs; i++)
		add(out, &result->addrs[i]);
	if (result->outcome == HOLM_DNS_FOUND)
		memcpy(out->canonical, result->name, sizeof(result->name));
	return error_of(result->outcome);
}

static int ask(const char *name, enum holm_dns_type type, struct lookup *out)
{
	struct holm_dns_result result;
	int err = sys_resolve(process_current(), name, type, &result);

	return err != 0 ? error_of_call(err) : take(&result, out);
}

static int ask_both(const char *name, struct lookup *out)
{
	struct holm_dns_result ip4, ip6;
	int err = sys_resolve_both(process_current(), name, &ip4, &ip6), err4;

	if (err != 0)
		return error_of_call(err);
	err = take(&ip6, out);
	err4 = take(&ip4, out);
	/* An error matters only when nothing was found; "later" says more than "no". */
	return out->n > 0 ? 0 : err == EAI_AGAIN ? err : err4;
}

/* Without a wish for one family IPv6 is asked for where the machine has it, beyond its links. */
static int ask_servers(const char *name, int family, int flags, struct lookup *out)
{
	bool mapped = family == AF_INET6 && (flags & AI_V4MAPPED) != 0;
	int err;

	if (family == AF_UNSPEC)
		return has_addr(false, false) ? ask_both(name, out) : ask(name, HOLM_DNS_A, out);
	if (mapped && (flags & AI_ALL) != 0)
		return ask_both(name, out);
	err = ask(name, family == AF_INET6 ? HOLM_DNS_AAAA : HOLM_DNS_A, out);
	return err != 0 && mapped ? ask(name, HOLM_DNS_A, out) : err;
}

int lookup_name(const char *name, int family, int flags, struct lookup *out)
{
	int err;

	*out = (struct lookup){ 0 };
	err = read_number(name, family, flags, out);
	if (err != EAI_NONAME)
		return err;
	if ((flags & AI_NUMERICHOST) != 0)
		return EAI_NONAME;
	if (find_local(name, family, flags, out))
		err = 0;
	else
		err = ask_servers(name, family, flags, out);
	lookup_sort(out);
	return err;
}

bool lookup_addr(const struct holm_addr *addr, char *name, size_t room)
{
	struct holm_dns_result result;
	size_t len;
	const char *text = hosts_text(&len);

	if (text != NULL && hosts_find_addr(text, len, addr, name, room))
		return true;
	if (holm_addr_is_loopback(addr))
		return fmt_string(name, room, "localhost") < room;
	if (sys_resolve_addr(process_current(), addr, &result) != 0 ||
	    result.outcome != HOLM_DNS_FOUND || result.name[0] == '\0')
		return false;
	return fmt_string(name, room, "%s", result.name) < room;
}
