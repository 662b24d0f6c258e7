/*
 * Building a DHCPv4 client's messages: RFC 2131 section 4.4.1 and table 5. See dhcp4.h.
 */
#include "lib/assert.h"
#include "net/wire/arp.h"
#include "net/wire/dhcp4.h"

/* Bounded: once something does not fit, nothing more is written and `full` stays set. */
struct writer {
	uint8_t *p;
	size_t room;
	size_t len;
	bool full;
};

static void put_bytes(struct writer *w, const void *src, size_t n)
{
	if (w->full || n > w->room - w->len) {
		w->full = true;
		return;
	}
	memcpy(w->p + w->len, src, n);
	w->len += n;
}

/* `n` is at most 255. */
static void put_option(struct writer *w, uint8_t code, const void *value, size_t n)
{
	uint8_t head[2] = { code, (uint8_t)n };

	ASSERT(n <= 255);
	put_bytes(w, head, sizeof(head));
	put_bytes(w, value, n);
}

static void put_addr(struct writer *w, uint8_t code, uint32_t addr)
{
	struct be32 value = be32_of(addr);

	if (addr != 0)
		put_option(w, code, &value, sizeof(value));
}

static void put_fixed(struct writer *w, const struct dhcp4_request *r)
{
	struct dhcp4_fixed fixed = {
		.op = DHCP4_BOOTREQUEST,
		.hardware = ARP_HARDWARE_ETHERNET,
		.hardware_bytes = sizeof(struct holm_mac),
		.xid = be32_of(r->xid),
		.secs = be16_of(r->secs),
		.flags = be16_of(r->broadcast ? DHCP4_FLAG_BROADCAST : 0),
		.ciaddr = be32_of(r->ciaddr),
		.cookie = be32_of(DHCP4_MAGIC),
	};

	memcpy(fixed.chaddr, &r->chaddr, sizeof(r->chaddr));
	put_bytes(w, &fixed, sizeof(fixed));
}

/* RFC 2132 section 9.14: the hardware type and address, which RFC 4361 has most servers expect. */
static void put_client_id(struct writer *w, const struct holm_mac *mac)
{
	uint8_t id[1 + sizeof(*mac)] = { ARP_HARDWARE_ETHERNET };

	memcpy(id + 1, mac, sizeof(*mac));
	put_option(w, DHCP4_OPT_CLIENT_ID, id, sizeof(id));
}

/* What only messages that ask for parameters carry; classless routes before routers: RFC 3442. */
static void put_wishes(struct writer *w, const struct dhcp4_request *r)
{
	static const uint8_t wanted[] = { DHCP4_OPT_MASK, DHCP4_OPT_ROUTES, DHCP4_OPT_ROUTER,
					  DHCP4_OPT_DNS,  DHCP4_OPT_MTU,    DHCP4_OPT_LEASE,
					  DHCP4_OPT_T1,	  DHCP4_OPT_T2 };
	struct be16 max_size = be16_of(r->max_size);

	if (r->max_size != 0)
		put_option(w, DHCP4_OPT_MAX_SIZE, &max_size, sizeof(max_size));
	if (r->hostname.len > 0)
		put_option(w, DHCP4_OPT_HOSTNAME, r->hostname.data, r->hostname.len);
	put_option(w, DHCP4_OPT_PARAMETERS, wanted, sizeof(wanted));
}

size_t dhcp4_build(uint8_t *p, size_t room, const struct dhcp4_request *r)
{
	static const uint8_t end = DHCP4_OPT_END;
	static const uint8_t zeros[DHCP4_MESSAGE_MIN - DHCP4_FIXED_BYTES];
	struct writer w = { .p = p, .room = room };

	put_fixed(&w, r);
	put_option(&w, DHCP4_OPT_TYPE, &r->type, 1);
	put_client_id(&w, &r->chaddr);
	put_addr(&w, DHCP4_OPT_REQUESTED, r->requested);
	put_addr(&w, DHCP4_OPT_SERVER_ID, r->server_id);
	if (r->type != DHCP4_DECLINE && r->type != DHCP4_RELEASE)
		put_wishes(&w, r);
	put_bytes(&w, &end, 1);
	if (!w.full && w.len < DHCP4_MESSAGE_MIN)
		put_bytes(&w, zeros, DHCP4_MESSAGE_MIN - w.len);
	return w.full ? 0 : w.len;
}
