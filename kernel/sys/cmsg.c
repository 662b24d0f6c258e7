/*
 * Control messages, as Linux lays them out: a header of the length, a level and a type, then data, each
 * rounded up to the size of a word. Descriptors become files here and files descriptors.
 */
#include "kernel/sys/cmsg.h"

#include "lib/compiler.h"
#include "lib/mem.h"

enum { SCM_RIGHTS = 1, SCM_CREDENTIALS = 2 };

/* struct in_pktinfo of Linux; addresses in network order. */
struct pktinfo {
	int ifindex;
	uint8_t spec_dst[4], addr[4];
};

/* struct sock_extended_err of Linux, and who sent the message behind it. */
struct extended_error {
	uint32_t error;
	uint8_t origin, type, code, pad;
	uint32_t info, data;
	struct holm_sockaddr_in offender;
};

/* struct extended_error for AF_INET6. */
struct extended_error6 {
	uint32_t error;
	uint8_t origin, type, code, pad;
	uint32_t info, data;
	struct holm_sockaddr_in6 offender;
};

struct cmsg_header {
	size_t len; /* with the header */
	int level;
	int type;
};

static size_t aligned(size_t n)
{
	return (n + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1);
}

/* ---- what a program sends ---- */

static int take_files(struct process *p, struct cmsg *c, const uint8_t *data, size_t len)
{
	struct holm_ancillary *a = &c->ancillary;

	if (len / sizeof(int) > HOLM_OBJECTS_MAX - a->nobjects)
		return -HOLM_EINVAL;
	for (size_t i = 0; i < len / sizeof(int); i++) {
		struct file *f;
		int fd;

		memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
		f = file_of(p, fd);
		if (!f)
			return -HOLM_EBADF;
		c->objects[a->nobjects++] = &f->object;
		a->has |= HOLM_ANC_OBJECTS;
	}
	return 0;
}

/* Who asks may be somebody else only with the right to. */
static int take_cred(struct process *p, struct cmsg *c, const uint8_t *data, size_t len)
{
	const struct holm_cred *own = &p->env.cred;
	struct holm_cred cred;

	if (len != sizeof(cred))
		return -HOLM_EINVAL;
	memcpy(&cred, data, sizeof(cred));
	if (memcmp(&cred, own, sizeof(cred)) != 0 && !process_may(p, SYS_CAP_ADMIN))
		return -HOLM_EPERM;
	c->ancillary.cred = cred;
	c->ancillary.has |= HOLM_ANC_CRED;
	return 0;
}

static int take_pktinfo(struct holm_ancillary *a, const uint8_t *data, size_t len)
{
	struct pktinfo info;

	if (len != sizeof(info))
		return -HOLM_EINVAL;
	memcpy(&info, data, sizeof(info));
	a->ifindex = (uint32_t)info.ifindex;
	a->spec_dst = holm_addr_ip4(info.spec_dst[0], info.spec_dst[1], info.spec_dst[2],
				    info.spec_dst[3]);
	a->has |= HOLM_ANC_PKTINFO;
	return 0;
}

/* A number of four bytes or, of IP_TOS, of one. */
static int take_byte(struct holm_ancillary *a, int type, const uint8_t *data, size_t len)
{
	int value = data[0];

	if (len == sizeof(value))
		memcpy(&value, data, sizeof(value));
	else if (len != 1 || type != HOLM_SOCKOPT_IP_TOS)
		return -HOLM_EINVAL;
	if (value < 0 || value > 255)
		return -HOLM_EINVAL;
	if (type == HOLM_SOCKOPT_IP_TOS) {
		a->tos = (uint8_t)value;
		a->has |= HOLM_ANC_TOS;
		return 0;
	}
	if (value < 1)
		return -HOLM_EINVAL;
	a->ttl = (uint8_t)value;
	a->has |= HOLM_ANC_TTL;
	return 0;
}

/* What a program says of a datagram that it sends. */
static int take_ip(struct holm_ancillary *a, int type, const uint8_t *data, size_t len)
{
	if (type == HOLM_SOCKOPT_IP_PKTINFO)
		return take_pktinfo(a, data, len);
	if (len > 0 && (type == HOLM_SOCKOPT_IP_TTL || type == HOLM_SOCKOPT_IP_TOS))
		return take_byte(a, type, data, len);
	return -HOLM_EINVAL;
}

