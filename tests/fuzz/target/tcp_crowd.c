/*
 * Several established connections of several hosts, and batches of frames for all of them: in order or
 * nearly, some twice, with a header changed, or with a checksum that does not hold. Each stream has bytes
 * of its own, so what is read of a connection, and what is acknowledged, says whether a segment came to
 * whom it was for.
 */
#include <holm/socket.h>

#include "lib/checksum.h"
#include "net/wire/arp.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"
#include "net/wire/nd.h"
#include "net/wire/tcp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage.h"

#define SECOND 1000000000ull

enum {
	CONNS = 6,
	HOSTS = 3, /* 2, 3 and 4 */
	STEPS_MAX = 60,
	PORT = 80,
	FIRST_PORT = 4000,
	TEXT_MAX = 1400,
	FRAME_BYTES = STAGE_L4_IP6 + TCP_HDR_MAX + TEXT_MAX,
};

/* The far end of a connection. */
struct far {
	uint32_t iss, self_iss, tsval, ts_recent;
	uint32_t nxt;	   /* position of what it sends next; bytes of its stream begin with 0 */
	uint32_t furthest; /* position behind all that it has sent, FIN included */
	uint32_t seen;	   /* position behind what it has seen of the instance's */
	uint32_t read;	   /* by the program */
	bool has_ts, is_open;
	struct holm_socket *socket;
};

struct world {
	struct stage stage;
	struct holm_socket *listener;
	struct far far[CONNS];
	struct fuzz_input in;
};

static struct world world;

static const struct holm_proto *const protos[] = {
	&holm_arp, &holm_ipv4, HOLM_IP_PARTS,  &holm_icmp4,   &holm_ipv6,     &holm_icmp6, &holm_nd,
	&holm_udp, &holm_tcp,  HOLM_TCP_PARTS, &holm_sockets, &holm_sockets6, NULL,
};

static uint8_t byte_of(unsigned conn, uint32_t position)
{
	return (uint8_t)(position * 3 ^ position >> 8 ^ conn * 41);
}

static uint8_t host_of(unsigned conn)
{
	return (uint8_t)(2 + conn % HOSTS);
}

static uint16_t port_of(unsigned conn)
{
	return (uint16_t)(FIRST_PORT + conn / HOSTS);
}

/* ---- What the instance sends --------------------------------------------------------------------- */

static void see_segment(struct world *w, unsigned host, const struct tcp_hdr_info *info, size_t len)
{
	unsigned conn = host - 2 + (info->dport - FIRST_PORT) * HOSTS;
	struct far *far;

	if (host < 2 || info->dport < FIRST_PORT || conn >= CONNS || (info->flags & TCP_RST))
		return;
	far = &w->far[conn];
	if (info->flags & TCP_SYN) {
		/* Not the first, where a changed header has made another connection of it. */
		if (!far->is_open)
			far->self_iss = info->seq;
		return;
	}
	if (!far->is_open || info->seq - far->self_iss - 1 > 1u << 24)
		return;
	if (info->has_ts)
		far->ts_recent = info->tsval;
	CHECK(info->ack - far->iss - 1 <= far->furthest);
	if (info->seq + len - far->self_iss - 1 > far->seen)
		far->seen = info->seq + (uint32_t)len - far->self_iss - 1;
}

static void see(void *ctx, const uint8_t *frame, size_t len)
{
	struct world *w = ctx;
	bool ip6 = load_be16(frame + 12) == ETH_TYPE_IP6;
	size_t at = ip6 ? STAGE_L4_IP6 : STAGE_L4_IP4;
	struct tcp_hdr_info info;
	enum holm_drop why;

	if (len < at + TCP_HDR_BYTES || frame[ETH_HDR_BYTES + (ip6 ? 6 : 9)] != IP4_PROTO_TCP)
		return;
	CHECK(tcp_parse(frame + at, len - at, &info, &why));
	see_segment(w, frame[at - 1], &info, len - at - info.hdr_len);
}

