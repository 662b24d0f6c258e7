/*
 * Whole frames into a host that does everything it can: ARP, ICMP, a UDP service, a TCP echo service,
 * with an address of its own or looking for one by DHCP; or the same over IPv6, with the addresses that
 * routers say. Frames are raw, or raw behind headers that fit, with the checksum made good, so that each
 * layer gets its share of nonsense.
 */
#include <holm/dhcp.h>
#include <holm/socket.h>

#include "net/wire/arp.h"
#include "net/wire/dhcp4.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"
#include "net/wire/udp.h"
#include "tests/fuzz/frames6.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage.h"

#define SECOND 1000000000ull

enum { STEPS_MAX = 64, CONNS = 8, SERVICE_PORT = 7, L4 = ETH_HDR_BYTES + IP4_HDR_BYTES };

struct world {
	struct stage stage;
	struct holm_socket *listener, *udp, *conns[CONNS];
	struct holm_dhcp *dhcp;
	struct fuzz_input in;
	uint32_t xid; /* of the client's latest message */
	struct holm_addr link_local;
};

static struct world world;

static const struct holm_proto *const protos[] = {
	&holm_arp,  &holm_ipv4,	    HOLM_IP_PARTS, &holm_icmp4,	   &holm_igmp,
	&holm_ipv6, &holm_icmp6,    &holm_nd,	   &holm_mld,	   &holm_udp,
	&holm_tcp,  HOLM_TCP_PARTS, &holm_sockets, &holm_sockets6, NULL,
};

/* The address that IPv6 gave itself is where much of discovery goes to. */
static void see_ip6(struct world *w, const uint8_t *packet, size_t len)
{
	struct ip6_info ip;
	enum holm_drop why;

	CHECK(ip6_parse(packet, len, len, &ip, &why));
	if (ip6_is_link_local(&ip.src))
		w->link_local = ip.src;
}

/* What is sent is readable, and DHCP's transaction is remembered for the answers. */
static void see(void *ctx, const uint8_t *frame, size_t len)
{
	struct world *w = ctx;
	struct ip4_info ip;
	enum holm_drop why;
	char text[256];

	CHECK(len >= ETH_HDR_BYTES && eth_print(text, sizeof(text), frame, len) > 0);
	if (load_be16(frame + 12) == ETH_TYPE_IP6)
		see_ip6(w, frame + ETH_HDR_BYTES, len - ETH_HDR_BYTES);
	if (load_be16(frame + 12) != ETH_TYPE_IP4)
		return;
	CHECK(ip4_parse(frame + ETH_HDR_BYTES, len - ETH_HDR_BYTES, len - ETH_HDR_BYTES, &ip,
			&why));
	if (ip.proto == IP4_PROTO_UDP && len >= L4 + UDP_HDR_BYTES + 8 &&
	    load_be16(frame + L4 + 2) == DHCP4_SERVER_PORT)
		w->xid = load_be32(frame + L4 + UDP_HDR_BYTES + 4);
}

static void open_services(struct world *w)
{
	struct holm_sockaddr_in any = { .family = HOLM_AF_INET };
	struct holm_sockaddr_in6 any6 = { .family = HOLM_AF_INET6 };
	bool ip6 = w->stage.ip6;
	int domain = ip6 ? HOLM_AF_INET6 : HOLM_AF_INET;
	const void *name = ip6 ? (const void *)&any6 : &any;
	uint32_t len = ip6 ? sizeof(any6) : sizeof(any);
	struct holm_net *net = w->stage.net;

	store_be16(any.port, SERVICE_PORT);
	store_be16(any6.port, SERVICE_PORT);
	CHECK(holm_socket_open(net, domain, HOLM_SOCK_STREAM, 0, NULL, &w->listener) == 0);
	CHECK(holm_socket_bind(w->listener, name, len) == 0);
	CHECK(holm_socket_listen(w->listener, 4) == 0);
	CHECK(holm_socket_open(net, domain, HOLM_SOCK_DGRAM, 0, NULL, &w->udp) == 0);
	CHECK(holm_socket_bind(w->udp, name, len) == 0);
}

static void begin(struct world *w)
{
	uint8_t choice = fuzz_u8(&w->in);
	struct stage_options o = {
		.protos = protos,
		.frames = 128,
		.features = choice & 2 ? HOLM_DEV_RX_CSUM | HOLM_DEV_TX_CSUM : 0,
		.no_address = choice & 1,
		.ip6 = choice & 8,
	};

	w->stage.sent = see;
	w->stage.ctx = w;
	stage_init(&w->stage, &o);
	open_services(w);
	if (choice & 1 && !o.ip6)
		CHECK(holm_dhcp_start(w->stage.net, &w->stage.dev, "fuzz", &w->dhcp) == 0);
	else if (!(choice & 1))
		stage_introduce(&w->stage);
	if (choice & 4)
		holm_net_set_trace(w->stage.net, true);
}

