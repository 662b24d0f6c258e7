/*
 * net.h -- an instance of the stack: making it, feeding it, driving it, hearing from it.
 *
 *	holm_config_default(&config);
 *	static const struct holm_proto *const protos[] = {
 *		&holm_arp, &holm_ipv4, HOLM_IP_PARTS, &holm_icmp4, &holm_udp, &holm_tcp, HOLM_TCP_PARTS,
 *		NULL };
 *	int err = holm_net_create(&net, &config, &env, protos);
 *	holm_pool_add(holm_net_pool(net), frame_memory, frame_memory_bytes);
 *	holm_net_add_dev(net, &driver->dev);
 *	holm_addr_add(net, &driver->dev, &addr, 24);
 *	for (;;) {
 *		more = holm_net_poll_devs(net, now(), 64);    frames in
 *		while (holm_net_next_event(net, &ev))         the program reacts: read, write, accept
 *			...
 *		while (holm_net_poll(net, now(), 64))         timers, then everything that is to go out
 *			;
 *		if there is more, or there are events again (a timer has ended something): once more, else
 *		sleep until a device interrupts or holm_net_next_deadline(net)
 *	}
 *
 * The instance is sans-I/O: it never blocks, reads a clock or touches a register. An instance belongs
 * to one thread. Input and user calls only take notes of what is to be sent; holm_net_poll() sends,
 * so that an answer carries the acknowledgement and each device gets one tx() per round.
 *
 * Calling in from a callback (env, dev->ops->tx, buffer operations) is an ASSERT: holm_assert_failed()
 * in <holm/env.h>.
 */
#ifndef HOLM_NET_H
#define HOLM_NET_H

#include <holm/config.h>
#include <holm/dev.h>
#include <holm/env.h>
#include <holm/errno.h>
#include <holm/frame.h>
#include <holm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct holm_net;
struct holm_proto;

/*
 * The protocols that a program can name. What is not named in the list is not linked (with
 * --gc-sections) and its traffic is a counted drop. Order does not matter; a protocol that needs
 * another one (UDP and TCP: IPv4, IPv6, or both) makes holm_net_create() return -HOLM_EINVAL if it is
 * missing.
 *
 * Some entries are parts of a protocol, which works without them: they stand behind it in the list,
 * else -HOLM_EINVAL.
 */
extern const struct holm_proto holm_arp;
extern const struct holm_proto holm_ipv4;
/*
 * Parts of the layers below the transports, to be listed behind &holm_ipv4. Datagrams in pieces, in and out:
 * without it the ones are dropped, the others not sent.
 */
extern const struct holm_proto holm_ip4_fragments;
/* Addresses are announced again and defended (RFC 5227); without it each is announced once. */
extern const struct holm_proto holm_arp_claims;
/*
 * Senders are told of packets that nobody wants (ICMP, if it is named), and transports of neighbours that
 * do not answer; without it both are counted, and a connection finds out by its timeout.
 */
extern const struct holm_proto holm_ip4_errors;
/* Interface 0, 127.0.0.1 and ::1: without it what is sent to an address of our own is unreachable. */
extern const struct holm_proto holm_loopback;

#define HOLM_IP_PARTS &holm_ip4_fragments, &holm_arp_claims, &holm_ip4_errors, &holm_loopback

extern const struct holm_proto holm_icmp4;
extern const struct holm_proto holm_ipv6;
extern const struct holm_proto holm_icmp6;
extern const struct holm_proto holm_nd;	  /* neighbours, routers and addresses; behind holm_icmp6 */
extern const struct holm_proto holm_mld;  /* tells routers which groups were joined; the same */
extern const struct holm_proto holm_igmp; /* tells routers which groups were joined */
extern const struct holm_proto holm_udp;
extern const struct holm_proto holm_tcp;
/*
 * Parts of TCP, to be listed behind &holm_tcp; without them it is NewReno without SACK. All of them, in
 * the order that programs want: { &holm_arp, &holm_ipv4, HOLM_IP_PARTS, &holm_tcp, HOLM_TCP_PARTS, NULL }.
 */
extern const struct holm_proto holm_tcp_cubic; /* RFC 9438 with HyStart++ (RFC 9406) */
extern const struct holm_proto holm_tcp_bbr;   /* BBR version 3, draft-ietf-ccwg-bbr-01 */
extern const struct holm_proto holm_tcp_sack;  /* RFC 2018 and 6675, D-SACK (RFC 2883) */

/* RACK-TLP (RFC 8985), PRR (9937), F-RTO (5682), undo of what was spurious; brings SACK. */
extern const struct holm_proto holm_tcp_rack;

/*
 * Who is half-open or in TIME-WAIT is a record of 40 bytes (64 over IPv6). Without it each is a
 * connection, SYNs cannot be held or deferred, and an active open takes over no four-tuple in
 * TIME-WAIT.
 */
