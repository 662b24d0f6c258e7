/*
 * Options of a TCP socket: a table of which one is which of TCP's, and TCP_INFO as Linux lays it out.
 */
#include "net/socket/inet_stream.h"

#include "lib/mem.h"

/* Linux's TCP_CA_NAME_MAX */
#define CA_NAME_MAX 16u

bool inet_stream_is_listening(struct holm_socket *s)
{
	return s->ops == &inet_stream_ops && inet_stream_of_const(s)->phase == LISTENING;
}

/* Which option of TCP a socket option is; `low` to `high` are the values that it takes. */
struct mapping {
	int level, name;
	enum holm_tcp_option opt;
	int low, high;
	bool is_flag; /* any value that is not 0 means 1 */
};

static const struct mapping mappings[] = {
	{ HOLM_SOL_SOCKET, HOLM_SO_KEEPALIVE, HOLM_TCP_OPT_KEEPALIVE, 0, 1, true },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_NODELAY, HOLM_TCP_OPT_NODELAY, 0, 1, true },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_MAXSEG, HOLM_TCP_OPT_MAXSEG, 88, 32767, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_KEEPIDLE, HOLM_TCP_OPT_KEEPIDLE_S, 1, 32767, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_KEEPINTVL, HOLM_TCP_OPT_KEEPINTVL_S, 1, 32767, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_KEEPCNT, HOLM_TCP_OPT_KEEPCNT, 1, 127, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_LINGER2, HOLM_TCP_OPT_LINGER2_S, 0, 120, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_DEFER_ACCEPT, HOLM_TCP_OPT_DEFER_ACCEPT_S, 0, 32767,
	  false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_FASTOPEN, HOLM_TCP_OPT_FASTOPEN, 0, UINT16_MAX,
	  false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_USER_TIMEOUT, HOLM_TCP_OPT_USER_TIMEOUT_MS, 0,
	  INT32_MAX, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_CORK, HOLM_TCP_OPT_CORK, 0, 1, true },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_QUICKACK, HOLM_TCP_OPT_QUICKACK, 0, 1, true },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_WINDOW_CLAMP, HOLM_TCP_OPT_WINDOW_CLAMP, 0, INT32_MAX,
	  false },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_TTL, HOLM_TCP_OPT_TTL, 1, 255, false },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_TOS, HOLM_TCP_OPT_TOS, 0, 255, false },
};

static const struct mapping *find_mapping(int level, int name)
{
	for (size_t i = 0; i < ARRAY_LEN(mappings); i++)
		if (mappings[i].level == level && mappings[i].name == name)
			return &mappings[i];
	return NULL;
}

int inet_stream_set(struct holm_socket *s, int level, int name, int value)
{
	const struct mapping *m = find_mapping(level, name);

	if (!m)
		return level == HOLM_SOL_SOCKET ? 0 : -HOLM_ENOPROTOOPT;
	if (m->is_flag)
		value = value != 0;
	if (value < m->low || value > m->high)
		return -HOLM_EINVAL;
	return holm_tcp_set_option(inet_stream_of(s)->tcp, m->opt, (uint32_t)value);
}

int inet_stream_get(struct holm_socket *s, int level, int name, int *value)
{
	const struct stream *t = inet_stream_of(s);
	const struct mapping *m = find_mapping(level, name);
	uint32_t v;
	int err;

	if (!m)
		return -HOLM_ENOPROTOOPT;
	err = holm_tcp_get_option(t->tcp, m->opt, &v);
	if (m->opt == HOLM_TCP_OPT_MAXSEG && t->phase > LISTENING) {
		struct holm_tcp_info info;

		holm_tcp_get_info(t->tcp, &info);
		v = info.snd_mss;
	}
	if (!err)
		*value = (int)v;
	return err;
}

static bool is_stream(const struct holm_socket *s)
{
	return s->ops == &inet_stream_ops;
}

/* A name of less than TCP_CA_NAME_MAX bytes; as on Linux it need not end with a zero. */
int inet_stream_set_congestion(struct holm_socket *s, const void *value, uint32_t len)
{
	char name[CA_NAME_MAX];
	uint32_t n = 0;

	if (!is_stream(s))
		return -HOLM_EOPNOTSUPP;
	if (len < 1)
		return -HOLM_EINVAL;
	len = min_u32(len, CA_NAME_MAX - 1);
	memcpy(name, value, len);
	while (n < len && name[n])
		n++;
	return holm_tcp_set_congestion(inet_stream_of(s)->tcp, name, n);
}

int inet_stream_get_congestion(struct holm_socket *s, void *value, uint32_t *len)
{
	char name[CA_NAME_MAX] = { 0 };
	const char *has;

	if (!is_stream(s))
		return -HOLM_EOPNOTSUPP;
	has = holm_tcp_congestion(inet_stream_of(s)->tcp);
	for (size_t i = 0; i < CA_NAME_MAX - 1 && has[i]; i++)
		name[i] = has[i];
	*len = min_u32(*len, CA_NAME_MAX);
	if (*len > 0)
		memcpy(value, name, *len);
	return 0;
}

/* The first 104 bytes of Linux's struct tcp_info. */
struct tcp_info {
	uint8_t state, ca_state, retransmits, probes, backoff, options;
	uint8_t snd_wscale : 4, rcv_wscale : 4;
	uint8_t flags;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	uint32_t rcv_rtt, rcv_space, total_retrans;
};

enum { TCPI_OPT_TIMESTAMPS = 1, TCPI_OPT_SACK = 2, TCPI_OPT_WSCALE = 4 };

static uint32_t us(uint64_t ns)
{
	return (uint32_t)min_u64(ns / 1000, UINT32_MAX);
}

/* Linux counts these in segments. */
static uint32_t segments(uint32_t bytes, uint32_t mss)
{
	return bytes == UINT32_MAX || mss == 0 ? bytes : (bytes + mss - 1) / mss;
}

int inet_stream_get_info(struct holm_socket *s, void *value, uint32_t *len)
{
	struct tcp_info out = { 0 };
	struct holm_tcp_info in;

	if (!is_stream(s))
		return -HOLM_EOPNOTSUPP;
	holm_tcp_get_info(inet_stream_of(s)->tcp, &in);
	out.state = in.state;
	out.retransmits = in.retransmits;
	out.backoff = in.backoff;
	out.options = (uint8_t)((in.timestamps ? TCPI_OPT_TIMESTAMPS : 0) |
				(in.sack ? TCPI_OPT_SACK : 0) |
				(in.snd_wscale || in.rcv_wscale ? TCPI_OPT_WSCALE : 0));
	out.snd_wscale = in.snd_wscale & 15u;
	out.rcv_wscale = in.rcv_wscale & 15u;
	out.rto = us(in.rto_ns);
	out.snd_mss = in.snd_mss;
	out.rcv_mss = in.rcv_mss;
	out.unacked =
		in.state == HOLM_TCP_LISTEN ? in.rcv_queue : segments(in.in_flight, in.snd_mss);
	out.rtt = us(in.srtt_ns);
	out.rttvar = us(in.rttvar_ns);
	out.snd_ssthresh = segments(in.ssthresh_bytes, in.snd_mss);
	out.snd_cwnd = segments(in.cwnd_bytes, in.snd_mss);
	out.rcv_space = in.rcv_wnd;
	out.total_retrans = in.retrans_total;
	*len = min_u32(*len, sizeof(out));
	if (*len > 0)
		memcpy(value, &out, *len);
	return 0;
}
