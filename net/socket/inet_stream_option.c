/*
 * Options of a TCP socket: a table of which one is which of TCP's, and TCP_INFO as Linux lays it out.
 */
#include "net/socket/inet_stream.h"

#include "lib/mem.h"

/* Linux's TCP_CA_NAME_MAX */
#define CA_NAME_MAX 16u
/* What IP_TTL and TCP_LINGER2 are where nobody said, and the least TCP_WINDOW_CLAMP. */
#define TTL_DEFAULT 64
#define LINGER2_DEFAULT_S 60
#define LINGER2_MAX_S 120
#define DEFER_ACCEPT_MAX_S 32767
#define WINDOW_CLAMP_MIN 1152
/* Linux's TCP_MIN_MSS */
#define MAXSEG_MIN 88
/* Of IP_MTU_DISCOVER. */
enum { PMTUDISC_WANT = 1, PMTUDISC_DO = 2, PMTUDISC_LAST = 5 };
/* The congestion bits of IP_TOS and IPV6_TCLASS are TCP's own. */
#define ECN_MASK 3

bool inet_stream_is_listening(struct holm_socket *s)
{
	return s->ops->is_tcp && inet_stream_of_const(s)->phase == LISTENING;
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
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_MAXSEG, HOLM_TCP_OPT_MAXSEG, 0, 32767, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_KEEPIDLE, HOLM_TCP_OPT_KEEPIDLE_S, 1, 32767, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_KEEPINTVL, HOLM_TCP_OPT_KEEPINTVL_S, 1, 32767, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_KEEPCNT, HOLM_TCP_OPT_KEEPCNT, 1, 127, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_SYNCNT, HOLM_TCP_OPT_SYNCNT, 1, 127, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_NOTSENT_LOWAT, HOLM_TCP_OPT_NOTSENT_LOWAT, INT32_MIN,
	  INT32_MAX, false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_FASTOPEN_CONNECT, HOLM_TCP_OPT_FASTOPEN_CONNECT, 0, 1,
	  false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_LINGER2, HOLM_TCP_OPT_LINGER2_S, 1, LINGER2_MAX_S,
	  false },
	{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_DEFER_ACCEPT, HOLM_TCP_OPT_DEFER_ACCEPT_S, 0,
	  DEFER_ACCEPT_MAX_S, false },
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

/* What is the socket's own, not TCP's. False: nothing of that name. */
static bool has_own_flag(struct stream *t, int level, int name, bool **flag)
{
	if (level == HOLM_IPPROTO_TCP && name == HOLM_SOCKOPT_TCP_INQ)
		*flag = &t->inq;
	else if (level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_BIND_ADDRESS_NO_PORT)
		*flag = &t->addr_only;
	else if (level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_MULTICAST_LOOP)
		*flag = &t->group_loop;
	else if (level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_MULTICAST_ALL)
		*flag = &t->group_all;
	else if ((level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_FREEBIND) ||
		 (level == HOLM_IPPROTO_IPV6 && name == HOLM_SOCKOPT_IPV6_FREEBIND))
		*flag = &t->foreign;
	else
		return false;
	return true;
}

static int set_own(struct stream *t, bool *flag, int value)
{
	if ((flag == &t->inq || flag == &t->group_all) && (value < 0 || value > 1))
		return -HOLM_EINVAL;
	*flag = value != 0;
	return 0;
}

/*
 * What Linux takes of a stream as of datagrams, though it says nothing of streams: what is to come with each
 * packet, and that the path's MTU is looked for, which TCP always does.
 */
static int set_for_packets(struct stream *t, int name, int value)
{
	uint32_t company = inet_dgram_company(HOLM_IPPROTO_IP, name);

	if (company) {
		t->base.wants = value ? t->base.wants | company : t->base.wants & ~company;
		return 0;
	}
	if (name == HOLM_SOCKOPT_IP_MULTICAST_TTL || name == HOLM_SOCKOPT_IP_MULTICAST_IF)
		return -HOLM_EINVAL;
	if (name != HOLM_SOCKOPT_IP_MTU_DISCOVER)
		return -HOLM_ENOPROTOOPT;
	if (value < 0 || value > PMTUDISC_LAST)
		return -HOLM_EINVAL;
	if (value != PMTUDISC_WANT && value != PMTUDISC_DO)
		return -HOLM_ENOPROTOOPT;
	t->pmtu_do = value == PMTUDISC_DO;
	return 0;
}

static int get_for_packets(const struct stream *t, int name, int *value)
{
	uint32_t company = inet_dgram_company(HOLM_IPPROTO_IP, name);

	if (company)
		*value = (t->base.wants & company) != 0;
	else if (name == HOLM_SOCKOPT_IP_MULTICAST_TTL)
		*value = 1;
	else if (name == HOLM_SOCKOPT_IP_MTU_DISCOVER)
		*value = t->pmtu_do ? PMTUDISC_DO : PMTUDISC_WANT;
	else
		return -HOLM_ENOPROTOOPT;
	return 0;
}

