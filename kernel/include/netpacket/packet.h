/* netpacket/packet.h -- packet sockets with Linux's numbers and layouts. */
#ifndef HOLM_POSIX_PACKET_H
#define HOLM_POSIX_PACKET_H

#include <stdint.h>

#define SOL_PACKET 263

/* sll_pkttype */
#define PACKET_HOST 0
#define PACKET_BROADCAST 1
#define PACKET_MULTICAST 2
#define PACKET_OTHERHOST 3
#define PACKET_OUTGOING 4

/* Options. */
#define PACKET_ADD_MEMBERSHIP 1
#define PACKET_DROP_MEMBERSHIP 2
#define PACKET_STATISTICS 6
#define PACKET_IGNORE_OUTGOING 23

/* mr_type */
#define PACKET_MR_MULTICAST 0
#define PACKET_MR_PROMISC 1
#define PACKET_MR_ALLMULTI 2
#define PACKET_MR_UNICAST 3

/* Protocol in network order; as many bytes of the address as sll_halen says. */
struct sockaddr_ll {
	unsigned short sll_family;
	unsigned short sll_protocol;
	int sll_ifindex;
	unsigned short sll_hatype;
	unsigned char sll_pkttype;
	unsigned char sll_halen;
	unsigned char sll_addr[8];
};

struct packet_mreq {
	int mr_ifindex;
	unsigned short mr_type;
	unsigned short mr_alen;
	unsigned char mr_address[8];
};

struct tpacket_stats {
	unsigned tp_packets;
	unsigned tp_drops;
};

#endif
