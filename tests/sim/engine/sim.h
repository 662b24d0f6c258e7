/*
 * sim.h -- a network of instances in virtual time: hosts with clocks of their own behind links that
 * delay, lose, damage, repeat and limit, and programs that move streams over them. Everything
 * follows from the plans and their seeds; a run repeated is the same run.
 *
 * Bytes on the links are real frames, copied at both ends as an adapter does: a packet under way
 * pins no memory of an instance. What an adapter may do (cut super-frames, finish checksums) is done
 * here by code of its own, so that it checks the stack's.
 */
#ifndef TESTS_SIM_ENGINE_SIM_H
#define TESTS_SIM_ENGINE_SIM_H

#include <holm/buf.h>
#include <holm/net.h>
#include <holm/tcp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SIM_HOSTS_MAX 16u
#define SIM_NEVER UINT64_MAX
#define SIM_MS 1000000ull
#define SIM_S 1000000000ull

struct sim;
struct sim_flow;

/* ---- Randomness: SplitMix64 ---------------------------------------------------------------------- */

static inline uint64_t sim_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint64_t sim_below(uint64_t *state, uint64_t below)
{
	return sim_random(state) % below;
}

static inline bool sim_happens(uint64_t *state, uint32_t ppm)
{
	return (sim_random(state) >> 32) * 1000000u >> 32 < ppm;
}

/* ---- Events (loop.c) ----------------------------------------------------------------------------- */

/* Call fn(sim, arg) at this time; events of one time run in the order in which they were asked for. */
void sim_at(struct sim *s, uint64_t at, void (*fn)(struct sim *s, void *arg), void *arg);

/* ---- Packets (packet.c) -------------------------------------------------------------------------- */

struct sim_packet {
	struct sim_packet *next;
	struct sim_host *from, *to;
	struct holm_frame *frame; /* held until the adapter is done with it, or NULL */
	uint32_t stage;		  /* how far on its way */
	uint32_t len, room;
	uint8_t gso; /* enum holm_gso, of a super-frame that travels whole */
	bool verified, damaged;
	uint16_t gso_size, hdr_len, l3_off, l4_off, payload_off;
	uint8_t data[];
};

struct sim_packet *sim_packet_new(struct sim *s, uint32_t len);
void sim_packet_free(struct sim *s, struct sim_packet *p);
struct sim_packet *sim_packet_copy(struct sim *s, const struct sim_packet *p);

/* What an adapter makes of a frame: packets, checksums complete, cut unless `whole`; a list. */
struct sim_packet *sim_packets_of(struct sim *s, const struct holm_frame *f, bool whole);

/* Does it carry TCP payload? */
bool sim_packet_has_data(const struct sim_packet *p);
/* Mark congestion experienced, if the packet says that its ends know what that is. */
bool sim_packet_mark(struct sim_packet *p);

/* ---- Links (link.c) ------------------------------------------------------------------------------ */

/* One direction. Probabilities are in parts per million. All zero: a perfect wire. */
struct sim_pipe_config {
	uint64_t seed;
	uint64_t rate;	      /* bytes per second; 0: no limit */
	uint64_t delay_ns;    /* added to every packet */
	uint64_t jitter_ns;   /* plus uniform(0, jitter), in order */
	uint32_t queue_bytes; /* that may wait for the line; more are dropped. 0: no limit */
	uint32_t mark_bytes;  /* of these, from which on packets are marked; 0: never */
	uint32_t drop_ppm, duplicate_ppm, corrupt_ppm;
	uint32_t reorder_ppm;	/* such a packet's delay is cut short at random */
	uint32_t swallow_above; /* frames of more bytes vanish, and nobody says so; 0: none do */
	bool data_only;		/* only packets with TCP payload are dropped by drop_ppm */
};

struct sim_pipe_stats {
	uint64_t passed, bytes, dropped, overflowed, duplicated, corrupted, reordered, marked;
	uint64_t swallowed;
};

struct sim_pipe {
	struct sim_pipe_config config;
	struct sim_pipe_stats stats;
	uint64_t rng;
	uint64_t free_ns; /* when the line is free again */
	uint64_t last_ns; /* when the last packet arrives */
};

void sim_pipe_init(struct sim_pipe *pipe, const struct sim_pipe_config *config);

/* A packet has left its sender, or the pipe before. */
void sim_forward(struct sim *s, struct sim_packet *p);

/* ---- Hosts (host.c) ------------------------------------------------------------------------------ */

