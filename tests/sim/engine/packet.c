/*
 * Packets: frames as bytes. What an adapter does to a frame on its way out, written without looking
 * at the stack's own code for it: cutting TCP super-frames, finishing checksums.
 */
#include "tests/sim/engine/sim.h"

#include <stdlib.h>
#include <string.h>

/* A packet of the free list has room for this. */
#define USUAL_BYTES 1600u
#define ETH_BYTES 14u
#define IP6_BYTES 40u

struct sim_packet *sim_packet_new(struct sim *s, uint32_t len)
{
	uint32_t room = len > USUAL_BYTES ? len : USUAL_BYTES;
	struct sim_packet *p = s->free_packets;

	if (p && room == USUAL_BYTES) {
		s->free_packets = p->next;
	} else {
		p = malloc(sizeof(*p) + room);
		if (!p)
			abort();
	}
	memset(p, 0, sizeof(*p));
	p->room = room;
	p->len = len;
	s->packets_out++;
	return p;
}

void sim_packet_free(struct sim *s, struct sim_packet *p)
{
	s->packets_out--;
	if (p->room != USUAL_BYTES) {
		free(p);
		return;
	}
	p->next = s->free_packets;
	s->free_packets = p;
}

struct sim_packet *sim_packet_copy(struct sim *s, const struct sim_packet *p)
{
	struct sim_packet *copy = sim_packet_new(s, p->len);
	uint32_t room = copy->room;

	memcpy(copy, p, sizeof(*p) + p->len);
	copy->room = room;
	copy->next = NULL;
	copy->frame = NULL;
	return copy;
}

/* ---- Fields -------------------------------------------------------------------------------------- */

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* RFC 1071, not folded. */
static uint64_t sum(const uint8_t *p, size_t n)
{
	uint64_t total = 0;

	for (; n >= 8; p += 8, n -= 8)
		total += get32(p) + (uint64_t)get32(p + 4);
	for (; n >= 2; p += 2, n -= 2)
		total += (uint64_t)get16(p) << 16;
	return total + (n ? (uint64_t)p[0] << 24 : 0);
}

static uint16_t fold(uint64_t total)
{
	total = (total >> 32) + (total & 0xffffffff);
	total = (total >> 32) + (total & 0xffffffff);
	total = (total >> 16) + (total & 0xffff);
	total = (total >> 16) + (total & 0xffff);
	return (uint16_t)total;
}

static void put_ip4_checksum(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, (uint16_t)~fold(sum(ip, (ip[0] & 15u) * 4)));
}

static void put_tcp_checksum(const uint8_t *ip, uint8_t *tcp, uint32_t len)
{
	uint64_t pseudo = ip[0] >> 4 == 4 ? sum(ip + 12, 8) : sum(ip + 8, 32);

	pseudo += (uint64_t)(6 + len) << 16;
	put16(tcp + 16, 0);
	put16(tcp + 16, (uint16_t)~fold(pseudo + sum(tcp, len)));
}

static bool is_ip4(const struct sim_packet *p)
{
	return p->len >= ETH_BYTES + 20 && get16(p->data + 12) == 0x0800;
}

static bool is_ip6(const struct sim_packet *p)
{
	return p->len >= ETH_BYTES + IP6_BYTES && get16(p->data + 12) == 0x86dd;
}

static uint32_t payload_of(const uint8_t *tcp, uint32_t len)
{
	return len - (uint32_t)(tcp[12] >> 4) * 4;
}

bool sim_packet_has_data(const struct sim_packet *p)
{
	const uint8_t *ip = p->data + ETH_BYTES;
	uint32_t ip_len = (ip[0] & 15u) * 4;

	if (is_ip4(p) && ip[9] == 6 && p->len >= ETH_BYTES + ip_len + 20)
		return payload_of(ip + ip_len, get16(ip + 2) - ip_len) > 0;
	if (is_ip6(p) && ip[6] == 6 && p->len >= ETH_BYTES + IP6_BYTES + 20)
		return payload_of(ip + IP6_BYTES, get16(ip + 4)) > 0;
	return false;
}

/* RFC 3168 section 5: not-ECT packets are not marked. */
bool sim_packet_mark(struct sim_packet *p)
{
	uint8_t *ip = p->data + ETH_BYTES;

	if (is_ip6(p) && (ip[1] & 0x30) != 0) {
		ip[1] |= 0x30;
		return true;
	}
	if (!is_ip4(p) || (ip[1] & 3) == 0)
		return false;
	ip[1] |= 3;
	put_ip4_checksum(ip);
	return true;
}

/* ---- From frames --------------------------------------------------------------------------------- */

static void finish_checksum(struct sim_packet *p, const struct holm_frame *f)
{
	uint8_t *start = p->data + f->csum_start;

	put16(start + f->csum_off, (uint16_t)~fold(sum(start, p->len - f->csum_start)));
}

/* The n-th piece of a TCP super-frame whose bytes are in `all`. */
static struct sim_packet *cut(struct sim *s, const struct sim_packet *all,
			      const struct holm_frame *f, uint32_t n)
{
	uint32_t off = n * f->gso_size;
	uint32_t left = all->len - f->hdr_len - off;
	uint32_t len = left < f->gso_size ? left : f->gso_size;
	struct sim_packet *p = sim_packet_new(s, f->hdr_len + len);
	uint8_t *ip = p->data + f->l3_off;
	uint8_t *tcp = p->data + f->l4_off;

	memcpy(p->data, all->data, f->hdr_len);
	memcpy(p->data + f->hdr_len, all->data + f->hdr_len + off, len);
	if (f->gso == HOLM_GSO_TCP6) {
		put16(ip + 4, p->len - f->l4_off);
	} else {
		put16(ip + 2, p->len - f->l3_off);
		put16(ip + 4, get16(ip + 4) + n);
		put_ip4_checksum(ip);
	}
	put32(tcp + 4, get32(tcp + 4) + off);
	if (n > 0)
		tcp[13] &= 0x7f; /* CWR is the first one's */
	if (len < left)
		tcp[13] &= 0xf6; /* FIN and PSH are the last one's */
	put_tcp_checksum(ip, tcp, p->len - f->l4_off);
	return p;
}

struct sim_packet *sim_packets_of(struct sim *s, const struct holm_frame *f, bool whole)
{
	struct sim_packet *all = sim_packet_new(s, f->len);
	struct sim_packet *list = NULL;
	struct sim_packet **tail = &list;

	holm_frame_read(f, 0, all->data, f->len);
	if (f->gso == HOLM_GSO_NONE || whole) {
		if (f->gso != HOLM_GSO_NONE) {
			all->gso = f->gso;
			all->gso_size = f->gso_size;
			all->hdr_len = f->hdr_len;
			all->l3_off = f->l3_off;
			all->l4_off = f->l4_off;
			all->payload_off = f->payload_off;
		}
		if (f->csum == HOLM_CSUM_PARTIAL)
			finish_checksum(all, f);
		return all;
	}
	if ((f->gso != HOLM_GSO_TCP4 && f->gso != HOLM_GSO_TCP6) || f->csum != HOLM_CSUM_PARTIAL ||
	    f->gso_size == 0)
		sim_fail(s, "a super-frame that no adapter was offered");
	for (uint32_t n = 0; f->hdr_len + n * f->gso_size < all->len; n++) {
		*tail = cut(s, all, f, n);
		tail = &(*tail)->next;
	}
	sim_packet_free(s, all);
	return list;
}