static int take_pktinfo6(struct holm_ancillary *a, const uint8_t *data, size_t len)
{
	struct holm_ip6_pktinfo info;

	if (len < sizeof(info))
		return -HOLM_EINVAL;
	memcpy(&info, data, sizeof(info));
	a->ifindex = info.ifindex;
	memcpy(a->spec_dst.b, info.addr, sizeof(info.addr));
	a->has |= HOLM_ANC_PKTINFO6;
	return 0;
}

/* Numbers of four bytes; -1 leaves it as it is. */
static int take_number6(struct holm_ancillary *a, int type, int value)
{
	if (value < -1 || value > (type == HOLM_SOCKOPT_IPV6_DONTFRAG ? 1 : 255) ||
	    (value == -1 && type == HOLM_SOCKOPT_IPV6_DONTFRAG))
		return -HOLM_EINVAL;
	if (type == HOLM_SOCKOPT_IPV6_HOPLIMIT && value >= 0) {
		a->hops = (uint8_t)value;
		a->has |= HOLM_ANC_HOPLIMIT;
	} else if (type == HOLM_SOCKOPT_IPV6_TCLASS && value >= 0) {
		a->tclass = (uint8_t)value;
		a->has |= HOLM_ANC_TCLASS;
	} else if (type == HOLM_SOCKOPT_IPV6_DONTFRAG && value == 1) {
		a->has |= HOLM_ANC_DONTFRAG;
	}
	return 0;
}

static int take_ip6(struct holm_ancillary *a, int type, const uint8_t *data, size_t len)
{
	int value;

	switch (type) {
	case HOLM_SOCKOPT_IPV6_PKTINFO:
		return take_pktinfo6(a, data, len);
	case HOLM_SOCKOPT_IPV6_HOPLIMIT:
	case HOLM_SOCKOPT_IPV6_TCLASS:
	case HOLM_SOCKOPT_IPV6_DONTFRAG:
		if (len != sizeof(value))
			return -HOLM_EINVAL;
		memcpy(&value, data, sizeof(value));
		return take_number6(a, type, value);
	default:
		return -HOLM_EINVAL;
	}
}

/* UDP_SEGMENT: into datagrams of what size it is cut. */
static int take_udp(struct holm_ancillary *a, int type, const uint8_t *data, size_t len)
{
	if (type != HOLM_SOCKOPT_UDP_SEGMENT || len != sizeof(a->segment))
		return -HOLM_EINVAL;
	memcpy(&a->segment, data, len);
	a->has |= HOLM_ANC_SEGMENT;
	return 0;
}

static int take(struct process *p, struct cmsg *c, const struct cmsg_header *h, const uint8_t *data,
		enum cmsg_kind kind)
{
	size_t len = h->len - sizeof(*h);

	/* As on Linux, who does not know a level does not mind it. */
	if (h->level == HOLM_IPPROTO_IPV6 && kind == CMSG_DATAGRAM6)
		return take_ip6(&c->ancillary, h->type, data, len);
	if (h->level == HOLM_IPPROTO_IP && kind >= CMSG_DATAGRAM)
		return take_ip(&c->ancillary, h->type, data, len);
	if (h->level == HOLM_IPPROTO_UDP && kind >= CMSG_DATAGRAM)
		return take_udp(&c->ancillary, h->type, data, len);
	if (h->level != HOLM_SOL_SOCKET)
		return 0;
	if (h->type == SCM_RIGHTS)
		return take_files(p, c, data, len);
	return h->type == SCM_CREDENTIALS ? take_cred(p, c, data, len) : -HOLM_EINVAL;
}

int cmsg_parse(struct process *p, struct cmsg *c, const void *control, size_t len,
	       enum cmsg_kind kind)
{
	const uint8_t *at = control;
	struct cmsg_header h;
	int err = 0;

	cmsg_init(c);
	while (!err && len >= sizeof(h)) {
		memcpy(&h, at, sizeof(h));
		if (h.len < sizeof(h) || h.len > len)
			err = -HOLM_EINVAL;
		else
			err = take(p, c, &h, at + sizeof(h), kind);
		at += min_size(aligned(h.len), len);
		len -= min_size(aligned(h.len), len);
	}
	if (err)
		cmsg_fini(c);
	return err;
}

/* ---- what a program receives ---- */

void cmsg_init(struct cmsg *c)
{
	c->ancillary = (struct holm_ancillary){
		.objects = c->objects,
		.objects_max = HOLM_OBJECTS_MAX,
	};
}