/* ---- What it is given ---------------------------------------------------------------------------- */

/* Ethernet and IP in front of `len` bytes of TCP from this host; nothing is summed. */
static size_t put_headers(const struct world *w, uint8_t *frame, uint8_t host, size_t len)
{
	struct holm_addr src = stage_addr6(host), dst = stage_addr6(1);

	if (w->stage.ip6)
		return stage_ip6_between(frame, &src, &dst, IP6_PROTO_TCP, len);
	(void)stage_ip4(frame, IP4_PROTO_TCP, len);
	frame[ETH_HDR_BYTES + 15] = host;
	return STAGE_L4_IP4 + len;
}

static void seal(const struct world *w, uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + ETH_HDR_BYTES, *l4 = frame + stage_l4(&w->stage);
	size_t l4_len = len - stage_l4(&w->stage);
	size_t ends = w->stage.ip6 ? 32 : 8;
	uint32_t sum = checksum_partial(l4 - ends, ends, IP4_PROTO_TCP + (uint32_t)l4_len);

	if (!w->stage.ip6) {
		store_be16(ip + 10, 0);
		store_be16(ip + 10, checksum_finish(checksum_20(ip, 0)));
	}
	store_be16(l4 + TCP_CSUM_OFFSET, 0);
	store_be16(l4 + TCP_CSUM_OFFSET, checksum_finish(checksum_partial(l4, l4_len, sum)));
}

static struct tcp_hdr_info header_of(const struct world *w, unsigned conn)
{
	const struct far *far = &w->far[conn];

	return (struct tcp_hdr_info){
		.sport = port_of(conn),
		.dport = PORT,
		.seq = far->iss + 1 + far->nxt,
		.ack = far->self_iss + 1 + far->seen,
		.flags = TCP_ACK,
		.wnd = 65535,
		.has_ts = far->has_ts,
		.tsval = far->tsval,
		.tsecr = far->ts_recent,
	};
}

/* The frame of a segment with `len` bytes of text from this position on. */
static size_t put_segment(struct world *w, uint8_t *frame, unsigned conn, struct tcp_hdr_info *info,
			  uint32_t position, size_t len)
{
	uint8_t *l4 = frame + stage_l4(&w->stage);
	size_t hdr_len = tcp_build(l4, info);
	size_t n;

	for (size_t i = 0; i < len; i++)
		l4[hdr_len + i] = byte_of(conn, position + (uint32_t)i);
	n = put_headers(w, frame, host_of(conn), hdr_len + len);
	seal(w, frame, n);
	return n;
}

/* Another bit in a header, but for those of the sequence number, whose text would be wrong there. */
static void change_header(struct world *w, uint8_t *frame, size_t len)
{
	size_t at = 6 + fuzz_u8(&w->in) % (stage_l4(&w->stage) + TCP_HDR_BYTES - 6);
	size_t seq = stage_l4(&w->stage) + 4;
	bool sealed = fuzz_u8(&w->in) & 1;

	/* What its length says, and where text begins, shifts it, too. */
	if ((sealed && at >= seq && at < seq + 4) || at == seq + 8 || at == seq + 9)
		return;
	frame[at] ^= (uint8_t)(1u << fuzz_u8(&w->in) % 8);
	if (sealed)
		seal(w, frame, len);
}

