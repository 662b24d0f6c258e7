/*
 * flow.h -- between the numbers of the script and those of the wire: relative sequence numbers,
 * timestamps, cookies, ports. A flow is a pair of ports; most scripts have one.
 */
#ifndef TESTS_PKT_FLOW_H
#define TESTS_PKT_FLOW_H

#include "tests/pkt/family.h"
#include "tests/pkt/packet.h"
#include "tests/pkt/wire.h"

#define FLOWS_MAX 64u
#define FLOW_STAMPS_MAX 512u
#define FLOW_COOKIES_MAX 8u
#define FLOW_LOCAL_PORT 8080u
#define FLOW_REMOTE_PORT 40000u

/* A number or bytes that the stack chose, and what the script calls them. */
struct flow_stamp {
	uint32_t script, live;
};

struct flow_cookie {
	uint8_t len;
	uint8_t script[16], live[16];
};

struct flow {
	uint8_t proto;
	uint16_t local_port, remote_port;
	bool ours_known, theirs_known;
	uint32_t ours, theirs;	     /* wire number less script number */
	uint32_t our_syn, their_syn; /* of the script: byte 0 of a stream is behind them */
	bool syn_came;		     /* a new SYN: our next one may begin anew */
	bool opened;		     /* we sent the first SYN */
	struct flow_stamp stamps[FLOW_STAMPS_MAX];
	size_t nstamps;
};

struct flows {
	const struct family *family;
	struct holm_addr local, remote; /* the usual addresses */
	uint32_t peer_isn;		/* where the peer's numbers begin on the wire */
	uint32_t peer_ts;		/* wire timestamp of the peer less the script's */
	struct flow *flow[FLOWS_MAX];
	size_t nflows;
	struct flow *current; /* of packets without ports */
	struct flow_cookie cookies[FLOW_COOKIES_MAX];
	size_t ncookies;
	uint16_t local_port; /* the usual one of passive flows */
	bool have_first_isn;
	uint32_t first_isn; /* the first that the stack chose */
};

void flows_init(struct flows *fs, const struct family *family, const struct holm_addr *local,
		const struct holm_addr *remote);
void flows_fini(struct flows *fs);

/*
 * The packet of the script as it is to go over the wire; makes a flow where it begins one.
 * *start is the stream offset of its first byte.
 */
struct flow *flow_to_wire(struct flows *fs, const struct packet *spec, struct packet *wire,
			  int64_t *start);
/* What an ICMP error of the script quotes. */
void flow_quote(struct flows *fs, const struct packet *spec, struct wire_quote *q);

/*
 * A packet of the wire in the numbers of the script, for comparing with `spec`, from which it learns
 * what the stack was free to choose. `spec` may be NULL: for printing only, nothing is learnt.
 */
void flow_to_script(struct flows *fs, const struct packet *spec, struct packet *p, int64_t *start);

#endif