struct sim_host_config {
	struct holm_dev_caps caps;
	const struct holm_proto *const *protos; /* NULL: sim_protos */
	const struct holm_config *config;	/* NULL: the defaults */
	uint64_t seed;				/* of the instance's randomness and of failures */
	size_t frames;				/* 0: 1024 */
	uint32_t side;				/* 0 or 1: the trunk lies between */
	uint64_t start_ns;			/* what the clock shows first */
	uint64_t tick_ns;			/* the clock's step; 0: 1 ns */
	int32_t skew_ppm;			/* how much too fast it runs */
	uint64_t coalesce_ns; /* packets wait as long for others before they interrupt */
	uint32_t batch;	      /* frames per holm_net_input(); 0: 32. 1: no GRO */
	bool unpredicted;     /* every segment takes all the steps: no header prediction */
	uint32_t ring; /* frames the adapter holds; 0: no limit. The way up's rate empties it */
	bool whole;    /* super-frames travel uncut to hosts with `whole` */
	uint32_t alloc_fail_ppm;  /* of the env's allocations, while sim_fail_memory() is on */
	uint32_t alloc_fail_from; /* or these: the n-th from then on (1, 2, ...), and */
	uint32_t alloc_fail_for;  /* how many */
	uint32_t frame_fail_ppm;  /* of the adapter's receive frames */
	struct sim_pipe_config up, down;
};

/* Memory of one instance: malloc with books. */
struct sim_books {
	size_t in_use, in_use_max;
	uint64_t calls, failed;
	uint64_t rng;
	uint32_t fail_ppm;
	uint64_t fail_from, fail_end; /* numbers of calls */
};
/* An env's, whose context they are. */
void *sim_books_alloc(void *ctx, size_t size, size_t align);
void sim_books_free(void *ctx, void *p, size_t size);
void sim_books_random(void *ctx, void *dst, size_t len);

struct sim_host {
	struct sim *sim;
	struct sim_host_config config;
	struct holm_dev dev;
	struct holm_net *net;
	struct holm_addr addr;
	void *region;
	struct sim_books books;
	struct sim_pipe up, down;
	uint64_t rng;
	uint64_t wake_ns;		  /* the next step; SIM_NEVER: none */
	struct sim_packet *rx, **rx_tail; /* arrived */
	uint32_t nrx;
	uint32_t in_ring;
	bool tx_blocked;
	bool stepping;
	uint64_t sent_frames, step_frames, dropped_frames;
	size_t in_use_first; /* objects of the instance when it was ready */
	struct holm_tcp *listener;
	struct sim_end *ready; /* ends with something to do in this step */
	struct holm_frame *done[256];
	uint32_t ndone;
};

extern const struct holm_proto *const sim_protos[];
/* TCP and what it stands on, without its parts. */
#define SIM_PLAIN                                                                                  \
	&holm_arp, &holm_ipv4, HOLM_IP_PARTS, &holm_icmp4, &holm_ipv6, &holm_icmp6, &holm_nd,      \
		&holm_tcp
/* With what changes no answer to a loss. */
#define SIM_BASE SIM_PLAIN, &holm_tcp_records, &holm_tcp_super, &holm_tcp_ecn

/* Wake the host at this time at the latest. */
void sim_host_wake(struct sim_host *h, uint64_t at);
/* The host's own time. */
uint64_t sim_host_now(const struct sim_host *h);
/* A packet arrives at the adapter. */
void sim_host_receive(struct sim_host *h, struct sim_packet *p);
/* The adapter has sent the packet's frame. */
void sim_host_sent(struct sim_host *h, struct sim_packet *p);

/* ---- The world (loop.c) -------------------------------------------------------------------------- */

struct sim_heap_entry {
	uint64_t at, order;
	void (*fn)(struct sim *s, void *arg);
	void *arg;
};

struct sim {
	uint64_t now;
	uint64_t order;
	struct sim_heap_entry *heap;
	size_t nheap, heap_room;
	struct sim_host *host[SIM_HOSTS_MAX];
	uint32_t nhosts;
	struct sim_pipe trunk[2]; /* from side 0 to side 1, and back */
	struct sim_packet *free_packets;
	uint64_t packets_out;	/* that exist and are not free */
	struct sim_flow *flows; /* all of them, newest first */
	uint32_t flows_running;
	FILE *pcap;
	bool trace;
	uint64_t seed; /* for messages */
	bool ip6;      /* hosts have IPv6 addresses; said before the first is added */
	/*
	 * `wire` is wanted: of each side every frame that left, and when (FNV-1a). What both do at
	 * once has no order.
	 */
	bool watched;
	uint64_t wire[2];
};

/* The one that runs. */
extern struct sim *sim_current;

void sim_init(struct sim *s, uint64_t seed);
/* Half of the seeds are for IPv6, or with FAMILY=4 and FAMILY=6 none and all. */
bool sim_seed_is_ip6(uint64_t seed);
/* Flows over IPv6 begin later by this: addresses are used when nobody has said that they are his. */
#define SIM_IP6_READY_NS (5 * SIM_S)
/* trunk[0] and trunk[1]; perfect wires if never called. */
void sim_set_trunk(struct sim *s, const struct sim_pipe_config trunk[2]);
/* Hosts are 10.0.0.1, .2, ... in this order, or fd00::1, ::2; each listens on SIM_PORT. */
struct sim_host *sim_add_host(struct sim *s, const struct sim_host_config *config);
/* A host like most. */
struct sim_host_config sim_host_default(void);

/* One event. False: none before `until`, and it is `until` now. */
bool sim_step(struct sim *s, uint64_t until);
void sim_run(struct sim *s, uint64_t ns);

