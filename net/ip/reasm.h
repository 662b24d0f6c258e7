/*
 * reasm.h -- datagrams that come in pieces (RFC 791 section 3.2, RFC 815, RFC 8200 section 4.5), shared
 * by the files of net/ip. What the headers of a piece say is read by reasm4.c and reasm6.c.
 *
 * A datagram is known by source, destination, identification, with IPv4 the protocol, and the interface;
 * it waits for its pieces for a named time, and memory for all of them is bounded, for those of one source
 * too. Pieces that overlap are nobody's honest work: the datagram goes (RFC 5722 says so for IPv6, RFC
 * 1858 and 3128 say why). A piece that comes twice is ignored.
 */
#ifndef NET_IP_REASM_H
#define NET_IP_REASM_H

#include "net/core/table.h"
#include "net/ip/keeper.h"

/*
 * RFC 1122 section 3.3.2 wants a minute or two, when links were slow, RFC 8200 section 4.5 one; Linux
 * has this for IPv4.
 */
#define IP_REASM_NS 30000000000ull
/* Datagrams in pieces at a time. Random ones yield, so that noise cannot flush them all at once. */
#define IP_REASM_DATAGRAMS_MAX 64u
/* Of these, from one source: an IPv4 address, a /64 of IPv6. */
#define IP_REASM_SOURCE_MAX 16u

/* One per instance, in struct ip_state. */
struct ip_reasm {
	struct ip_keeper keeper; /* entered with the first piece */
	struct table datagrams;
	struct list oldest_first;
	uint32_t pinned_bytes; /* buffer memory that all pieces hold */
	struct net_timer timer;
};

struct ip_rx;

/* What differs between the families. */
struct ip_reasm_family {
	/* Of the header that only pieces have, in front of l4_off. */
	uint8_t piece_hdr_bytes;
	uint32_t packet_max; /* headers and all */
	/* The first piece's headers become those of the whole, which `rx` describes. */
	void (*mend)(uint8_t *p, size_t hdr_len, const struct ip_rx *rx);
};

/* What the headers of a piece say. */
struct ip_piece {
	const struct ip_reasm_family *family;
	uint32_t id;
	uint32_t off; /* of its payload in the whole's */
	uint8_t proto;
	bool more;
};

/*
 * A piece, whose ip_rx() is filled in and of which something is left: the whole datagram, its ip_rx() too,
 * if nothing is missing any more.
 */
struct holm_frame *ip_reasm_input(struct holm_net *net, struct holm_frame *f,
				  const struct ip_piece *info);

#endif
