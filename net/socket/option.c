/*
 * setsockopt() and getsockopt(): sizes and ranges as Linux checks them. Options of SOL_SOCKET that every
 * socket has are kept here; the others are the kind's. Each option is honoured or refused.
 */
#include "net/socket/socket.h"

#include "lib/mem.h"
#include "net/link/netif.h"

#define NS_PER_S 1000000000ull
#define US_PER_S 1000000
/* Twice that is shown as an int, and a ring of it is one block. */
#define FORCED_MAX (1u << 29)
#define INTERFACE_NAME_BYTES 16u
/* Of SO_BUF_LOCK. */
enum { SNDBUF_LOCK = 1, RCVBUF_LOCK = 2 };

/* ---- setting ---- */

static int set_timeout(uint64_t *to_ns, const void *value, uint32_t len)
{
	struct holm_timeval tv;

	if (len < sizeof(tv))
		return -HOLM_EINVAL;
	memcpy(&tv, value, sizeof(tv));
	if (tv.usec < 0 || tv.usec >= US_PER_S)
		return -HOLM_EDOM;
	if (tv.sec < 0)
		*to_ns = 1; /* Linux: do not wait at all */
	else if ((uint64_t)tv.sec > UINT64_MAX / NS_PER_S - 1)
		*to_ns = 0;
	else
		*to_ns = (uint64_t)tv.sec * NS_PER_S + (uint64_t)tv.usec * 1000;
	return 0;
}

static int set_linger(struct holm_socket *s, const void *value, uint32_t len)
{
	struct holm_linger l;

	if (len < sizeof(l))
		return -HOLM_EINVAL;
	memcpy(&l, value, sizeof(l));
	if (!l.onoff)
		s->linger_s = -1;
	else
		s->linger_s = l.linger < 0 ? INT32_MAX : l.linger;
	return 0;
}

static uint32_t least_of(const struct holm_socket *s, const uint32_t *bytes)
{
	return bytes == &s->sndbuf ? SOCKET_SNDBUF_MIN : SOCKET_RCVBUF_MIN;
}

static int set_buffer(struct holm_socket *s, uint32_t *bytes, int value)
{
	uint32_t asked = value < 0 ? SOCKET_BUFFER_MAX : (uint32_t)value;

	*bytes = max_u32(least_of(s, bytes), min_u32(asked, SOCKET_BUFFER_MAX));
	return s->ops->resize(s);
}

/* Past SOCKET_BUFFER_MAX, for who may. */
static int force_buffer(struct holm_socket *s, uint32_t *bytes, int value)
{
	if (!socket_may(s, HOLM_CAP_NET_ADMIN))
		return -HOLM_EPERM;
	*bytes =
		max_u32(least_of(s, bytes), min_u32((uint32_t)(value > 0 ? value : 0), FORCED_MAX));
	return s->ops->resize(s);
}

/* Which buffers stay as they are, instead of growing with the connection. */
static int set_locks(struct holm_socket *s, int value)
{
	if (value & ~(SNDBUF_LOCK | RCVBUF_LOCK))
		return -HOLM_EINVAL;
	s->sndbuf_locked = value & SNDBUF_LOCK;
	s->rcvbuf_locked = value & RCVBUF_LOCK;
	return 0;
}

static int set_flag(struct holm_socket *s, bool *flag, int name, int value)
{
	int err = s->ops->set(s, HOLM_SOL_SOCKET, name, value);

	if (!err)
		*flag = value != 0;
	return err;
}

/* ---- ways ---- */

static int change_way(struct holm_socket *s, struct holm_dev *dev, uint32_t mark, bool dontroute)
{
	const struct holm_socket before = *s;
	int err;

	if (!s->ops->set_way)
		return -HOLM_ENOPROTOOPT;
	s->dev = dev;
	s->mark = mark;
	s->dontroute = dontroute;
	err = s->ops->set_way(s);
	if (err) {
		s->dev = before.dev;
		s->mark = before.mark;
		s->dontroute = before.dontroute;
	}
	return err;
}

/* As on Linux: anybody may bind a socket that is not bound yet. */
static int bind_device(struct holm_socket *s, struct holm_dev *dev)
{
	if (s->dev && !socket_may(s, HOLM_CAP_NET_RAW))
		return -HOLM_EPERM;
	return change_way(s, dev, s->mark, s->dontroute);
}

static struct holm_dev *dev_named(const struct holm_socket *s, const char *name)
{
	for (uint32_t i = 0; i < s->net->nnetifs; i++) {
		const char *is = s->net->netifs[i] ? s->net->netifs[i]->dev->name : NULL;
		size_t n = 0;

		while (is && is[n] && is[n] == name[n])
			n++;
		if (is && !is[n] && !name[n])
			return s->net->netifs[i]->dev;
	}
	return NULL;
}