/* Values that Linux takes for another one. */
static int meaning(enum holm_tcp_option opt, int value)
{
	switch (opt) {
	case HOLM_TCP_OPT_TTL:
		return value == -1 ? TTL_DEFAULT : value;
	case HOLM_TCP_OPT_TOS:
		return value & (int)UINT8_MAX & ~ECN_MASK;
	case HOLM_TCP_OPT_DEFER_ACCEPT_S:
		return value < 0 ? 0 : (int)min_u32((uint32_t)value, DEFER_ACCEPT_MAX_S);
	case HOLM_TCP_OPT_LINGER2_S:
		if (value == 0)
			return LINGER2_DEFAULT_S;
		return value > LINGER2_MAX_S ? LINGER2_MAX_S : value;
	case HOLM_TCP_OPT_WINDOW_CLAMP:
		return value != 0 && value < WINDOW_CLAMP_MIN ? WINDOW_CLAMP_MIN : value;
	default:
		return value;
	}
}

int inet_stream_set(struct holm_socket *s, int level, int name, int value)
{
	const struct mapping *m = find_mapping(level, name);
	struct stream *t = inet_stream_of(s);
	bool *own;
	int err;

	if (has_own_flag(t, level, name, &own))
		return set_own(t, own, value);
	if (!m && level == HOLM_IPPROTO_IP)
		return set_for_packets(t, name, value);
	if (!m)
		return level == HOLM_SOL_SOCKET ? 0 : -HOLM_ENOPROTOOPT;
	if (m->is_flag)
		value = value != 0;
	value = meaning(m->opt, value);
	if (value < m->low || value > m->high ||
	    (m->opt == HOLM_TCP_OPT_MAXSEG && value > 0 && value < MAXSEG_MIN))
		return -HOLM_EINVAL;
	/* As on Linux it is taken, and says nothing of a connection that is there. */
	if (m->opt == HOLM_TCP_OPT_MAXSEG && t->phase > LISTENING)
		return 0;
	err = holm_tcp_set_option(t->tcp, m->opt, (uint32_t)value);
	if (!err && m->opt == HOLM_TCP_OPT_NOTSENT_LOWAT)
		socket_set_unusual(&t->base, SOCKET_BELOW_MARK, value != 0);
	if (!err && m->opt == HOLM_TCP_OPT_FASTOPEN_CONNECT)
		t->defers = value != 0;
	return err;
}

/* Linux: bytes a second, ~0 for no limit, which is also what nobody has set; an int, or 64 bits. */
int inet_stream_set_bytes(struct holm_socket *s, int level, int name, const void *value,
			  uint32_t len)
{
	uint64_t rate;
	uint32_t word;

	if (level != HOLM_SOL_SOCKET || name != HOLM_SO_MAX_PACING_RATE)
		return -HOLM_ENOPROTOOPT;
	if (len < sizeof(word))
		return -HOLM_EINVAL;
	memcpy(&word, value, sizeof(word));
	rate = word;
	if (len >= sizeof(rate))
		memcpy(&rate, value, sizeof(rate));
	if (rate >= UINT32_MAX)
		rate = 0;
	return holm_tcp_set_option(inet_stream_of(s)->tcp, HOLM_TCP_OPT_MAX_PACING_RATE,
				   (uint32_t)rate);
}

int inet_stream_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len)
{
	uint64_t rate = UINT64_MAX;
	uint32_t word;
	int err;

	if (level != HOLM_SOL_SOCKET || name != HOLM_SO_MAX_PACING_RATE)
		return -HOLM_ENOPROTOOPT;
	err = holm_tcp_get_option(inet_stream_of(s)->tcp, HOLM_TCP_OPT_MAX_PACING_RATE, &word);
	if (err)
		return err;
	if (word)
		rate = word;
	else
		word = UINT32_MAX;
	return *len >= sizeof(rate) ? socket_put_option(&rate, sizeof(rate), value, len)
				    : socket_put_option(&word, sizeof(word), value, len);
}

int inet_stream_path_mtu(const struct stream *t, int *value)
{
	struct holm_tcp_info info;

	if (t->phase <= LISTENING)
		return -HOLM_ENOTCONN;
	holm_tcp_get_info(t->tcp, &info);
	*value = (int)info.path_mtu;
	return info.path_mtu ? 0 : -HOLM_ENOTCONN;
}