static void hold_segment(struct world *w, uint8_t op)
{
	unsigned conn = fuzz_u8(&w->in) % CONNS;
	struct far *far = &w->far[conn];
	struct tcp_hdr_info info = header_of(w, conn);
	size_t len = op & 8 ? fuzz_u8(&w->in) : op & 16 ? TEXT_MAX : 0;
	uint32_t position = far->nxt;
	uint8_t frame[FRAME_BYTES];

	if (!far->is_open)
		return;
	/* Before, or behind a gap. */
	if ((op & 7) == 1)
		position += (uint32_t)(int8_t)fuzz_u8(&w->in) * 100;
	if ((op & 7) == 2)
		info.flags |= TCP_FIN;
	if ((op & 7) == 3)
		info.flags |= fuzz_u8(&w->in) & (TCP_PSH | TCP_RST | TCP_ECE | TCP_CWR);
	/* Before the beginning of the stream there is none. */
	if ((int32_t)position < 0)
		position = 0;
	info.seq = far->iss + 1 + position;
	if (position + len + 1 > far->furthest)
		far->furthest = position + (uint32_t)len + ((info.flags & TCP_FIN) != 0);
	if ((op & 7) != 1)
		far->nxt = position + (uint32_t)len;
	len = put_segment(w, frame, conn, &info, position, len);
	if ((op & 7) == 4)
		change_header(w, frame, len);
	stage_hold(&w->stage, frame, len, op & 32 ? 60 + fuzz_u8(&w->in) : 0);
	if ((op & 7) == 5)
		stage_hold(&w->stage, frame, len, 0);
}

static void deliver(struct world *w)
{
	stage_receive_held(&w->stage);
	stage_settle(&w->stage);
}

/* ---- How it begins ------------------------------------------------------------------------------- */

static void introduce(struct world *w, uint8_t host)
{
	struct holm_mac mac = { { 2, 0, 0, 0, 0, 2 } };
	struct holm_addr src = stage_addr6(host), self = stage_addr6(1);
	struct eth_info eth = { .dst = eth_broadcast(), .src = mac, .type = ETH_TYPE_ARP };
	struct arp_info arp = { .op = ARP_REQUEST,
				.sender_mac = mac,
				.sender = STAGE_SELF - 1 + host,
				.target = STAGE_SELF };
	uint8_t frame[STAGE_L4_IP6 + ND_SENT_MAX] = { 0 };
	size_t len = ETH_FRAME_MIN;

	if (w->stage.ip6) {
		len = nd_build_solicit(frame + STAGE_L4_IP6, &self, &mac, NULL);
		len = stage_ip6_between(frame, &src, &self, IP6_PROTO_ICMP, len);
	} else {
		eth_build(frame, &eth);
		arp_build(frame + ETH_HDR_BYTES, &arp);
	}
	stage_receive(&w->stage, frame, len, 0, HOLM_CSUM_NONE);
	stage_settle(&w->stage);
}

static void open_listener(struct world *w)
{
	struct holm_sockaddr_in any = { .family = HOLM_AF_INET };
	struct holm_sockaddr_in6 any6 = { .family = HOLM_AF_INET6 };
	bool ip6 = w->stage.ip6;
	int domain = ip6 ? HOLM_AF_INET6 : HOLM_AF_INET;
	const void *name = ip6 ? (const void *)&any6 : &any;

	store_be16(any.port, PORT);
	store_be16(any6.port, PORT);
	CHECK(holm_socket_open(w->stage.net, domain, HOLM_SOCK_STREAM, 0, NULL, &w->listener) == 0);
	CHECK(holm_socket_bind(w->listener, name, ip6 ? sizeof(any6) : sizeof(any)) == 0);
	CHECK(holm_socket_listen(w->listener, CONNS) == 0);
}

static void open_conn(struct world *w, unsigned conn)
{
	struct far *far = &w->far[conn];
	struct tcp_hdr_info info = { .sport = port_of(conn),
				     .dport = PORT,
				     .seq = far->iss,
				     .flags = TCP_SYN,
				     .wnd = 65535,
				     .has_mss = true,
				     .mss = 1460,
				     .has_ts = far->has_ts,
				     .tsval = far->tsval,
				     .sack_permitted = conn % 2 };
	uint8_t frame[FRAME_BYTES];

	stage_receive(&w->stage, frame, put_segment(w, frame, conn, &info, 0, 0), 0,
		      HOLM_CSUM_NONE);
	stage_settle(&w->stage);
	far->is_open = true;
	info = header_of(w, conn);
	stage_receive(&w->stage, frame, put_segment(w, frame, conn, &info, 0, 0), 0,
		      HOLM_CSUM_NONE);
	stage_settle(&w->stage);
	CHECK(holm_socket_accept(w->listener, NULL, NULL, NULL, &far->socket) == 0);
}