/* The name of an interface; none: any. */
static int set_device(struct holm_socket *s, const void *value, uint32_t len)
{
	char name[INTERFACE_NAME_BYTES] = { 0 };
	struct holm_dev *dev;

	memcpy(name, value, min_u32(len, sizeof(name) - 1));
	if (!name[0])
		return bind_device(s, NULL);
	if (s->dev && !socket_may(s, HOLM_CAP_NET_RAW))
		return -HOLM_EPERM;
	dev = dev_named(s, name);
	return dev ? bind_device(s, dev) : -HOLM_ENODEV;
}

static int set_device_index(struct holm_socket *s, int index)
{
	struct holm_dev *dev = index > 0 ? holm_net_dev_at(s->net, (uint32_t)index - 1) : NULL;

	if (index < 0)
		return -HOLM_EINVAL;
	return index > 0 && !dev ? -HOLM_ENODEV : bind_device(s, dev);
}

static int set_mark(struct holm_socket *s, int value)
{
	if (!socket_may(s, HOLM_CAP_NET_RAW) && !socket_may(s, HOLM_CAP_NET_ADMIN))
		return -HOLM_EPERM;
	return change_way(s, s->dev, (uint32_t)value, s->dontroute);
}

static int set_priority(struct holm_socket *s, int value)
{
	if ((value < 0 || value > SOCKET_PRIORITY_MAX) && !socket_may(s, HOLM_CAP_NET_RAW) &&
	    !socket_may(s, HOLM_CAP_NET_ADMIN))
		return -HOLM_EPERM;
	s->priority = value;
	return 0;
}

/* As on Linux, IP_TOS sets the priority, too: by the four bits that once were the type of service. */
static void follow_tos(struct holm_socket *s, int tos)
{
	static const uint8_t priorities[] = { 0, 1, 0, 1, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4 };

	s->priority = priorities[((unsigned)tos & 0x1eu) >> 1];
}

/* In one unit or the other, not in both. */
static int set_timestamps(struct holm_socket *s, uint32_t which, int value)
{
	const uint32_t both = HOLM_ANC_TIMESTAMP | HOLM_ANC_TIMESTAMPNS;

	if (!s->ops->has_timestamps)
		return -HOLM_ENOPROTOOPT;
	s->wants = (s->wants & ~both) | (value ? which : 0);
	return 0;
}

static int set_way_int(struct holm_socket *s, int name, int value)
{
	switch (name) {
	case HOLM_SO_DONTROUTE:
		return change_way(s, s->dev, s->mark, value != 0);
	case HOLM_SO_MARK:
		return set_mark(s, value);
	case HOLM_SO_PRIORITY:
		return set_priority(s, value);
	case HOLM_SO_BINDTOIFINDEX:
		return set_device_index(s, value);
	case HOLM_SO_TIMESTAMP:
		return set_timestamps(s, HOLM_ANC_TIMESTAMP, value);
	case HOLM_SO_TIMESTAMPNS:
		return set_timestamps(s, HOLM_ANC_TIMESTAMPNS, value);
	case HOLM_SO_SNDBUFFORCE:
		s->sndbuf_locked = true;
		return force_buffer(s, &s->sndbuf, value);
	case HOLM_SO_RCVBUFFORCE:
		s->rcvbuf_locked = true;
		return force_buffer(s, &s->rcvbuf, value);
	case HOLM_SO_BUF_LOCK:
		return set_locks(s, value);
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

static int set_socket_int(struct holm_socket *s, int name, int value)
{
	switch (name) {
	case HOLM_SO_REUSEADDR:
		s->reuseaddr = value != 0;
		return 0;
	case HOLM_SO_KEEPALIVE:
		return set_flag(s, &s->keepalive, name, value);
	case HOLM_SO_BROADCAST:
		return set_flag(s, &s->broadcast, name, value);
	case HOLM_SO_PASSCRED:
		return set_flag(s, &s->passcred, name, value);
	case HOLM_SO_OOBINLINE:
		s->oobinline = value != 0;
		return 0;
	case HOLM_SO_SNDBUF:
		s->sndbuf_locked = true;
		return set_buffer(s, &s->sndbuf, value);
	case HOLM_SO_RCVBUF:
		s->rcvbuf_locked = true;
		return set_buffer(s, &s->rcvbuf, value);
	case HOLM_SO_REUSEPORT:
		s->reuseport = value != 0;
		return 0;
	case HOLM_SO_RCVLOWAT:
		s->rcvlowat = value < 0 ? INT32_MAX : max_u32((uint32_t)value, 1);
		socket_set_unusual(s, SOCKET_LOWAT, s->rcvlowat != 1);
		return 0;
	default:
		return set_way_int(s, name, value);
	}
}

/* Linux reads one byte where an option at level IP is given as one. */
static int read_int(int level, const void *value, uint32_t len, int *out)
{
	uint8_t byte;

	if (len >= sizeof(*out)) {
		memcpy(out, value, sizeof(*out));
		return 0;
	}
	if (level != HOLM_IPPROTO_IP || len < 1)
		return -HOLM_EINVAL;
	memcpy(&byte, value, 1);
	*out = byte;
	return 0;
}

int holm_socket_setsockopt(struct holm_socket *s, int level, int name, const void *value,
			   uint32_t len)
{
	int number, err;

	if (!value)
		return -HOLM_EFAULT;
	if (len > INT32_MAX)
		return -HOLM_EINVAL;
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_RCVTIMEO)
		return set_timeout(&s->rcvtimeo_ns, value, len);
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_SNDTIMEO)
		return set_timeout(&s->sndtimeo_ns, value, len);
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_LINGER)
		return set_linger(s, value, len);
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_BINDTODEVICE)
		return set_device(s, value, len);
	if (level == HOLM_IPPROTO_TCP && name == HOLM_SOCKOPT_TCP_CONGESTION)
		return inet_stream_set_congestion(s, value, len);
	err = s->ops->set_bytes ? s->ops->set_bytes(s, level, name, value, len) : -HOLM_ENOPROTOOPT;
	if (err != -HOLM_ENOPROTOOPT)
		return err;
	err = read_int(level, value, len, &number);
	if (err)
		return err;
	if (level == HOLM_SOL_SOCKET)
		return set_socket_int(s, name, number);
	err = s->ops->set(s, level, name, number);
	if (!err && level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_TOS)
		follow_tos(s, number);
	return err;
}