int inet_stream_get(struct holm_socket *s, int level, int name, int *value)
{
	struct stream *t = inet_stream_of(s);
	const struct mapping *m = find_mapping(level, name);
	bool *own;
	uint32_t v;
	int err;

	if (has_own_flag(t, level, name, &own)) {
		*value = *own;
		return 0;
	}
	if (level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_MTU)
		return inet_stream_path_mtu(t, value);
	if (!m && level == HOLM_IPPROTO_IP)
		return get_for_packets(t, name, value);
	if (!m)
		return level == HOLM_IPPROTO_TCP || level == HOLM_SOL_SOCKET ? -HOLM_ENOPROTOOPT
									     : -HOLM_EOPNOTSUPP;
	err = holm_tcp_get_option(t->tcp, m->opt, &v);
	/* MSG_FASTOPEN is not said here. */
	if (m->opt == HOLM_TCP_OPT_FASTOPEN_CONNECT)
		v = t->defers;
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
	return s->ops->is_tcp;
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

/* Linux's struct tcp_info up to tcpi_rehash. What is not known is zero. */
struct tcp_info {
	uint8_t state, ca_state, retransmits, probes, backoff, options;
	uint8_t snd_wscale : 4, rcv_wscale : 4;
	uint8_t flags;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	uint32_t rcv_rtt, rcv_space, total_retrans;
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, bytes_retrans;
	uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd, rcv_wnd, rehash;
};

_Static_assert(offsetof(struct tcp_info, rto) == 8 && offsetof(struct tcp_info, unacked) == 24 &&
		       offsetof(struct tcp_info, pmtu) == 60 &&
		       offsetof(struct tcp_info, total_retrans) == 100 &&
		       offsetof(struct tcp_info, pacing_rate) == 104 &&
		       offsetof(struct tcp_info, notsent_bytes) == 144 &&
		       offsetof(struct tcp_info, delivery_rate) == 160 &&
		       offsetof(struct tcp_info, delivered) == 192 &&
		       offsetof(struct tcp_info, bytes_sent) == 200 &&
		       offsetof(struct tcp_info, snd_wnd) == 228 && sizeof(struct tcp_info) == 240,
	       "as Linux lays it out");

enum {
	TCPI_OPT_TIMESTAMPS = 1,
	TCPI_OPT_SACK = 2,
	TCPI_OPT_WSCALE = 4,
	TCPI_OPT_ECN = 8,
	TCPI_OPT_ECN_SEEN = 16,
	TCPI_OPT_SYN_DATA = 32
};

static uint32_t us(uint64_t ns)
{
	return (uint32_t)min_u64(ns / 1000, UINT32_MAX);
}

/* Linux counts these in segments. */
static uint32_t segments(uint32_t bytes, uint32_t mss)
{
	return bytes == UINT32_MAX || mss == 0 ? bytes : (bytes + mss - 1) / mss;
}

static uint8_t info_options(const struct holm_tcp_info *in)
{
	unsigned options = 0;

	options |= in->timestamps ? TCPI_OPT_TIMESTAMPS : 0u;
	options |= in->sack ? TCPI_OPT_SACK : 0u;
	options |= in->snd_wscale || in->rcv_wscale ? TCPI_OPT_WSCALE : 0u;
	options |= in->ecn ? TCPI_OPT_ECN : 0u;
	options |= in->ecn_seen ? TCPI_OPT_ECN_SEEN : 0u;
	options |= in->fast_data ? TCPI_OPT_SYN_DATA : 0u;
	return (uint8_t)options;
}

/* What Linux has behind the fields that everybody knows. */
static void fill_info_rest(struct tcp_info *out, const struct holm_tcp_info *in)
{
	out->ca_state = in->phase;
	out->probes = in->probes;
	out->sacked = segments(in->sacked_bytes, in->snd_mss);
	out->lost = segments(in->lost_bytes, in->snd_mss);
	out->last_data_recv = (uint32_t)min_u64(in->idle_rx_ns / 1000000, UINT32_MAX);
	out->last_ack_recv = out->last_data_recv;
	out->pmtu = in->path_mtu;
	out->advmss = in->advertised_mss;
	out->rcv_ssthresh = in->rcv_wnd;
	out->reordering = 3;
	out->pacing_rate = in->pacing_rate ? in->pacing_rate : UINT64_MAX;
	out->max_pacing_rate = in->max_pacing_rate ? in->max_pacing_rate : UINT64_MAX;
	out->notsent_bytes = in->not_sent_bytes;
	out->min_rtt = in->min_rtt_ns ? us(in->min_rtt_ns) : UINT32_MAX;
	out->snd_wnd = in->snd_wnd;
	out->rcv_wnd = in->rcv_wnd;
}

/* Of data: Linux counts a SYN and a FIN as a byte each. */
static void fill_info_bytes(struct tcp_info *out, const struct holm_tcp_info *in,
			    const struct stream *t)
{
	uint64_t under_way = min_u64((uint64_t)in->in_flight + in->not_sent_bytes, in->snd_queue);

	if (!t->rings)
		return;
	/* After a reset nobody knows what had arrived. */
	if (in->state != HOLM_TCP_CLOSED)
		out->bytes_acked = rings_written_bytes(t->rings) - under_way;
	out->bytes_received = rings_read_bytes(t->rings) + inet_stream_unread(t);
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
	out.options = info_options(&in);
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
	fill_info_rest(&out, &in);
	fill_info_bytes(&out, &in, inet_stream_of(s));
	return socket_put_option(&out, sizeof(out), value, len);
}
