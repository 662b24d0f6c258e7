/*
 * DHCPv4 messages: RFC 2131 and 2132, long options RFC 3396, classless routes RFC 3442.
 *
 * Reading serves both directions (a client reads replies, a trace reads everything), building is a
 * client's. A message with any option that this file understands and finds illegal is refused as a
 * whole, by a name and the option's number. What a message means is the client's business.
 */
#ifndef NET_WIRE_DHCP4_H
#define NET_WIRE_DHCP4_H

#include <holm/types.h>

#include "lib/bytes.h"

struct fmt_out;

enum {
	DHCP4_SERVER_PORT = 67,
	DHCP4_CLIENT_PORT = 68,
	DHCP4_FIXED_BYTES = 240, /* the BOOTP part and the magic cookie */
	DHCP4_MESSAGE_MIN = 300, /* RFC 1542 section 2.1: shorter ones are padded */
	DHCP4_OPTION_MAX = 512,	 /* parts of one option put together; no understood one is longer */
	DHCP4_ROUTERS_MAX = 4,	 /* further ones are ignored: these are in order of preference */
	DHCP4_DNS_MAX = 3,	 /* likewise */
	DHCP4_ROUTES_MAX = 8,	 /* further ones are counted */
	DHCP4_FLAG_BROADCAST = 0x8000
};

/* What tells DHCP options from other vendors' areas: RFC 2132 section 2. */
#define DHCP4_MAGIC 0x63825363u

/* A lease, T1 or T2 that never comes. */
#define DHCP4_FOREVER_S UINT32_MAX

enum dhcp4_op { DHCP4_BOOTREQUEST = 1, DHCP4_BOOTREPLY = 2 };

enum dhcp4_type {
	DHCP4_DISCOVER = 1,
	DHCP4_OFFER = 2,
	DHCP4_REQUEST = 3,
	DHCP4_DECLINE = 4,
	DHCP4_ACK = 5,
	DHCP4_NAK = 6,
	DHCP4_RELEASE = 7,
	DHCP4_INFORM = 8
};

enum dhcp4_opt {
	DHCP4_OPT_PAD = 0,
	DHCP4_OPT_MASK = 1,
	DHCP4_OPT_ROUTER = 3,
	DHCP4_OPT_DNS = 6,
	DHCP4_OPT_HOSTNAME = 12,
	DHCP4_OPT_MTU = 26,
	DHCP4_OPT_REQUESTED = 50,
	DHCP4_OPT_LEASE = 51,
	DHCP4_OPT_OVERLOAD = 52,
	DHCP4_OPT_TYPE = 53,
	DHCP4_OPT_SERVER_ID = 54,
	DHCP4_OPT_PARAMETERS = 55,
	DHCP4_OPT_MESSAGE = 56,
	DHCP4_OPT_MAX_SIZE = 57,
	DHCP4_OPT_T1 = 58,
	DHCP4_OPT_T2 = 59,
	DHCP4_OPT_CLIENT_ID = 61,
	DHCP4_OPT_ROUTES = 121,
	DHCP4_OPT_END = 255
};

/* What became of reading a message. */
enum dhcp4_verdict {
	DHCP4_OK,
	DHCP4_SHORT,	       /* the fixed part is not all there */
	DHCP4_NOT_BOOTP,       /* neither request nor reply */
	DHCP4_HARDWARE,	       /* not ethernet addresses */
	DHCP4_COOKIE,	       /* the magic cookie is another: no DHCP options */
	DHCP4_OPTION_BOUNDS,   /* an option runs over the end of its area */
	DHCP4_OPTION_EMPTY,    /* no value where one is needed */
	DHCP4_OPTION_LENGTH,   /* a length that the option cannot have */
	DHCP4_OPTION_TOO_LONG, /* over DHCP4_OPTION_MAX when put together */
	DHCP4_OPTION_VALUE,    /* a value that it cannot have */
	DHCP4_OPTION_ABSENT,   /* dhcp4_option: there is none; dhcp4_parse: no message type */
	DHCP4_VERDICT_COUNT
};