/* ---- what arrives ---- */

static void receive_raw(struct world *w)
{
	uint8_t frame[1600];
	size_t len = fuzz_bytes(&w->in, frame, fuzz_u16(&w->in) % sizeof(frame));

	stage_receive(&w->stage, frame, len, fuzz_u8(&w->in), fuzz_u8(&w->in) % 3);
}

/* Raw behind headers that fit. */
static void receive_ip4(struct world *w, uint8_t proto)
{
	uint8_t frame[1600];
	size_t len = fuzz_bytes(&w->in, frame + L4, fuzz_u16(&w->in) % (sizeof(frame) - L4));
	size_t frame_len = stage_ip4(frame, proto, len);

	stage_sum(frame, proto, len);
	stage_receive(&w->stage, frame, frame_len, 0, HOLM_CSUM_NONE);
}

static void receive_arp(struct world *w)
{
	uint8_t frame[ETH_FRAME_MIN] = { 0 };
	struct eth_info eth = { .dst = eth_broadcast(),
				.src = { { 2, 0, 0, 0, 0, 2 } },
				.type = ETH_TYPE_ARP };
	struct arp_info info = {
		.op = fuzz_u8(&w->in) & 1 ? ARP_REPLY : ARP_REQUEST,
		.sender_mac = { { 2, 0, 0, 0, 0, fuzz_u8(&w->in) } },
		.target_mac = { { 2, 0, 0, 0, 0, 1 } },
		.sender = STAGE_SELF - 1 + fuzz_u8(&w->in) % 16,
		.target = STAGE_SELF - 1 + fuzz_u8(&w->in) % 16,
	};

	eth_build(frame, &eth);
	arp_build(frame + ETH_HDR_BYTES, &info);
	stage_receive(&w->stage, frame, sizeof(frame), 0, HOLM_CSUM_NONE);
}

static size_t put_udp(uint8_t *frame, uint16_t from, uint16_t to, size_t len)
{
	struct udp_info info = { .sport = from,
				 .dport = to,
				 .len = (uint16_t)(UDP_HDR_BYTES + len) };
	size_t frame_len = stage_ip4(frame, IP4_PROTO_UDP, info.len);

	udp_build(frame + L4, &info);
	stage_sum(frame, IP4_PROTO_UDP, info.len);
	return frame_len;
}

static void receive_udp(struct world *w)
{
	uint8_t frame[1600];
	uint16_t to = fuzz_u8(&w->in) & 3 ? SERVICE_PORT : fuzz_u16(&w->in);
	size_t len = fuzz_bytes(&w->in, frame + L4 + UDP_HDR_BYTES, fuzz_u16(&w->in) % 1400);

	stage_receive(&w->stage, frame, put_udp(frame, 9999, to, len), 0, HOLM_CSUM_NONE);
}

/* A server's message whose fixed part fits the client's latest; the options are raw. */
static void receive_dhcp(struct world *w)
{
	uint8_t frame[1600], *m = frame + L4 + UDP_HDR_BYTES;
	size_t len;

	memset(m, 0, DHCP4_FIXED_BYTES);
	m[0] = DHCP4_BOOTREPLY;
	m[1] = 1;
	m[2] = 6;
	store_be32(m + 4, w->xid);
	store_be32(m + 16, STAGE_SELF + fuzz_u8(&w->in) % 4);
	memcpy(m + 28, &w->stage.dev.mac, 6);
	store_be32(m + 236, DHCP4_MAGIC);
	m[240] = DHCP4_OPT_TYPE;
	m[241] = 1;
	m[242] = fuzz_u8(&w->in) % 8;
	len = 243 + fuzz_bytes(&w->in, m + 243, fuzz_u8(&w->in));
	m[len++] = DHCP4_OPT_END;
	len = put_udp(frame, DHCP4_SERVER_PORT, DHCP4_CLIENT_PORT, len);
	memset(frame, 0xff, 6);
	stage_receive(&w->stage, frame, len, 0, HOLM_CSUM_NONE);
}

