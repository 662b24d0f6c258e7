/*
 * stage.h -- an instance for fuzz targets: one device in the target's hands, memory with books, a
 * clock that the target moves. Every frame that the instance sends is given to the target as bytes,
 * from within tx(): it may look and take notes, not call into the instance.
 */
#ifndef TESTS_FUZZ_STAGE_H
#define TESTS_FUZZ_STAGE_H

#include <holm/ip.h>
#include <holm/net.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The instance is 10.0.0.1 or fd00::1 at 02:00:00:00:00:01, the peer 10.0.0.2 or fd00::2 at ...:02. */
#define STAGE_SELF 0x0a000001u
#define STAGE_PEER 0x0a000002u
#define STAGE_FRAMES_MAX 256u
#define STAGE_BATCH 32u
/* Where a frame has its transport's header. */
#define STAGE_L4_IP4 34u
#define STAGE_L4_IP6 54u
#define STAGE_FRAME_MAX (64u * 1024 + 64)

struct stage {
	struct holm_net *net;
	struct holm_dev dev;
	uint64_t now;
	size_t memory_in_use;
	bool refuses_memory; /* the env has none left */
	bool is_blocked;     /* the device takes nothing */
	bool has_trace;	     /* FUZZ_TRACE is in the environment */
	bool ip6;
	uint64_t random;
	void (*sent)(void *ctx, const uint8_t *frame, size_t len);
	void *ctx;
	unsigned frames_now; /* sent since the clock last moved */
	struct holm_frame *held[STAGE_BATCH];
	size_t nheld;
	uint8_t frame[STAGE_FRAME_MAX];
};

struct stage_options {
	const struct holm_proto *const *protos; /* ends with NULL */
	const struct holm_config *config;	/* NULL: the defaults */
	uint32_t features;
	uint16_t mtu;  /* 0: 1500 */
	size_t frames; /* at most STAGE_FRAMES_MAX */
	bool no_address;
	bool ip6; /* over IPv6 */
};

void stage_init(struct stage *s, const struct stage_options *options);
/* Every frame and every byte must have come back. */
void stage_fini(struct stage *s);

/* A frame arrives, in pieces of `piece` bytes (0: in one). Lost when there are no frames. */
void stage_receive(struct stage *s, const uint8_t *frame, size_t len, size_t piece, uint8_t csum);

/* A frame that arrives with others, those held before and after it; more than STAGE_BATCH are lost. */
void stage_hold(struct stage *s, const uint8_t *frame, size_t len, size_t piece);
/* They arrive, in one batch. */
void stage_receive_held(struct stage *s);

/* Send what is to be sent now; it must come to an end. */
void stage_settle(struct stage *s);

/* Let time pass, stopping at deadlines, at most `steps` of them. */
void stage_pass(struct stage *s, uint64_t ns, unsigned steps);

/* The peer makes itself known, so that nothing waits for ARP or neighbour discovery. */
void stage_introduce(struct stage *s);

/* Ethernet and IPv4 headers in front of `len` bytes that lie at frame + 34. Returns the length. */
size_t stage_ip4(uint8_t *frame, uint8_t proto, size_t len);

/* Finish the checksum of the TCP segment, UDP datagram or ICMP message at frame + 34. */
void stage_sum(uint8_t *frame, uint8_t proto, size_t len);

/* The address of the instance (1) or the peer (2). */
struct holm_addr stage_addr6(uint8_t which);
/* Ethernet and IPv6 headers in front of `len` bytes at frame + STAGE_L4_IP6, and their sum. */
size_t stage_ip6(uint8_t *frame, uint8_t proto, size_t len);
size_t stage_ip6_between(uint8_t *frame, const struct holm_addr *src, const struct holm_addr *dst,
			 uint8_t proto, size_t len);

/* Of the stage's family: headers and sum for `len` bytes that lie at frame + stage_l4(). */
size_t stage_packet(const struct stage *s, uint8_t *frame, uint8_t proto, size_t len);
static inline size_t stage_l4(const struct stage *s)
{
	return s->ip6 ? STAGE_L4_IP6 : STAGE_L4_IP4;
}

#endif
