/*
 * packet.h -- a packet in the numbers of the script: what an event says, and what the stack sent once
 * flow.c has translated it. Both are printed in the same notation and compared field by field.
 */
#ifndef TESTS_PKT_PACKET_H
#define TESTS_PKT_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <holm/types.h>

#define PACKET_OPTIONS_MAX 40u
/* The AE flag of RFC 9768, beside the eight of the header's 13th byte. */
#define PACKET_AE 0x100u

enum packet_proto { PACKET_TCP, PACKET_UDP, PACKET_ICMP };

enum packet_opt_kind {
	OPT_EOL = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_WSCALE = 3,
	OPT_SACK_OK = 4,
	OPT_SACK = 5,
	OPT_TS = 8,
	OPT_UTO = 28,
	OPT_FO = 34,
	OPT_ECN0 = 172, /* AccECN, RFC 9768: counters in the order e0b ceb e1b */
	OPT_ECN1 = 174, /* ... e1b ceb e0b */
	OPT_FOEXP = 254,
	OPT_RAW = 256, /* bytes as they are */
};

struct packet_opt {
	uint16_t kind; /* enum packet_opt_kind */
	uint8_t n;     /* SACK: blocks; FO, raw: bytes; ECN0, ECN1: counters */
	union {
		uint32_t number
			[8]; /* MSS, scale; TS: value, echo; SACK: left, right, ...; counters */
		uint8_t bytes[40];
	};
};

struct packet {
	bool inbound;
	uint8_t proto; /* enum packet_proto */

	/* IP. Ports are 0 where they are the usual ones. */
	bool has_addrs;
	struct holm_addr src, dst;
	uint16_t sport, dport;
	int ecn, tos, ttl; /* -1: does not matter */
	int df;		   /* -1, 0, 1 */
	bool bad_sum;
	bool own_bytes; /* the payload is not the stream's */
	uint8_t ip_options[40];
	uint8_t ip_options_len;

	/* TCP. UDP has `len`, ICMP quotes seq and len. */
	uint16_t flags; /* enum tcp_flag, PACKET_AE */
	bool has_flags; /* false: any */
	bool any_ace;	/* the ACE field is not looked at */
	uint32_t seq, len, ack;
	bool has_ack, has_wnd, has_urg;
	uint16_t wnd, urg;
	bool any_options;
	struct packet_opt opts[PACKET_OPTIONS_MAX];
	size_t nopts;

	/* ICMP */
	uint8_t icmp_type, icmp_code;
	bool has_mtu, has_quote;
	uint16_t mtu;
};

#define PACKET_TEXT_MAX 1024u

/* As the script has it; returns `text`. */
const char *packet_print(const struct packet *p, char text[static PACKET_TEXT_MAX]);

/* Why `got` is not what `spec` says, into `why`; NULL if it is. */
const char *packet_mismatch(const struct packet *spec, const struct packet *got);

/* Names of ICMP types and codes. */
struct icmp_name {
	const char *name;
	uint8_t type, code;
};
/* For the type alone, code 255. NULL: none. */
const struct icmp_name *icmp_type_by_name(const char *name, size_t len);
const struct icmp_name *icmp_code_by_name(uint8_t type, const char *name, size_t len);
const struct icmp_name *icmp_by_number(uint8_t type, uint8_t code);
/* The message of ICMPv6 that means the same, and back. False: there is none. */
bool icmp_to_ip6(uint8_t *type, uint8_t *code);
bool icmp_from_ip6(uint8_t *type, uint8_t *code);

#endif
