/*
 * lab.h -- one instance with one device in the hands of the test: frames are put in as bytes and
 * come out as bytes. The clock is simulated, memory is counted and can be made to fail.
 *
 * The instance is 10.0.0.1/24 at 02:00:00:00:00:01 unless told otherwise; the test plays everybody
 * else. Host number n, where one is asked for, is 10.0.0.n at 02:00:00:00:00:n.
 */
#ifndef TESTS_SUPPORT_LAB_H
#define TESTS_SUPPORT_LAB_H

#include <holm/ip.h>
#include <holm/net.h>
#include <holm/stats.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAB_SENT_MAX 4096u
#define LAB_MS 1000000ull
#define LAB_S 1000000000ull

struct lab_sent {
	uint8_t data[2048]; /* the beginning of longer frames */
	size_t len;	    /* of the frame */
	uint64_t at_ns;
	uint8_t csum; /* enum holm_csum */
	uint16_t csum_start, csum_off;
	uint8_t gso; /* enum holm_gso */
	uint16_t gso_size;
};

struct lab_options {
	const struct holm_proto *const *protos; /* ends with NULL; must be given */
	const struct holm_config *config;	/* NULL: the defaults */
	uint32_t features;
	uint16_t mtu;	   /* 0: 1500 */
	size_t frames;	   /* 0: 256 */
	uint16_t segs_max; /* 0: 1 */
	uint64_t random;   /* its seed; 0: 1 */
	bool no_address;
};

struct lab {
	struct holm_net *net;
	struct holm_dev dev;
	uint64_t now;
	void *region;
	size_t frames;

	struct lab_sent *sent; /* [LAB_SENT_MAX] */
	size_t nsent;
	size_t tx_room; /* frames that the device still takes; SIZE_MAX at first */

	size_t memory_in_use;
	uint64_t alloc_calls;
	uint64_t fail_from; /* allocation number that fails, and all later; 0: none */
	uint64_t random;
	unsigned segments; /* cut injected frames into pieces of this size; 0: one piece */
};

/* The clock starts at one second. */
void lab_init(struct lab *lab, const struct lab_options *options);
/* The same, reporting an allocation that failed; then nothing is left behind. */
int lab_try_init(struct lab *lab, const struct lab_options *options, uint64_t fail_from);
/* Everything must have come back: frames and memory. */
void lab_fini(struct lab *lab);

/* A frame arrives; nothing is polled. */
void lab_inject(struct lab *lab, const void *frame, size_t len);
/* Poll until quiet at the present time. */
void lab_poll(struct lab *lab);
/* Arrive, and poll. */
void lab_receive(struct lab *lab, const void *frame, size_t len);
/* Let time pass, stopping at every deadline. */
void lab_run(struct lab *lab, uint64_t ns);
/* Forget what was sent so far. */
void lab_clear(struct lab *lab);

/* How many sent frames carry this ethertype. */
size_t lab_count_type(const struct lab *lab, uint16_t type);
/* The i-th of these, from 0; NULL behind the last. */
const struct lab_sent *lab_find_type(const struct lab *lab, uint16_t type, size_t i);

/* Are all frames in the pool? */
bool lab_frames_are_home(const struct lab *lab);

struct holm_mac lab_mac(unsigned host);
struct holm_addr lab_addr(unsigned host);

/* Building what others send; each returns the length of the whole frame. */
size_t lab_eth(uint8_t *frame, struct holm_mac dst, struct holm_mac src, uint16_t type);
size_t lab_arp(uint8_t *frame, uint16_t op, unsigned from, unsigned target, bool broadcast);
/* An IPv4 packet around `l4_len` bytes, from host to host, with a good checksum. */
size_t lab_ip4(uint8_t *frame, uint32_t src, uint32_t dst, uint8_t proto, const void *l4,
	       size_t l4_len);
/* A whole UDP datagram between hosts, checksum included. */
size_t lab_udp(uint8_t *frame, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport,
	       const void *payload, size_t len);
size_t lab_echo(uint8_t *frame, uint32_t src, uint32_t dst, size_t payload_len);

/* The instance learns where a host is, as if it had asked. */
void lab_introduce(struct lab *lab, unsigned host);

/* 10.0.0.n as a number. */
#define LAB_IP(n) (0x0a000000u + (n))

#endif