static void begin(struct world *w)
{
	uint8_t choice = fuzz_u8(&w->in), stamped = fuzz_u8(&w->in);
	struct stage_options o = { .protos = protos, .frames = 200, .ip6 = choice & 1 };

	w->stage.sent = see;
	w->stage.ctx = w;
	memset(w->far, 0, sizeof(w->far));
	stage_init(&w->stage, &o);
	for (uint8_t host = 2; host < 2 + HOSTS; host++)
		introduce(w, host);
	open_listener(w);
	for (unsigned i = 0; i < CONNS; i++) {
		/* Far from each other: what is one's is in nobody else's window. */
		w->far[i].iss = (i << 28) - 200 * (choice >> 4 & 1);
		w->far[i].has_ts = stamped >> i & 1;
		w->far[i].tsval = 1;
		open_conn(w, i);
	}
}

/* ---- What programs do ---------------------------------------------------------------------------- */

static void read_all(struct far *far, unsigned conn)
{
	uint8_t data[2048];
	struct holm_iov iov = { data, sizeof(data) };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };
	int64_t n;

	while ((n = holm_socket_recvmsg(far->socket, &msg, 0)) > 0) {
		CHECK(far->read + n <= far->furthest);
		for (uint32_t i = 0; i < n; i++)
			CHECK(data[i] == byte_of(conn, far->read + i));
		far->read += (uint32_t)n;
	}
}

static void answer(struct far *far, size_t len)
{
	static uint8_t data[4096];
	struct holm_iov iov = { data, len };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };

	(void)holm_socket_sendmsg(far->socket, &msg, HOLM_MSG_NOSIGNAL);
}

static void serve(struct world *w, uint8_t op)
{
	struct holm_event ev;
	unsigned n = 0;

	while (holm_net_next_event(w->stage.net, &ev))
		CHECK(n++ < 1000);
	for (unsigned i = 0; i < CONNS; i++) {
		struct far *far = &w->far[i];

		if (!far->socket)
			continue;
		read_all(far, i);
		if (op >> 2 & 1)
			answer(far, op & 8 ? 3000 : 30);
		if (op >> 5 == i + 1 && op & 16) {
			holm_socket_close(far->socket);
			far->socket = NULL;
		}
	}
	stage_settle(&w->stage);
}

/* ---- All of it ----------------------------------------------------------------------------------- */

static void step(struct world *w)
{
	uint8_t op = fuzz_u8(&w->in);

	/* Most frames wait for others. */
	if (op & 0xc0) {
		hold_segment(w, op);
		return;
	}
	deliver(w);
	if (op & 1)
		serve(w, fuzz_u8(&w->in));
	if (op & 2) {
		stage_pass(&w->stage, fuzz_u8(&w->in) * (op & 4 ? SECOND / 20 : SECOND / 1000), 20);
		for (unsigned i = 0; i < CONNS; i++)
			w->far[i].tsval++;
	}
}

static void end(struct world *w)
{
	deliver(w);
	serve(w, 0);
	for (unsigned i = 0; i < CONNS; i++) {
		if (w->far[i].socket)
			holm_socket_close(w->far[i].socket);
		w->far[i].socket = NULL;
	}
	holm_socket_close(w->listener);
	stage_pass(&w->stage, 300 * SECOND, 200);
	stage_fini(&w->stage);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct world *w = &world;

	w->in = (struct fuzz_input){ data, size };
	begin(w);
	for (unsigned i = 0; i < 16 * STEPS_MAX && w->in.n > 0; i++)
		step(w);
	end(w);
	return 0;
}