void cmsg_fini(struct cmsg *c)
{
	struct holm_ancillary *a = &c->ancillary;

	while (a->nobjects > 0)
		file_put(file_of_object(c->objects[--a->nobjects]));
}

struct writer {
	uint8_t *at;
	size_t left;
	bool cut;
};

/* One message; as much of it as there is room for, as Linux does it. */
static void put(struct writer *w, int level, int type, const void *data, size_t len)
{
	struct cmsg_header h = { sizeof(h) + len, level, type };

	if (w->left < sizeof(h)) {
		w->cut = true;
		return;
	}
	if (w->left < h.len) {
		w->cut = true;
		h.len = w->left;
	}
	memcpy(w->at, &h, sizeof(h));
	memcpy(w->at + sizeof(h), data, h.len - sizeof(h));
	w->at += min_size(aligned(h.len), w->left);
	w->left -= min_size(aligned(h.len), w->left);
}

/* Descriptors for the files, as many as have room: each takes over a reference. */
static void put_files(struct process *p, struct cmsg *c, struct writer *w, bool cloexec)
{
	struct holm_ancillary *a = &c->ancillary;
	int fds[HOLM_OBJECTS_MAX];
	size_t room = w->left < sizeof(struct cmsg_header)
			      ? 0
			      : (w->left - sizeof(struct cmsg_header)) / sizeof(int);
	uint32_t n = 0;

	while (n < a->nobjects && n < room) {
		int fd = fds_add(p, file_of_object(c->objects[n]), cloexec, 0);

		if (fd < 0)
			break;
		fds[n++] = fd;
	}
	w->cut |= n < a->nobjects;
	if (n > 0)
		put(w, HOLM_SOL_SOCKET, SCM_RIGHTS, fds, n * sizeof(int));
	a->nobjects -= n;
	memmove(c->objects, c->objects + n, a->nobjects * sizeof(c->objects[0]));
}

/* When it came, on the wall's clock, which may have been set meanwhile. */
static void put_time(const struct process *p, struct writer *w, const struct holm_ancillary *a)
{
	uint64_t now_ns = wait_now(&p->env.wait);
	uint64_t wall_ns = p->env.wall ? p->env.wall() : now_ns;
	uint64_t ns = wall_ns - (now_ns > a->time_ns ? now_ns - a->time_ns : 0);
	int64_t value[2] = { (int64_t)(ns / 1000000000u), (int64_t)(ns % 1000000000u) };

	if (a->has & HOLM_ANC_TIMESTAMPNS) {
		put(w, HOLM_SOL_SOCKET, HOLM_SO_TIMESTAMPNS, value, sizeof(value));
		return;
	}
	value[1] /= 1000;
	put(w, HOLM_SOL_SOCKET, HOLM_SO_TIMESTAMP, value, sizeof(value));
}

static void fill_sockaddr(struct holm_sockaddr_in *in, const struct holm_addr *addr, uint16_t port)
{
	*in = (struct holm_sockaddr_in){ .family = HOLM_AF_INET,
					 .port = { (uint8_t)(port >> 8), (uint8_t)port } };
	memcpy(in->addr, &addr->b[12], sizeof(in->addr));
}

static void put_trouble(struct writer *w, const struct holm_trouble *t)
{
	struct extended_error e = {
		.error = (uint32_t)t->error,
		.origin = t->origin,
		.type = t->type,
		.code = t->code,
		.info = t->info,
	};

	if (t->origin == HOLM_TROUBLE_ICMP)
		fill_sockaddr(&e.offender, &t->offender, 0);
	put(w, HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_RECVERR, &e, sizeof(e));
}

/* Programs count interfaces from 1. */
static void fill_sockaddr6(struct holm_sockaddr_in6 *in6, const struct holm_endpoint *e)
{
	*in6 = (struct holm_sockaddr_in6){ .family = HOLM_AF_INET6,
					   .port = { (uint8_t)(e->port >> 8), (uint8_t)e->port },
					   .scope_id = e->scope ? e->scope + 1 : 0 };
	memcpy(in6->addr, e->addr.b, sizeof(in6->addr));
}

static void put_trouble6(struct writer *w, const struct holm_trouble *t)
{
	const struct holm_endpoint offender = { .addr = t->offender, .scope = t->offender_scope };
	struct extended_error6 e = {
		.error = (uint32_t)t->error,
		.origin = t->origin,
		.type = t->type,
		.code = t->code,
		.info = t->info,
	};

	if (t->origin != HOLM_TROUBLE_LOCAL)
		fill_sockaddr6(&e.offender, &offender);
	put(w, HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_RECVERR, &e, sizeof(e));
}