extern const struct holm_proto holm_tcp_records;
/*
 * The next three need it. SYN cookies (RFC 4987) for when the half-open records are used up,
 * options in the timestamp.
 */
extern const struct holm_proto holm_tcp_cookies;

extern const struct holm_proto holm_tcp_fastopen; /* RFC 7413 */
extern const struct holm_proto holm_tcp_ecn; /* RFC 3168; without it none is offered or agreed to */
extern const struct holm_proto holm_tcp_accecn; /* RFC 9768, accurate ECN; behind holm_tcp_ecn */
/* RFC 4821 and 8899: path MTU without ICMP. See config.tcp_mtu_probing. */
extern const struct holm_proto holm_tcp_plpmtud;

/*
 * Super-segments, up to 64 KiB of lent bytes in a frame that the device cuts, or the stack at the last
 * moment. Without it each segment is a frame into which its bytes are copied.
 */
extern const struct holm_proto holm_tcp_super;
/* Urgent data (RFC 6093). Without it the urgent pointer of a segment says nothing; none can be sent. */
extern const struct holm_proto holm_tcp_urg;
/*
 * Text that comes out of order is kept; brought by SACK, too. Without both it is dropped and acknowledged,
 * and the peer sends it again.
 */
extern const struct holm_proto holm_tcp_reassembly;
/*
 * Segments of a flow that arrive together are merged (GRO), and go through the protocol once. Without it each
 * goes alone; they are acknowledged together all the same.
 */
extern const struct holm_proto holm_tcp_gro;
/* TCP's rows in holm_net_each_endpoint(). */
extern const struct holm_proto holm_tcp_list;

#define HOLM_TCP_PARTS                                                                             \
	&holm_tcp_records, &holm_tcp_cubic, &holm_tcp_bbr, &holm_tcp_sack, &holm_tcp_rack,         \
		&holm_tcp_cookies, &holm_tcp_fastopen, &holm_tcp_ecn, &holm_tcp_accecn,            \
		&holm_tcp_plpmtud, &holm_tcp_super, &holm_tcp_urg, &holm_tcp_reassembly,           \
		&holm_tcp_gro, &holm_tcp_list

/* Name it to keep the socket layer (<holm/socket.h>); it brings what it needs of its own. */
extern const struct holm_proto holm_sockets;
/* Listed behind it: AF_INET6, for IPv6 and both families at once; it needs holm_ipv6. */
extern const struct holm_proto holm_sockets6;
/* Behind that: raw and ICMP echo sockets of IPv6, which need holm_icmp6. */
extern const struct holm_proto holm_raw6;
/* Likewise: Unix sockets. */
extern const struct holm_proto holm_unix;
/* Raw IPv4 sockets; ICMP echo sockets, which need holm_icmp4; packet sockets. */
extern const struct holm_proto holm_raw;
extern const struct holm_proto holm_ping;
extern const struct holm_proto holm_packet;

#define HOLM_SOCKET_PARTS &holm_unix, &holm_raw, &holm_ping, &holm_packet

/*
 * Make an instance. `config` and `env` are copied; `protos` ends with NULL and must outlive the
 * instance. Errors: -HOLM_EINVAL (a size field, limit or callback is wrong, or a protocol is missing
 * or named twice; holm_net_explain() says which), -HOLM_ENOMEM.
 */
int holm_net_create(struct holm_net **out, const struct holm_config *config,
		    const struct holm_env *env, const struct holm_proto *const protos[]);

/*
 * Why holm_net_create() refuses these with -HOLM_EINVAL, for a person: the first thing that is wrong, and in
 * `*what` with whom, a field or a protocol's name; both are constant texts, to be shown one behind the other:
 *
 *	config.devices_max must be at least 1 and at most 1024
 *	env.random must be a function, and is NULL
 *	tcp is not in the list of protocols, and another one needs it
 *
 * NULL: nothing is wrong, and `*what` stays as it was. Only a program that calls it links the texts. A list
 * without its NULL nobody can tell from one that is longer.
 */
const char *holm_net_explain(const struct holm_config *config, const struct holm_env *env,
			     const struct holm_proto *const protos[], const char **what);

/*
 * End an instance: devices are detached, endpoints that the program still holds become invalid
 * without a word on the wire, all memory goes back to the env. Frames that others still hold keep
 * their regions alive only if the program does: free them first.
 */
void holm_net_destroy(struct holm_net *net);

/* The instance's frame pool: add regions to it, let drivers take receive frames from it. */
struct holm_pool *holm_net_pool(struct holm_net *net);