/* From here on allocations fail as the hosts' plans say (on) or do not (off). */
void sim_fail_memory(struct sim *s, bool on);

/*
 * End it: all flows must be over. What lingers (TIME-WAIT) runs out, then every frame must be back
 * in its pool, every packet be free, every byte be back in its env.
 */
void sim_fini(struct sim *s);

/* ---- Streams (flow.c) ---------------------------------------------------------------------------- */

#define SIM_PORT 7000u

enum sim_buffer { SIM_PATTERN, SIM_RING, SIM_FRAMES };

enum sim_finish {
	SIM_SHUTDOWN, /* FIN behind the last byte, read to the end, close */
	SIM_CLOSE,    /* close when all is written: what the peer still sends may reset */
	SIM_ABORT,    /* abort when all is written */
	SIM_STAY,     /* neither: the stream goes on until the run ends */
};

struct sim_end_plan {
	uint32_t host;	      /* index */
	uint64_t bytes;	      /* to be sent */
	uint32_t write_bytes; /* at a time; 0: as many as there is room for */
	uint32_t read_bytes;
	uint64_t write_pause_ns, read_pause_ns; /* between two calls */
	uint64_t read_from_ns;			/* the reader sleeps before (time of the run) */
	uint32_t sndbuf, rcvbuf;
	enum sim_buffer snd_kind, rcv_kind;
	enum sim_finish finish;
	bool nodelay, timestamps, sack;
	bool trusts;		/* no keep-alive: the link loses nothing */
	uint8_t ecn;		/* as HOLM_TCP_OPT_ECN */
	uint16_t maxseg;	/* 0: no limit */
	const char *controller; /* NULL: the default */
};

/* end[0] connects to end[1]. */
struct sim_flow_plan {
	struct sim_end_plan end[2];
	uint64_t start_ns;
	bool may_fail; /* errors are an outcome: memory fails, or an end leaves early */
};

struct sim_end {
	struct sim_flow *flow;
	const struct sim_end_plan *plan;
	struct sim_end *next_ready;
	bool is_ready;
	struct holm_tcp *t;
	struct {
		union {
			struct holm_sndbuf base;
			struct holm_pattern_sndbuf pattern;
			struct holm_ring_sndbuf ring;
		} snd;
		union {
			struct holm_rcvbuf base;
			struct holm_pattern_rcvbuf pattern;
			struct holm_ring_rcvbuf ring;
			struct holm_frame_rcvbuf frames;
		} rcv;
	} buf;
	bool snd_held, rcv_held; /* the stack has the buffer */
	uint64_t written, read;
	uint64_t digest; /* of the bytes read, where the buffer shows them (FNV-1a) */
	uint64_t next_write_ns, next_read_ns, timer_ns, over_ns;
	bool shut, eof, over;
	int error;
};

struct sim_flow {
	struct sim *sim;
	struct sim_flow *next;
	struct sim_flow_plan plan;
	struct sim_end end[2];
	struct holm_endpoint client;
	uint32_t open_ends;
	uint32_t tries;
	bool started, over;
};

/* A stream that starts at its time; the plan is copied. The simulation owns it. */
struct sim_flow *sim_add_flow(struct sim *s, const struct sim_flow_plan *plan);
struct sim_end_plan sim_end_default(uint32_t host);

/* Abort both ends, whatever they were doing; their fate is not judged. */
void sim_flow_stop(struct sim_flow *f);

/* Run until all flows are over, and judge them: the run fails if they are not in `patience_ns`. */
void sim_finish_flows(struct sim *s, uint64_t patience_ns);

/* For host.c: connections that wait for accept(), events, and the ends that have something to do. */
void sim_flow_events(struct sim_host *h);
bool sim_flow_react(struct sim_host *h);
/* Keep-alive by seconds. 0, or an error when there is no memory. */
int sim_keep_alive(struct holm_tcp *t);
void sim_flow_free_all(struct sim *s);
/* Has the stack of an end whose program had closed given up the last bytes? The other end was told. */
bool sim_flow_was_given_up(const struct sim_flow *f);
/* What streams that are not over were doing. */
void sim_flow_describe_all(const struct sim *s);

/* ---- Running seeds (runner.c) -------------------------------------------------------------------- */

/* The run has failed: says why, and ends the process. */
#if defined(__GNUC__)
__attribute__((noreturn, format(printf, 2, 3)))
#endif
void sim_fail(struct sim *s, const char *format, ...);

/*
 * Run `scenario` for many seeds on all processors, each in a process that may fail: then it is run
 * again with a capture, and the command that repeats it is printed. Returns how many failed.
 *
 *	SEEDS=n	 how many (default `n`)		FIRST=s	 from which on (default 1)
 *	SEED=s	 only this one, with a capture	TRACE=1	 and the instances' trace
 */
unsigned sim_seeds(const char *program, void (*scenario)(uint64_t seed), uint64_t n);

/* Where sim_init() writes its capture; NULL: nowhere. */
extern const char *sim_pcap_path;

#endif