/* ---- getting ---- */

static int get_way_int(const struct holm_socket *s, int name, int *value)
{
	switch (name) {
	case HOLM_SO_PRIORITY:
		*value = s->priority;
		return 0;
	case HOLM_SO_DONTROUTE:
		*value = s->dontroute;
		return 0;
	case HOLM_SO_MARK:
		*value = (int)s->mark;
		return s->ops->set_way ? 0 : -HOLM_ENOPROTOOPT;
	case HOLM_SO_BINDTOIFINDEX:
		*value = s->dev && s->dev->netif ? (int)holm_dev_index(s->dev) + 1 : 0;
		return s->ops->set_way ? 0 : -HOLM_ENOPROTOOPT;
	case HOLM_SO_TIMESTAMP:
		*value = (s->wants & HOLM_ANC_TIMESTAMP) != 0;
		return 0;
	case HOLM_SO_TIMESTAMPNS:
		*value = (s->wants & HOLM_ANC_TIMESTAMPNS) != 0;
		return 0;
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

static int get_socket_int(struct holm_socket *s, int name, int *value)
{
	switch (name) {
	case HOLM_SO_REUSEADDR:
		*value = s->reuseaddr;
		return 0;
	case HOLM_SO_REUSEPORT:
		*value = s->reuseport;
		return 0;
	case HOLM_SO_RCVLOWAT:
		*value = (int)s->rcvlowat;
		return 0;
	case HOLM_SO_SNDLOWAT:
		*value = 1;
		return 0;
	case HOLM_SO_BUF_LOCK:
		*value =
			(s->sndbuf_locked ? SNDBUF_LOCK : 0) | (s->rcvbuf_locked ? RCVBUF_LOCK : 0);
		return 0;
	case HOLM_SO_KEEPALIVE:
		*value = s->keepalive;
		return 0;
	case HOLM_SO_BROADCAST:
		*value = s->broadcast;
		return 0;
	case HOLM_SO_PASSCRED:
		*value = s->passcred;
		return 0;
	case HOLM_SO_OOBINLINE:
		*value = s->oobinline;
		return 0;
	case HOLM_SO_TYPE:
		*value = s->type;
		return 0;
	case HOLM_SO_PROTOCOL:
		*value = s->protocol;
		return 0;
	case HOLM_SO_DOMAIN:
		*value = s->family;
		return 0;
	case HOLM_SO_ERROR:
		*value = -socket_take_error(s);
		return 0;
	case HOLM_SO_ACCEPTCONN:
		*value = s->ops->is_listening && s->ops->is_listening(s);
		return 0;
	case HOLM_SO_SNDBUF:
		*value = (int)(2 * s->sndbuf);
		return 0;
	case HOLM_SO_RCVBUF:
		*value = (int)(2 * s->rcvbuf);
		return 0;
	default:
		return get_way_int(s, name, value);
	}
}

int socket_put_option(const void *from, uint32_t bytes, void *value, uint32_t *len)
{
	*len = min_u32(*len, bytes);
	if (value && *len > 0)
		memcpy(value, from, *len);
	return 0;
}

static int get_timeout(uint64_t ns, void *value, uint32_t *len)
{
	struct holm_timeval tv = {
		.sec = (int64_t)(ns / NS_PER_S),
		.usec = (int64_t)(ns % NS_PER_S / 1000),
	};

	return socket_put_option(&tv, sizeof(tv), value, len);
}

static int get_linger(const struct holm_socket *s, void *value, uint32_t *len)
{
	struct holm_linger l = { .onoff = s->linger_s >= 0,
				 .linger = s->linger_s >= 0 ? s->linger_s : 0 };

	return socket_put_option(&l, sizeof(l), value, len);
}

/* The interface's name with its zero; nothing while it is bound to none. */
static int get_device(const struct holm_socket *s, void *value, uint32_t *len)
{
	uint32_t n = 0;

	if (!s->dev) {
		*len = 0;
		return 0;
	}
	if (*len < INTERFACE_NAME_BYTES)
		return -HOLM_EINVAL;
	while (s->dev->name[n] && n < INTERFACE_NAME_BYTES - 1)
		n++;
	return socket_put_option(s->dev->name, n + 1, value, len);
}

static int get_peer_cred(const struct holm_socket *s, void *value, uint32_t *len)
{
	struct holm_cred cred = { .pid = 0, .uid = UINT32_MAX, .gid = UINT32_MAX };

	if (s->ops->peer_cred)
		s->ops->peer_cred(s, &cred);
	return socket_put_option(&cred, sizeof(cred), value, len);
}

/* A number that no other socket of the instance ever has. */
static int get_cookie(struct holm_socket *s, void *value, uint32_t *len)
{
	if (*len < sizeof(s->number))
		return -HOLM_EINVAL;
	if (s->number == 0)
		s->number = ++s->net->sockets->last_number;
	return socket_put_option(&s->number, sizeof(s->number), value, len);
}

static int put_int(int level, int number, void *value, uint32_t *len)
{
	uint8_t byte = (uint8_t)number;

	if (level == HOLM_IPPROTO_IP && *len > 0 && *len < sizeof(number))
		return socket_put_option(&byte, 1, value, len);
	return socket_put_option(&number, sizeof(number), value, len);
}

int holm_socket_getsockopt(struct holm_socket *s, int level, int name, void *value, uint32_t *len)
{
	int number, err;

	if (!len || (!value && *len > 0))
		return -HOLM_EFAULT;
	if (*len > INT32_MAX)
		return -HOLM_EINVAL;
	if (level == HOLM_IPPROTO_TCP && name == HOLM_SOCKOPT_TCP_INFO)
		return inet_stream_get_info(s, value, len);
	if (level == HOLM_IPPROTO_TCP && name == HOLM_SOCKOPT_TCP_CONGESTION)
		return inet_stream_get_congestion(s, value, len);
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_RCVTIMEO)
		return get_timeout(s->rcvtimeo_ns, value, len);
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_SNDTIMEO)
		return get_timeout(s->sndtimeo_ns, value, len);
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_LINGER)
		return get_linger(s, value, len);
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_BINDTODEVICE)
		return get_device(s, value, len);
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_PEERCRED)
		return get_peer_cred(s, value, len);
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_COOKIE)
		return get_cookie(s, value, len);
	err = s->ops->get_bytes ? s->ops->get_bytes(s, level, name, value, len) : -HOLM_ENOPROTOOPT;
	if (err != -HOLM_ENOPROTOOPT)
		return err;
	err = level == HOLM_SOL_SOCKET ? get_socket_int(s, name, &number)
				       : s->ops->get(s, level, name, &number);
	return err ? err : put_int(level, number, value, len);
}

/* ---- for the blocking layer ---- */

uint64_t holm_socket_rcvtimeo_ns(const struct holm_socket *s)
{
	return s->rcvtimeo_ns;
}

uint32_t holm_socket_rcvlowat(const struct holm_socket *s)
{
	return s->rcvlowat;
}

uint64_t holm_socket_sndtimeo_ns(const struct holm_socket *s)
{
	return s->sndtimeo_ns;
}

int holm_socket_linger_s(const struct holm_socket *s)
{
	return s->linger_s;
}
