/*
 * A TCP connection with its state: a sequence of segments, moments and calls of the user, with
 * checksums and sequence numbers made to fit, so that what is tried is the state machine and not the
 * parser. peer.h checks everything that the instance sends, acknowledges and hands to its user; at the
 * end all memory and all frames must have come back.
 */
#include <holm/socket.h>

#include "net/wire/icmp4.h"
#include "net/wire/icmp6.h"
#include "net/wire/ip4.h"
#include "tests/fuzz/peer.h"

#define MS 1000000ull
#define SECOND 1000000000ull

enum {
	STEPS_MAX = 200,
	WRITE_MAX = 1 << 16,
	TSO_FEATURES = HOLM_DEV_TX_CSUM | HOLM_DEV_RX_CSUM | HOLM_DEV_TSO4 | HOLM_DEV_TSO6,
};

struct world {
	struct stage stage;
	struct peer peer;
	struct holm_socket *listener, *conn;
	struct fuzz_input in;
	uint32_t ts;
};

static struct world world;

static const struct holm_proto *const protos[] = {
	&holm_arp, &holm_ipv4, HOLM_IP_PARTS,  &holm_icmp4,   &holm_ipv6,     &holm_icmp6, &holm_nd,
	&holm_udp, &holm_tcp,  HOLM_TCP_PARTS, &holm_sockets, &holm_sockets6, NULL,
};

static int domain(const struct world *w)
{
	return w->stage.ip6 ? HOLM_AF_INET6 : HOLM_AF_INET;
}

struct name {
	union {
		struct holm_sockaddr_in in;
		struct holm_sockaddr_in6 in6;
	} addr;
	uint32_t len;
};

/* The wildcard, or the peer. */
static struct name name_of(const struct world *w, bool peer, uint16_t port)
{
	struct name name = { .len = sizeof(name.addr.in) };
	struct holm_addr peer6 = stage_addr6(2);

	if (w->stage.ip6) {
		name.len = sizeof(name.addr.in6);
		name.addr.in6 = (struct holm_sockaddr_in6){ .family = HOLM_AF_INET6 };
		store_be16(name.addr.in6.port, port);
		memcpy(name.addr.in6.addr, peer6.b, peer ? sizeof(peer6.b) : 0);
		return name;
	}
	name.addr.in.family = HOLM_AF_INET;
	store_be16(name.addr.in.port, port);
	store_be32(name.addr.in.addr, peer ? STAGE_PEER : 0);
	return name;
}

/* ---- how it begins ---- */

static struct tcp_hdr_info syn_options(struct peer *p, uint8_t choice, uint8_t more)
{
	static const uint16_t mss[] = { 1460, 536, 100, 8960 };
	struct tcp_hdr_info o = {
		.has_mss = true,
		.mss = mss[more & 3],
		.has_ts = choice & 1,
		.tsval = 1,
		.sack_permitted = (choice & 2) != 0,
		.has_wscale = (choice & 4) != 0,
		.wscale = (uint8_t)((more >> 2) % 15),
	};

	p->has_ts = o.has_ts;
	return o;
}

static void listen_and_accept(struct world *w, const struct tcp_hdr_info *options)
{
	struct name self = name_of(w, false, SELF_PORT);

	if (holm_socket_open(w->stage.net, domain(w), HOLM_SOCK_STREAM, 0, NULL, &w->listener) != 0)
		return;
	CHECK(holm_socket_bind(w->listener, &self.addr, self.len) == 0);
	CHECK(holm_socket_listen(w->listener, 4) == 0);
	w->peer.self_port = SELF_PORT;
	peer_open(&w->peer, options);
	(void)holm_socket_accept(w->listener, NULL, NULL, NULL, &w->conn);
}

static void connect_out(struct world *w, const struct tcp_hdr_info *options)
{
	struct name to = name_of(w, true, PEER_PORT);

	if (holm_socket_open(w->stage.net, domain(w), HOLM_SOCK_STREAM, 0, NULL, &w->conn) != 0)
		return;
	CHECK(holm_socket_connect(w->conn, &to.addr, to.len) == -HOLM_EINPROGRESS);
	stage_settle(&w->stage);
	peer_answer(&w->peer, options);
}

