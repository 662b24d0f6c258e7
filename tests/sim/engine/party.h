/*
 * party.h -- an instance with many connections and datagram endpoints, and programs whose decisions
 * follow from a seed and a number of the round alone: two parties that see the same do the same. Frames
 * are bytes outside of it.
 *
 * Addresses are 10.0.0.x/24 and fd00::x/64; a host has several of each family, x from `first` on.
 */
#ifndef TESTS_SIM_ENGINE_PARTY_H
#define TESTS_SIM_ENGINE_PARTY_H

#include <holm/stats.h>
#include <holm/udp.h>

#include "tests/sim/engine/sim.h"

#define PARTY_CONNS 96u	  /* in the whole life of a party */
#define PARTY_DGRAMS 8u	  /* endpoints */
#define PARTY_BATCH 32u	  /* frames */
#define PARTY_FRAMES 600u /* that wait to be looked at */
#define PARTY_PORT 7000u
#define PARTY_UDP_PORT 5000u /* and the next two; the one behind them nobody has */

/* ---- Frames as bytes ---------------------------------------------------------------------------- */

struct packet {
	uint32_t len;
	uint16_t gso_size, hdr_len;
	uint8_t gso; /* enum holm_gso */
	bool verified;
	uint8_t data[]; /* room for 64 more */
};

struct packets {
	struct packet *p[PARTY_FRAMES];
	uint32_t n;
};

struct packet *packet_new(uint32_t len);
struct packet *packet_copy(const struct packet *p);
void packets_add(struct packets *list, struct packet *p);
void packets_clear(struct packets *list);
bool packets_equal(const struct packet *a, const struct packet *b);

/* ---- How frames are given to an instance -------------------------------------------------------- */

enum party_way {
	PARTY_FRESH, /* one by one, as if each were the first, and each segment takes all the steps */
	PARTY_SINGLES, /* one by one */
	PARTY_BATCHES, /* all at once */
	PARTY_PIECES,  /* all at once, some of them in pieces */
	PARTY_WAYS
};

/* What programs do. */
enum party_style {
	PARTY_ASK,    /* a request, its answer, for long */
	PARTY_VISIT,  /* connect, request, answer, close */
	PARTY_STREAM, /* much, and whatever a program may do */
	PARTY_STYLES
};

struct party_config {
	uint64_t seed;
	const struct holm_proto *const *protos;
	uint32_t first, naddrs; /* of its addresses */
	uint32_t features;	/* enum holm_dev_feature */
	uint64_t start_ns;
	enum party_way way;
	enum party_style style;
	bool connects;	       /* or listens */
	bool lends;	       /* sends a pattern, or from rings */
	uint32_t peer, npeers; /* whom it connects to: its first address, and how many it has */
	uint32_t wanted;       /* connections at once */
	uint32_t rcvbuf;       /* of each connection; a power of two */
};

/* One connection, as its program knows it. */
struct party_conn {
	struct holm_tcp *t; /* NULL: given up */
	union {
		struct holm_sndbuf base;
		struct holm_ring_sndbuf ring;
		struct holm_pattern_sndbuf pattern;
	} snd;
	struct holm_ring_rcvbuf rcv;
	uint64_t written, read;
	uint64_t digest; /* of what was read, and of what events and errors said */
	uint32_t events;
	bool is_pattern, said, shut;
};

struct party {
	struct party_config config;
	struct holm_net *net;
	struct holm_dev dev;
	struct sim_books books;
	void *region;
	uint8_t *table; /* of the pattern */
	uint64_t now;
	uint64_t rng; /* for cutting frames */
	struct holm_tcp *listener;
	struct party_conn *conn[PARTY_CONNS];
	uint32_t nconns;
	struct holm_udp *udp[PARTY_DGRAMS];
	uint64_t heard[PARTY_DGRAMS]; /* digests */
	struct packets out;
};

void party_init(struct party *p, const struct party_config *config);
/* All is given up, and comes back. */
void party_fini(struct party *p);

/* Frames arrive, in the party's way, at `now`. */
void party_receive(struct party *p, struct packet *const *packets, uint32_t n);
/* Programs do what they do in this round, and what is to be sent is sent: it is in `out`. */
void party_act(struct party *p, uint64_t round);

/* The i-th address of a host whose first is `first`. */
struct holm_addr party_addr(uint32_t first, uint32_t i, bool ip6);

/*
 * Says what is different in what programs, counters and connections of two parties show; NULL: nothing.
 * Not compared is how many segments were merged, or predicted. Who looks closely asks for all that is known
 * of each connection, and wakes those that are calm.
 */
const char *party_difference(struct party *a, struct party *b, bool closely);

#endif