/* What AF_INET6 sockets are told. */
static void put_company6(struct writer *w, const struct holm_ancillary *a)
{
	int hops = a->hops, tclass = a->tclass;

	if (a->has & HOLM_ANC_PKTINFO6) {
		struct holm_ip6_pktinfo info = { .ifindex = a->ifindex };

		memcpy(info.addr, a->to.addr.b, sizeof(info.addr));
		put(w, HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_PKTINFO, &info, sizeof(info));
	}
	if (a->has & HOLM_ANC_HOPLIMIT)
		put(w, HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_HOPLIMIT, &hops, sizeof(hops));
	if (a->has & HOLM_ANC_TCLASS)
		put(w, HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_TCLASS, &tclass, sizeof(tclass));
	if (a->has & HOLM_ANC_ORIGDST6) {
		struct holm_sockaddr_in6 to;

		fill_sockaddr6(&to, &a->to);
		put(w, HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_RECVORIGDSTADDR, &to, sizeof(to));
	}
	if (a->has & HOLM_ANC_PATHMTU) {
		struct holm_ip6_mtuinfo info = { .mtu = a->path_mtu };

		fill_sockaddr6(&info.addr, &a->to);
		put(w, HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_PATHMTU, &info, sizeof(info));
	}
	if (a->has & HOLM_ANC_TROUBLE6)
		put_trouble6(w, &a->trouble);
}

#define COMPANY6                                                                                   \
	((uint32_t)(HOLM_ANC_PKTINFO6 | HOLM_ANC_HOPLIMIT | HOLM_ANC_TCLASS | HOLM_ANC_ORIGDST6 |  \
		    HOLM_ANC_TROUBLE6 | HOLM_ANC_PATHMTU))

/* What came with a datagram. */
static void put_company(struct writer *w, const struct holm_ancillary *a)
{
	int ttl = a->ttl;

	if (a->has & HOLM_ANC_PKTINFO) {
		struct pktinfo info = { .ifindex = (int)a->ifindex };

		memcpy(info.addr, &a->to.addr.b[12], sizeof(info.addr));
		memcpy(info.spec_dst, &a->spec_dst.b[12], sizeof(info.spec_dst));
		put(w, HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_PKTINFO, &info, sizeof(info));
	}
	if (a->has & HOLM_ANC_TTL)
		put(w, HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_TTL, &ttl, sizeof(ttl));
	if (a->has & HOLM_ANC_TOS)
		put(w, HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_TOS, &a->tos, sizeof(a->tos));
	if (a->has & HOLM_ANC_INQ)
		put(w, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_INQ, &a->inq, sizeof(a->inq));
	if (a->has & HOLM_ANC_ORIGDST) {
		struct holm_sockaddr_in to;

		fill_sockaddr(&to, &a->to.addr, a->to.port);
		put(w, HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_RECVORIGDSTADDR, &to, sizeof(to));
	}
	if (a->has & HOLM_ANC_SEGMENT) {
		int bytes = a->segment;

		put(w, HOLM_IPPROTO_UDP, HOLM_SOCKOPT_UDP_GRO, &bytes, sizeof(bytes));
	}
	if (a->has & HOLM_ANC_TROUBLE)
		put_trouble(w, &a->trouble);
}

size_t cmsg_build(struct process *p, struct cmsg *c, void *control, size_t len, int flags,
		  int *msg_flags)
{
	struct writer w = { control, len, false };

	if (c->ancillary.has & HOLM_ANC_CRED)
		put(&w, HOLM_SOL_SOCKET, SCM_CREDENTIALS, &c->ancillary.cred,
		    sizeof(c->ancillary.cred));
	if (c->ancillary.has & (HOLM_ANC_TIMESTAMP | HOLM_ANC_TIMESTAMPNS))
		put_time(p, &w, &c->ancillary);
	put_company(&w, &c->ancillary);
	if (c->ancillary.has & COMPANY6)
		put_company6(&w, &c->ancillary);
	if (c->ancillary.has & HOLM_ANC_OBJECTS)
		put_files(p, c, &w, flags & HOLM_MSG_CMSG_CLOEXEC);
	cmsg_fini(c);
	if (w.cut)
		*msg_flags |= HOLM_MSG_CTRUNC;
	return len - w.left;
}