static void begin(struct world *w)
{
	static const uint32_t iss[] = { 1000, 0xfffffff0, 0x7ffffff0, 0xffff8000 };
	uint8_t choice = fuzz_u8(&w->in), more = fuzz_u8(&w->in), third = fuzz_u8(&w->in);
	struct stage_options o = {
		.protos = protos,
		.features = choice & 8 ? TSO_FEATURES : 0,
		.frames = choice & 16 ? 40 : 200,
		.mtu = choice & 32 ? (third & 32 ? 1280 : 576) : 1500,
		.ip6 = (third & 32) != 0,
	};
	struct holm_config config;
	struct tcp_hdr_info options;
	int on = 1;

	holm_config_default(&config);
	config.tcp_rcvbuf_bytes = third & 4 ? 4096 : 65536;
	config.tcp_sndbuf_bytes = third & 8 ? 4096 : 65536;
	o.config = &config;
	w->stage.sent = peer_see;
	w->stage.ctx = &w->peer;
	w->peer = (struct peer){ .stage = &w->stage,
				 .iss = iss[third & 3],
				 .checks_sums = o.features == 0 };
	stage_init(&w->stage, &o);
	stage_introduce(&w->stage);
	options = syn_options(&w->peer, choice, more);
	if (choice & 64)
		connect_out(w, &options);
	else
		listen_and_accept(w, &options);
	if (third & 16)
		w->peer.takes_urgent_out = true;
	else if (w->conn)
		CHECK(holm_socket_setsockopt(w->conn, HOLM_SOL_SOCKET, HOLM_SO_OOBINLINE, &on,
					     sizeof(on)) == 0);
}

/* ---- what the peer does ---- */

static uint32_t near_number(struct world *w, unsigned how, uint32_t base)
{
	switch (how & 3) {
	case 0:
		return base;
	case 1:
		return base + (uint32_t)(int8_t)fuzz_u8(&w->in);
	case 2:
		return base + (uint32_t)((int16_t)fuzz_u16(&w->in) * 4);
	default:
		return fuzz_u32(&w->in);
	}
}

static size_t some_length(struct world *w, unsigned how)
{
	switch (how & 3) {
	case 0:
		return 0;
	case 1:
		return fuzz_u8(&w->in);
	case 2:
		return 1400;
	default:
		return fuzz_u16(&w->in) % 3000;
	}
}

static uint16_t some_window(struct world *w, unsigned how)
{
	switch (how & 3) {
	case 0:
		return 65535;
	case 1:
		return 0;
	case 2:
		return fuzz_u16(&w->in);
	default:
		return fuzz_u8(&w->in);
	}
}

static void add_options(struct world *w, struct tcp_hdr_info *info)
{
	struct peer *p = &w->peer;
	uint8_t how = fuzz_u8(&w->in);
	uint32_t una = p->self_iss + 1;

	info->has_ts = how & 1 ? !p->has_ts : p->has_ts;
	info->tsval = how & 2 ? near_number(w, how >> 2, w->ts) : w->ts;
	info->tsecr = how & 16 ? fuzz_u32(&w->in) : p->ts_recent;
	if (info->flags & TCP_SYN)
		return;
	info->nsack = how >> 6;
	for (unsigned i = 0; i < info->nsack; i++) {
		info->sack[i].left = una + fuzz_u16(&w->in);
		info->sack[i].right = info->sack[i].left + fuzz_u16(&w->in) % 6000;
	}
}

/* A segment whose numbers are near those that would be right; zeros are the ACK of everything. */
static void send_segment(struct world *w)
{
	struct peer *p = &w->peer;
	uint8_t numbers = fuzz_u8(&w->in), flags = fuzz_u8(&w->in);
	struct tcp_hdr_info info = {
		.flags = flags ^ TCP_ACK,
		.seq = near_number(w, numbers, p->iss + 1 + (uint32_t)p->acked),
		.ack = near_number(w, numbers >> 2, p->self_iss + 1 + (uint32_t)p->sent_max),
		.wnd = some_window(w, numbers >> 4),
	};
	size_t len = some_length(w, numbers >> 6);

	if (flags & TCP_URG)
		info.urg = fuzz_u16(&w->in);
	add_options(w, &info);
	peer_send(p, &info, len, flags & TCP_PSH ? fuzz_u8(&w->in) * 8u : 0);
}

/* Bytes in order and an acknowledgement: what keeps a connection going. */
static void send_well(struct world *w)
{
	struct peer *p = &w->peer;
	struct tcp_hdr_info info = {
		.flags = TCP_ACK,
		.seq = p->iss + 1 + (uint32_t)p->acked,
		.ack = p->self_iss + 1 + (uint32_t)p->sent_max,
		.wnd = 65535,
		.has_ts = p->has_ts,
		.tsval = ++w->ts,
		.tsecr = p->ts_recent,
	};

	peer_send(p, &info, some_length(w, fuzz_u8(&w->in)), 0);
}