/*
 * Attach a device; its fields (ops, name, mac, caps, link_up) must be set, all others zero. The
 * device stays the caller's and must outlive its attachment; it has one instance at a time (an
 * ASSERT). Returns the interface index (>= 1) or -HOLM_ENOSPC, -HOLM_ENOMEM, -HOLM_EINVAL (caps
 * that no frame fits: mtu < 68, head-room over HOLM_FRAME_HEADROOM less 118, no segment).
 */
int holm_net_add_dev(struct holm_net *net, struct holm_dev *dev);

/* Detach: addresses and routes of the device go, its queues are emptied, ops->detach() is called. */
void holm_net_remove_dev(struct holm_net *net, struct holm_dev *dev);

/* Its interface index, as holm_net_add_dev() gave it; 0: the loopback. */
uint32_t holm_dev_index(const struct holm_dev *dev);

/* The i-th attached device (0, 1, ...), or NULL behind the last. */
struct holm_dev *holm_net_dev(struct holm_net *net, size_t i);

/* The device of an interface index, the loopback's being 0; NULL when there is none. */
struct holm_dev *holm_net_dev_at(struct holm_net *net, uint32_t index);

/*
 * Frames that arrived at `dev`, a batch: ownership passes to the instance, the array stays the
 * caller's. Everything malformed is dropped and counted. Nothing is sent before holm_net_poll().
 */
void holm_net_input(struct holm_net *net, struct holm_dev *dev, struct holm_frame **frames,
		    size_t n, uint64_t now);

/* The device is done with frames it had taken. */
void holm_net_tx_done(struct holm_net *net, struct holm_dev *dev, struct holm_frame **frames,
		      size_t n);

/* The device can take frames again after it took fewer than it was given. */
void holm_net_tx_ready(struct holm_net *net, struct holm_dev *dev);

/* dev->link_up or dev->caps.mtu (downwards) has changed. */
void holm_net_link_changed(struct holm_net *net, struct holm_dev *dev);

/* Call every device's poll() with `budget` frames each; true while some device has more. */
bool holm_net_poll_devs(struct holm_net *net, uint64_t now, size_t budget);

/*
 * Run due timers, deliver looped frames, send what is to be sent: at most about `budget` bursts.
 * `now` never goes backwards (an earlier value is taken as the latest one seen). Returns true while
 * work due now remains. After false, holm_net_next_deadline() > now.
 */
bool holm_net_poll(struct holm_net *net, uint64_t now, size_t budget);

/* When holm_net_poll() has work next if nothing arrives; UINT64_MAX for never. Devices included. */
uint64_t holm_net_next_deadline(struct holm_net *net);

/* The time of the round: the latest `now` given to the instance. */
uint64_t holm_net_now(const struct holm_net *net);

/* An unpredictable number from the instance's generator, for clients such as DHCP. */
uint32_t holm_net_random(struct holm_net *net);

/*
 * Readiness. Every endpoint (TCP connection or listener, UDP endpoint) has a level state; when it
 * changes, the endpoint goes on the ready list once, however often it changes before it is seen.
 */
enum holm_state {
	HOLM_READABLE = 1 << 0,	   /* bytes or a datagram to receive, or the end of the stream */
	HOLM_WRITABLE = 1 << 1,	   /* room to send */
	HOLM_ACCEPTABLE = 1 << 2,  /* a listener has a connection for holm_tcp_accept() */
	HOLM_CONNECTED = 1 << 3,   /* the handshake is complete */
	HOLM_PEER_CLOSED = 1 << 4, /* FIN received: no more bytes after those queued */
	HOLM_CLOSED = 1 << 5,	   /* both directions are over; nothing will change any more */
	HOLM_ERROR = 1 << 6,	   /* an error waits to be taken */
	HOLM_URGENT = 1 << 7,	   /* urgent data waits to be read (RFC 6093: in line) */
	HOLM_PENDING = 1 << 8,	   /* a listener has a request for holm_tcp_pending() */
};

enum holm_ep_kind {
	HOLM_EP_TCP = 1,
	HOLM_EP_UDP = 2,
	HOLM_EP_UNIX = 3, /* behind a socket only, as all that follow */
	HOLM_EP_RAW = 4,
	HOLM_EP_PACKET = 5,
};

struct holm_event {
	void *cookie;	/* as set by the owner, NULL if never set */
	void *endpoint; /* struct holm_tcp * or struct holm_udp *, by kind */
	uint8_t kind;	/* enum holm_ep_kind */
	uint16_t state; /* enum holm_state, as it is now */
};

/*
 * The next endpoint whose state has changed since it was last handed out. State is published before
 * the event: what the event says can be acted upon at once. False: none. A closed (given-up) handle
 * is never named again.
 */
bool holm_net_next_event(struct holm_net *net, struct holm_event *ev);

/* Switch the one-line-per-frame trace (env.log at HOLM_LOG_TRACE) on or off. */
void holm_net_set_trace(struct holm_net *net, bool on);

#ifdef __cplusplus
}
#endif

#endif
