/*
 * dhcp_stage.h -- a lab with a DHCP client in it; the test plays the server.
 */
#ifndef TESTS_SUPPORT_DHCP_STAGE_H
#define TESTS_SUPPORT_DHCP_STAGE_H

#include <holm/dhcp.h>

#include "net/wire/dhcp4.h"
#include "tests/support/lab.h"

/* Who offers what: 10.0.0.2 offers 10.0.0.50. */
#define DHCP_STAGE_SERVER LAB_IP(2)
#define DHCP_STAGE_OFFERED LAB_IP(50)

struct dhcp_stage {
	struct lab lab;
	struct holm_dhcp *client;
	uint64_t next;
	struct dhcp4_info heard; /* the client's last message */
	uint32_t heard_dst, heard_src;
	size_t messages;
};

/* What the server says: options are appended, the rest is filled in. */
struct dhcp_reply {
	uint8_t options[400];
	size_t len;
	uint32_t yiaddr, xid;
	bool unicast;
	/* What is wrong with it: no reply, for another host, from another port. */
	bool is_request, for_other, from_other_port;
};

/* A lab without an address, and a client that has sent its first message. */
void dhcp_start(struct dhcp_stage *s);
/* The same up to the lease; the server's hardware address is known to the client. */
void dhcp_become_bound(struct dhcp_stage *s, uint32_t lease_s);
void dhcp_finish(struct dhcp_stage *s);

/* Poll the client now; hear what it says. */
void dhcp_run(struct dhcp_stage *s);
/* Take note of what it has sent. */
void dhcp_listen(struct dhcp_stage *s);
/* Let time pass as a program does: waking for the client and for the instance. */
void dhcp_wait(struct dhcp_stage *s, uint64_t ns);

/* A reply of this type with the server's identifier, to the client's last message. */
struct dhcp_reply dhcp_reply_of(const struct dhcp_stage *s, uint8_t type);
/* The same with lease time, mask 255.255.255.0, router 10.0.0.1 and DNS 10.0.0.3. */
struct dhcp_reply dhcp_full_reply(const struct dhcp_stage *s, uint8_t type, uint32_t lease_s);
void dhcp_option(struct dhcp_reply *r, uint8_t code, const void *value, uint8_t n);
void dhcp_option32(struct dhcp_reply *r, uint8_t code, uint32_t value);
/* Say it, and poll the client. */
void dhcp_say(struct dhcp_stage *s, const struct dhcp_reply *r);
void dhcp_say_full(struct dhcp_stage *s, uint8_t type, uint32_t lease_s);

bool dhcp_has_address(struct dhcp_stage *s, uint32_t a);
size_t dhcp_count_routes(struct dhcp_stage *s);

#endif