/* The ports and the number of a segment that may have been sent: what an error quotes. */
static void quote(struct world *w, uint8_t *out)
{
	store_be16(out, w->peer.self_port);
	store_be16(out + 2, PEER_PORT);
	store_be32(out + 4,
		   near_number(w, fuzz_u8(&w->in), w->peer.self_iss + (uint32_t)w->peer.sent_max));
}

/* Types and codes of ICMPv6 are others; the MTU has 32 bits. */
static void send_error6(struct world *w)
{
	struct icmp6_info icmp = { .type = fuzz_u8(&w->in) & 1 ? ICMP6_TOO_BIG
							       : fuzz_u8(&w->in) & 131,
				   .code = fuzz_u8(&w->in) & 7,
				   .value = fuzz_u16(&w->in) };
	struct ip6_info ip = { .src = stage_addr6(1),
			       .dst = stage_addr6(2),
			       .payload_len = 1400,
			       .next = IP6_PROTO_TCP,
			       .hop_limit = 64 };
	uint8_t frame[STAGE_L4_IP6 + ICMP6_HDR_BYTES + IP6_HDR_BYTES + 8];
	uint8_t *quoted = frame + STAGE_L4_IP6 + ICMP6_HDR_BYTES;

	icmp6_build(frame + STAGE_L4_IP6, &icmp);
	ip6_build(quoted, &ip);
	quote(w, quoted + IP6_HDR_BYTES);
	stage_ip6(frame, IP6_PROTO_ICMP, sizeof(frame) - STAGE_L4_IP6);
	stage_receive(&w->stage, frame, sizeof(frame), 0, HOLM_CSUM_NONE);
	stage_settle(&w->stage);
}

static void send_error4(struct world *w)
{
	struct icmp4_info icmp = { .type = fuzz_u8(&w->in) & 1 ? ICMP4_UNREACHABLE
							       : fuzz_u8(&w->in),
				   .code = fuzz_u8(&w->in) & 15,
				   .next_mtu = fuzz_u16(&w->in) };
	struct ip4_info ip = { .src = STAGE_SELF,
			       .dst = STAGE_PEER,
			       .total_len = 1500,
			       .ttl = 64,
			       .proto = IP4_PROTO_TCP };
	uint8_t frame[128], *quoted = frame + 34 + ICMP4_HDR_BYTES;
	size_t len = ICMP4_HDR_BYTES + IP4_HDR_BYTES + 8;

	icmp4_build(frame + 34, &icmp);
	ip4_build(quoted, &ip);
	quote(w, quoted + IP4_HDR_BYTES);
	stage_sum(frame, IP4_PROTO_ICMP, len);
	stage_receive(&w->stage, frame, stage_ip4(frame, IP4_PROTO_ICMP, len), 0, HOLM_CSUM_NONE);
	stage_settle(&w->stage);
}

/* An ICMP error about a segment that may have been sent. */
static void send_error(struct world *w)
{
	if (w->stage.ip6)
		send_error6(w);
	else
		send_error4(w);
}

/* ---- what the user does ---- */

static void write_some(struct world *w)
{
	static uint8_t data[WRITE_MAX];
	struct holm_iov iov = { data, (size_t)fuzz_u8(&w->in) * 64 + 1 };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };
	uint64_t at = w->peer.written;
	int64_t n;

	if (!w->conn)
		return;
	for (size_t i = 0; i < iov.len; i++)
		data[i] = peer_self_byte(at + i);
	/* What is accepted may be sent before we are told how much it was. */
	w->peer.written += iov.len;
	n = holm_socket_sendmsg(w->conn, &msg, HOLM_MSG_NOSIGNAL);
	CHECK(n <= (int64_t)iov.len);
	w->peer.written = at + (n > 0 ? (uint64_t)n : 0);
	stage_settle(&w->stage);
}

/* Up to `max` bytes; what would block or has failed reads none. */
static void read_some(struct world *w, size_t max)
{
	static uint8_t data[WRITE_MAX];
	struct holm_iov iov = { data, max < sizeof(data) ? max : sizeof(data) };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };
	int64_t n;

	if (!w->conn)
		return;
	n = holm_socket_recvmsg(w->conn, &msg, 0);
	if (n > 0)
		peer_check_read(&w->peer, data, (size_t)n);
	stage_settle(&w->stage);
}

