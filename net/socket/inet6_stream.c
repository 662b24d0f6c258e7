/*
 * Options that AF_INET6 gives a TCP socket beyond AF_INET's. A connection has one hop limit and one class,
 * by whichever family's names they are set.
 */
#include "net/socket/inet_stream.h"

#define HOPS_DEFAULT 64

static int set_v6only(struct stream *t, int value)
{
	if (t->bound || t->phase != UNCONNECTED)
		return -HOLM_EINVAL;
	t->base.v6only = value != 0;
	return 0;
}

static int set_hops(struct stream *t, int value)
{
	if (value < -1 || value > (int)UINT8_MAX)
		return -HOLM_EINVAL;
	return holm_tcp_set_option(t->tcp, HOLM_TCP_OPT_TTL,
				   (uint32_t)(value == -1 ? HOPS_DEFAULT : value));
}

static int set_class(struct stream *t, int value)
{
	if (value < -1 || value > (int)UINT8_MAX)
		return -HOLM_EINVAL;
	return inet_stream_set(&t->base, HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_TOS,
			       value == -1 ? 0 : value);
}

int inet6_stream_set(struct holm_socket *s, int level, int name, int value)
{
	struct stream *t = inet_stream_of(s);

	if (level != HOLM_IPPROTO_IPV6)
		return inet_stream_set(s, level, name, value);
	switch (name) {
	case HOLM_SOCKOPT_IPV6_V6ONLY:
		return set_v6only(t, value);
	case HOLM_SOCKOPT_IPV6_UNICAST_HOPS:
		return set_hops(t, value);
	case HOLM_SOCKOPT_IPV6_TCLASS:
		return set_class(t, value);
	case HOLM_SOCKOPT_IPV6_FREEBIND:
		return inet_stream_set(s, level, name, value);
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

static int get_of_tcp(const struct stream *t, enum holm_tcp_option opt, int *value)
{
	uint32_t v = 0;
	int err = holm_tcp_get_option(t->tcp, opt, &v);

	*value = (int)v;
	return err;
}

int inet6_stream_get(struct holm_socket *s, int level, int name, int *value)
{
	const struct stream *t = inet_stream_of(s);

	if (level != HOLM_IPPROTO_IPV6)
		return inet_stream_get(s, level, name, value);
	switch (name) {
	case HOLM_SOCKOPT_IPV6_V6ONLY:
		*value = s->v6only;
		return 0;
	case HOLM_SOCKOPT_IPV6_UNICAST_HOPS:
		return get_of_tcp(t, HOLM_TCP_OPT_TTL, value);
	case HOLM_SOCKOPT_IPV6_TCLASS:
		return get_of_tcp(t, HOLM_TCP_OPT_TOS, value);
	case HOLM_SOCKOPT_IPV6_MTU:
		return inet_stream_path_mtu(t, value);
	case HOLM_SOCKOPT_IPV6_FREEBIND:
		return inet_stream_get(s, level, name, value);
	default:
		return -HOLM_ENOPROTOOPT;
	}
}