static void receive_ip6(struct world *w, uint8_t kind)
{
	struct frames6 m = { .in = &w->in,
			     .link_local = w->link_local,
			     .service_port = SERVICE_PORT };
	uint8_t frame[FRAMES6_BYTES];

	stage_receive(&w->stage, frame, frames6_make(&m, kind, frame), 0, HOLM_CSUM_NONE);
}

/* ---- what the services do ---- */

static void echo_datagrams(struct world *w)
{
	struct holm_sockaddr_in6 from; /* the longer of the two */
	uint8_t data[2048];
	struct holm_iov iov = { data, sizeof(data) };
	struct holm_msg msg = { .name = &from, .name_len = sizeof(from), .iov = &iov, .iovcnt = 1 };

	for (unsigned i = 0; i < 64; i++) {
		int64_t n = holm_socket_recvmsg(w->udp, &msg, 0);

		if (n < 0)
			return;
		iov.len = (size_t)n;
		(void)holm_socket_sendmsg(w->udp, &msg, 0);
		iov.len = sizeof(data);
		msg.name_len = sizeof(from);
	}
}

/* One round of a connection; false: it is over. */
static bool echo(struct holm_socket *s)
{
	uint8_t data[2048];
	struct holm_iov iov = { data, sizeof(data) };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };
	int64_t n = holm_socket_recvmsg(s, &msg, 0);

	if (n == -HOLM_EAGAIN)
		return true;
	iov.len = n > 0 ? (size_t)n : 0;
	return n > 0 && holm_socket_sendmsg(s, &msg, HOLM_MSG_NOSIGNAL) != -HOLM_EPIPE;
}

static void serve(struct world *w)
{
	struct holm_event ev;
	unsigned n = 0;

	while (holm_net_next_event(w->stage.net, &ev))
		CHECK(n++ < 10000);
	if (w->dhcp)
		(void)holm_dhcp_poll(w->dhcp, w->stage.now);
	echo_datagrams(w);
	for (unsigned i = 0; i < CONNS; i++) {
		if (!w->conns[i] &&
		    holm_socket_accept(w->listener, NULL, NULL, NULL, &w->conns[i]) != 0)
			w->conns[i] = NULL;
		if (w->conns[i] && !echo(w->conns[i])) {
			holm_socket_close(w->conns[i]);
			w->conns[i] = NULL;
		}
	}
	stage_settle(&w->stage);
}

/* Of what follows IPv4 or IPv6 has each its own. */
static void receive_packet(struct world *w, uint8_t kind)
{
	switch (kind) {
	case 2:
		receive_ip4(w, fuzz_u8(&w->in));
		break;
	case 3:
	case 4:
		receive_ip4(w, IP4_PROTO_TCP);
		break;
	case 5:
	case 6:
		receive_ip4(w, IP4_PROTO_ICMP);
		break;
	case 7:
		receive_arp(w);
		break;
	case 8:
	case 9:
		receive_udp(w);
		break;
	default:
		receive_dhcp(w);
		break;
	}
}

static void step(struct world *w)
{
	uint8_t op = fuzz_u8(&w->in), kind = op & 15;

	if (kind == 13) {
		w->stage.refuses_memory = op & 16;
		w->stage.is_blocked = op & 32;
		if (!w->stage.is_blocked)
			holm_net_tx_ready(w->stage.net, &w->stage.dev);
	} else if (kind > 13) {
		stage_pass(&w->stage, fuzz_u8(&w->in) * SECOND / (op & 16 ? 1 : 1000), 20);
	} else if (kind < 2) {
		receive_raw(w);
	} else if (w->stage.ip6) {
		receive_ip6(w, op >> 4 ^ kind);
	} else {
		receive_packet(w, kind);
	}
	stage_settle(&w->stage);
	serve(w);
}

static void end(struct world *w)
{
	w->stage.refuses_memory = false;
	for (unsigned i = 0; i < CONNS; i++) {
		if (w->conns[i])
			holm_socket_close(w->conns[i]);
		w->conns[i] = NULL;
	}
	holm_socket_close(w->listener);
	holm_socket_close(w->udp);
	if (w->dhcp)
		holm_dhcp_stop(w->dhcp, w->xid & 1);
	w->dhcp = NULL;
	stage_pass(&w->stage, 100 * SECOND, 40);
	stage_fini(&w->stage);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct world *w = &world;

	w->in = (struct fuzz_input){ data, size };
	w->xid = 0;
	w->link_local = holm_addr_any6();
	begin(w);
	for (unsigned i = 0; i < STEPS_MAX && w->in.n > 0; i++)
		step(w);
	end(w);
	return 0;
}
