/*
 * The DHCP client from the inside, shared by dhcp.c (the exchange) and dhcp_lease.c (what a lease
 * does to the instance).
 */
#ifndef NET_APP_DHCP_H
#define NET_APP_DHCP_H

#include <holm/buf.h>
#include <holm/dhcp.h>

#include "net/wire/dhcp4.h"

#define DHCP_SECOND_NS 1000000000u
/* RFC 2131 section 4.1: 4 s, doubled each time up to 64 s, give or take a second. */
#define DHCP_RETRY_FIRST_S 4u
#define DHCP_RETRY_LAST_S 64u
/* Requests for an offered address before the client starts over. */
#define DHCP_REQUEST_MAX 4u
/* RFC 2131 section 4.4.5: renewals are at least this far apart. */
#define DHCP_RENEW_MIN_S 60u
/* A shorter lease is taken for this long, so that no server can make us busy. */
#define DHCP_LEASE_MIN_S 10u
/* A server that forgot to say (RFC 2131 table 3: it must). */
#define DHCP_LEASE_DEFAULT_S 3600u
/* RFC 2131 section 3.1 step 5: wait at least this long after an address turned out unusable. */
#define DHCP_UNUSABLE_WAIT_S 10u
/* The smallest MTU that is believed: every host takes datagrams of this size (RFC 791). */
#define DHCP_MTU_MIN 576u

enum {
	DHCP_HOSTNAME_MAX = 63,	 /* RFC 1035: a label */
	DHCP_MESSAGE_MAX = 1472, /* of what is received: an ethernet frame's */
	DHCP_SEND_MAX = 640,
	DHCP_MAX_SIZE = 1500, /* what the server is told, as an IP datagram */
};

/* One per device that asks. Owned by the program, in memory of the instance. */
struct holm_dhcp {
	struct holm_net *net;
	struct holm_dev *dev;
	struct holm_udp *udp;
	enum holm_dhcp_state state;

	/* The exchange under way. */
	bool expecting; /* an answer to xid is welcome */
	bool link_up;	/* as last seen */
	uint32_t xid;
	uint32_t tries;		  /* messages sent in this state */
	uint32_t failures;	  /* refusals in a row: each makes the wait longer */
	uint64_t began_ns;	  /* of the exchange, for the "secs" field */
	uint16_t secs;		  /* what that was last */
	uint64_t next_ns;	  /* when to act next */
	uint32_t offered, server; /* what is requested, from whom */

	/* The lease in force, and what of it is configured. */
	bool have_lease;
	struct holm_dhcp_lease lease;
	struct holm_route installed[HOLM_DHCP_ROUTES_MAX];
	uint32_t ninstalled;

	uint8_t hostname[DHCP_HOSTNAME_MAX];
	uint8_t hostname_len;
	uint8_t message[DHCP_MESSAGE_MAX];
};

/*
 * Take over what an acknowledgement says, at `now`; what it does not say stays as it was. 0, or the
 * error of holm_addr_add(): then nothing is configured.
 */
int dhcp_lease_apply(struct holm_dhcp *d, const struct dhcp4_info *info, uint64_t now);

/* Remove what the lease configured. */
void dhcp_lease_drop(struct holm_dhcp *d);

#endif
