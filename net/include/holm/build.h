/*
 * What this build of the library has: everything, unless it was built without something, as in
 *
 *	make libholm.a WITHOUT="IPV6 SACK"
 *
 * which defines HOLM_WITH_IPV6 and HOLM_WITH_SACK as 0 for all of its files. Leaving a protocol or a part out
 * of an instance's list drops its own code; this drops the questions after it that are asked everywhere else,
 * for programs that count bytes (net/README.md, "Parts"). Only conditions and the values of flags are made of
 * these constants: never the layout of a structure that a program sees, so that it need not know how its
 * library was built. It finds out by the linker if it names what is not there.
 */
#ifndef HOLM_BUILD_H
#define HOLM_BUILD_H

/* IPv6, in every layer. */
#ifndef HOLM_WITH_IPV6
#define HOLM_WITH_IPV6 1
#endif

/*
 * Size classes over large chunks of memory. Without them env.alloc() is asked for each object, however small:
 * for who has a heap already.
 */
#ifndef HOLM_WITH_MEMORY
#define HOLM_WITH_MEMORY 1
#endif

/*
 * Hash tables and a wheel of timers, to which it is all the same how much is in them. Without them
 * connections, ports and destinations are in arrays, timers in a list, all of which are gone
 * through: right for a few dozen of each, and 4 KiB of memory less; more find their place, and are
 * looked for longer.
 */
#ifndef HOLM_WITH_GROWTH
#define HOLM_WITH_GROWTH 1
#endif

/*
 * That holm_net_create() refuses a config, an env or a list of protocols with which nothing can go
 * well. Without it they are taken as they are: for who hands over the same ones always, and has
 * seen them accepted once.
 */
#ifndef HOLM_WITH_CHECKS
#define HOLM_WITH_CHECKS 1
#endif

/*
 * A neighbour cache, which asks by itself and doubts in good time. Without it, and without IPV6,
 * each destination keeps what it knows of its neighbour, the only frame that waits for that
 * included, and asks when there is something to send: for one link and some ten peers.
 */
#ifndef HOLM_WITH_NEIGHBOURS
#define HOLM_WITH_NEIGHBOURS 1
#endif

/*
 * More than one device, and more than one address of it. Without it, IPV6 and LOOPBACK a second one
 * is -HOLM_ENOSPC, as if config.devices_max and config.addrs_max were 1; whose address changes
 * takes the old one away first.
 */
#ifndef HOLM_WITH_DEVICES
#define HOLM_WITH_DEVICES 1
#endif

/*
 * A generator of random numbers of its own. Without it env.random() is called for each, so it has
 * to be good and fast whenever it is asked, and calls nothing of the instance.
 */
#ifndef HOLM_WITH_RANDOM
#define HOLM_WITH_RANDOM 1
#endif

/*
 * holm_net_destroy(), holm_net_remove_dev(), holm_addr_del(): what is there once is there for good. Who calls
 * the first two all the same fails an ASSERT.
 */
#ifndef HOLM_WITH_END
#define HOLM_WITH_END 1
#endif

/*
 * Devices that give a frame in several pieces, or in one that does not begin with all of its headers: such a
 * frame is dropped. Without SUPER, TAPS and DATAGRAMS, too, nothing else makes any.
 */
#ifndef HOLM_WITH_PIECES
#define HOLM_WITH_PIECES 1
#endif

/* holm_loopback: who sends to himself. */
#ifndef HOLM_WITH_LOOPBACK
#define HOLM_WITH_LOOPBACK 1
#endif

/*
 * Counting what happens, what is dropped and the memory in use: holm_net_counter(), holm_net_drops(), their
 * texts, holm_net_memory_stats(). Frames are dropped for the same reasons, but nobody is told.
 */
#ifndef HOLM_WITH_COUNTERS
#define HOLM_WITH_COUNTERS 1
#endif

/* Who looks at every frame: holm_packet, holm_net_set_trace(), holm_capture_open(). */
#ifndef HOLM_WITH_TAPS
#define HOLM_WITH_TAPS 1
#endif

/* holm_arp_claims. */
#ifndef HOLM_WITH_CLAIMS
#define HOLM_WITH_CLAIMS 1
#endif

/*
 * What is not TCP's: holm_udp and its clients, holm_raw, holm_raw6, holm_ping, and what is there for them:
 * holm_igmp, holm_ip4_fragments, sending to everybody. IPv6 has groups and holm_mld all the same.
 */
#ifndef HOLM_WITH_DATAGRAMS
#define HOLM_WITH_DATAGRAMS 1
#endif

/* holm_ip4_errors. */
#ifndef HOLM_WITH_ERRORS
#define HOLM_WITH_ERRORS 1
#endif

/*
 * Of TCP: ports that endpoints share, by address or by HOLM_TCP_REUSEADDR and HOLM_TCP_REUSEPORT,
 * and ports that are chosen for who binds to 0. Without them a port is one endpoint's, and 0 is
 * -HOLM_EADDRINUSE. Who connects has one chosen all the same.
 */
#ifndef HOLM_WITH_PORTS
#define HOLM_WITH_PORTS 1
#endif

/* holm_tcp_sack, holm_tcp_rack and what is linked with them. */
#ifndef HOLM_WITH_SACK
#define HOLM_WITH_SACK 1
#endif

/* RFC 7323's timestamps. Without them nobody is offered any, and nobody gets the ones asked for. */
#ifndef HOLM_WITH_TIMESTAMPS
#define HOLM_WITH_TIMESTAMPS 1
#endif

/* holm_tcp_ecn, holm_tcp_accecn. */
#ifndef HOLM_WITH_ECN
#define HOLM_WITH_ECN 1
#endif

/* holm_tcp_records, and what stands on it: holm_tcp_cookies, holm_tcp_fastopen. */
#ifndef HOLM_WITH_RECORDS
#define HOLM_WITH_RECORDS 1
#endif

/* holm_tcp_urg. */
#ifndef HOLM_WITH_URG
#define HOLM_WITH_URG 1
#endif

/* holm_tcp_reassembly, which SACK needs, too. */
#ifndef HOLM_WITH_REASSEMBLY
#define HOLM_WITH_REASSEMBLY 1
#endif

/* holm_tcp_super, and so lent bytes. */
#ifndef HOLM_WITH_SUPER
#define HOLM_WITH_SUPER 1
#endif

/* holm_tcp_gro: a list that names it is refused. */
#ifndef HOLM_WITH_GRO
#define HOLM_WITH_GRO 1
#endif

/* holm_tcp_plpmtud. */
#ifndef HOLM_WITH_PLPMTUD
#define HOLM_WITH_PLPMTUD 1
#endif

/* holm_tcp_cubic, holm_tcp_bbr. */
#ifndef HOLM_WITH_CONTROLLERS
#define HOLM_WITH_CONTROLLERS 1
#endif

/* holm_tcp_set_option(): what has no option is as it is by default. Sockets need it. */
#ifndef HOLM_WITH_OPTIONS
#define HOLM_WITH_OPTIONS 1
#endif

#endif