static void shut(struct world *w)
{
	if (!w->conn)
		return;
	w->peer.has_shut = true;
	(void)holm_socket_shutdown(w->conn,
				   fuzz_u8(&w->in) % 8 == 0 ? HOLM_SHUT_RDWR : HOLM_SHUT_WR);
	stage_settle(&w->stage);
}

static void close_conn(struct world *w, bool at_once)
{
	struct holm_linger linger = { 1, 0 };

	if (!w->conn)
		return;
	if (at_once)
		(void)holm_socket_setsockopt(w->conn, HOLM_SOL_SOCKET, HOLM_SO_LINGER, &linger,
					     sizeof(linger));
	w->peer.has_left = true;
	holm_socket_close(w->conn);
	w->conn = NULL;
	stage_settle(&w->stage);
}

static void set_option(struct world *w)
{
	static const struct {
		int level, name;
	} options[] = {
		{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_NODELAY },
		{ HOLM_IPPROTO_TCP, 3 /* TCP_CORK */ },
		{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_USER_TIMEOUT },
		{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_KEEPIDLE },
		{ HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_KEEPINTVL },
		{ HOLM_SOL_SOCKET, HOLM_SO_KEEPALIVE },
		{ HOLM_SOL_SOCKET, HOLM_SO_RCVBUF },
		{ HOLM_SOL_SOCKET, HOLM_SO_SNDBUF },
	};
	static const char *const controllers[] = { "reno", "cubic", "bbr" };
	uint8_t which = fuzz_u8(&w->in);
	int value = fuzz_u16(&w->in);
	const char *name = controllers[value % 3];

	if (!w->conn)
		return;
	if (which % 9 == 8)
		(void)holm_socket_setsockopt(w->conn, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_CONGESTION,
					     name, (uint32_t)strlen(name));
	else
		(void)holm_socket_setsockopt(w->conn, options[which % 9].level,
					     options[which % 9].name, &value, sizeof(value));
	stage_settle(&w->stage);
}

/* ---- all of it ---- */

static void pass_time(struct world *w)
{
	uint8_t how = fuzz_u8(&w->in);
	uint64_t units = how >> 2;

	switch (how & 3) {
	case 0:
		stage_pass(&w->stage, units * MS / 10, 10);
		break;
	case 1:
		stage_pass(&w->stage, units * 10 * MS, 20);
		break;
	case 2:
		stage_pass(&w->stage, units * SECOND, 20);
		break;
	default:
		stage_pass(&w->stage, units * 60 * SECOND, 40);
		break;
	}
	w->ts += (uint32_t)units;
}

static void drain_events(struct world *w)
{
	struct holm_event ev;
	unsigned n = 0;

	while (holm_net_next_event(w->stage.net, &ev))
		CHECK(n++ < 1000);
}

static void step(struct world *w)
{
	uint8_t op = fuzz_u8(&w->in);

	switch (op & 15) {
	case 0:
	case 1:
	case 2:
	case 3:
		send_segment(w);
		break;
	case 4:
	case 5:
		send_well(w);
		break;
	case 6:
	case 7:
		write_some(w);
		break;
	case 8:
		read_some(w, op & 16 ? WRITE_MAX : fuzz_u8(&w->in));
		break;
	case 9:
	case 10:
		pass_time(w);
		break;
	case 11:
		send_error(w);
		break;
	case 12:
		set_option(w);
		break;
	case 13:
		w->stage.is_blocked = op & 16;
		if (!w->stage.is_blocked)
			holm_net_tx_ready(w->stage.net, &w->stage.dev);
		stage_settle(&w->stage);
		break;
	case 14:
		w->stage.refuses_memory = op & 16;
		break;
	default:
		if (op & 128)
			close_conn(w, op & 64);
		else
			shut(w);
		break;
	}
	drain_events(w);
}

static void end(struct world *w)
{
	w->stage.refuses_memory = false;
	w->stage.is_blocked = false;
	holm_net_tx_ready(w->stage.net, &w->stage.dev);
	for (unsigned i = 0; w->conn && i < 4; i++)
		read_some(w, WRITE_MAX);
	close_conn(w, false);
	if (w->listener)
		holm_socket_close(w->listener);
	w->listener = NULL;
	stage_pass(&w->stage, 300 * SECOND, 100);
	drain_events(w);
	stage_fini(&w->stage);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct world *w = &world;

	w->in = (struct fuzz_input){ data, size };
	w->listener = w->conn = NULL;
	w->ts = 1;
	begin(w);
	for (unsigned i = 0; i < STEPS_MAX && w->in.n > 0; i++)
		step(w);
	end(w);
	return 0;
}