const char *dhcp4_verdict_text(enum dhcp4_verdict verdict);

struct dhcp4_fixed {
	uint8_t op; /* enum dhcp4_op */
	uint8_t hardware;
	uint8_t hardware_bytes;
	uint8_t hops;
	struct be32 xid;
	struct be16 secs;
	struct be16 flags;
	struct be32 ciaddr;
	struct be32 yiaddr;
	struct be32 siaddr;
	struct be32 giaddr;
	uint8_t chaddr[16];
	uint8_t sname[64]; /* holds options when overloaded */
	uint8_t file[128]; /* likewise, before sname */
	struct be32 cookie;
};

_Static_assert(sizeof(struct dhcp4_fixed) == DHCP4_FIXED_BYTES, "the fixed part is 240 bytes");

struct dhcp4_route {
	uint32_t dst;	  /* no bit set behind the prefix */
	uint32_t gateway; /* 0: the destination is on the link */
	uint8_t prefix_len;
};

/* Addresses are in host order, 0 where there is none; times in seconds. */
struct dhcp4_info {
	uint8_t op;
	uint8_t type; /* enum dhcp4_type */
	uint16_t secs;
	uint16_t flags;
	uint16_t mtu; /* 0: not given */
	uint32_t xid;
	uint32_t ciaddr, yiaddr, siaddr, giaddr;
	struct holm_mac chaddr;

	uint32_t server_id;
	uint32_t requested;
	uint32_t lease_s, t1_s, t2_s; /* count only if their has-field does */
	bool has_lease, has_t1, has_t2;
	bool has_mask;
	bool has_routes;    /* option 121 is there, even if it is a list of nothing usable */
	uint8_t prefix_len; /* of the mask */
	uint8_t nrouters, ndns, nroutes;
	uint16_t routes_ignored; /* legal ones beyond DHCP4_ROUTES_MAX */
	uint32_t routers[DHCP4_ROUTERS_MAX];
	uint32_t dns[DHCP4_DNS_MAX];
	struct dhcp4_route routes[DHCP4_ROUTES_MAX];

	uint8_t bad_option; /* the option that a verdict is about */
};

/*
 * `len` bytes at p lie in one piece: the payload of a datagram. Anything but DHCP4_OK leaves only
 * out->bad_option meaningful.
 */
enum dhcp4_verdict dhcp4_parse(const uint8_t *p, size_t len, struct dhcp4_info *out);

/*
 * The value of one option of a message, its parts put together in the order that RFC 3396 gives:
 * options, file, sname. `room` is DHCP4_OPTION_MAX to get any. DHCP4_OPTION_TOO_LONG if it does not
 * fit; *out_len is valid with DHCP4_OK, and 0 for an empty value.
 */
enum dhcp4_verdict dhcp4_option(const uint8_t *p, size_t len, uint8_t code, uint8_t *out,
				size_t room, size_t *out_len);

/* A client's message. What is zero is left out, as the type allows: RFC 2131 table 5. */
struct dhcp4_request {
	uint8_t type;	/* DISCOVER, REQUEST, DECLINE, RELEASE or INFORM */
	bool broadcast; /* cannot receive unicast without an address */
	uint16_t secs;
	uint32_t xid;
	struct holm_mac chaddr; /* also the client identifier */
	uint32_t ciaddr;
	uint32_t requested;
	uint32_t server_id;
	uint16_t max_size;	   /* of an IP datagram with a DHCP message; at least 576 */
	struct holm_span hostname; /* at most 255 bytes; empty: none */
};

/*
 * Writes at most `room` bytes and returns how many, padded to DHCP4_MESSAGE_MIN; 0 if they do not
 * fit. 640 bytes always suffice.
 */
size_t dhcp4_build(uint8_t *p, size_t room, const struct dhcp4_request *request);

void dhcp4_print(struct fmt_out *out, const uint8_t *p, size_t len);

#endif
