/*
 * The machine's floor for one unit of each row: the same driver, the same rings, frames by pointer
 * through a queue in batches of 32, and between them no protocol at all.
 *
 * A frame costs a buffer from a free list, a fixed header, one fused copy-and-checksum on the way
 * out; the checksums of header and payload, one hash probe and one copy on the way in. Streams are
 * written to a ring and read from one, as the rows do; bulk lends what it sends.
 */
#include "tests/bench/bench.h"

#include "lib/checksum.h"
#include "lib/hash.h"

#include <string.h>

#define BUFFERS 64u
#define BATCH 32u
#define SLOTS 1024u
#define IP_AT 14u
#define L4_AT 34u
#define PAYLOAD_AT 54u
#define RING_BYTES 65536u

struct frame {
	uint32_t len;
	uint8_t bytes[2048];
};

/* The least that a stream is buffered by: written behind `head`, read from `tail`. */
struct bytes {
	uint32_t head, tail;
	uint8_t mem[RING_BYTES];
};

/* What a flow is found by, in a table. */
struct flow {
	uint64_t addresses;
	uint32_t ports;
	struct bytes *rcv;
};

/* One end; frames that were sent to it wait in its queue. */
struct station {
	struct frame *queue[BUFFERS];
	uint32_t head, tail;
	struct bytes snd, rcv;
	struct flow table[SLOTS];
	uint32_t bad;
};

static const struct hash_key key = { 0x9e3779b97f4a7c15u, 0xc2b2ae3d27d4eb4fu };
static struct frame frames[BUFFERS];
static struct frame *free_frames[BUFFERS];
static uint32_t nfree;
static uint8_t header[PAYLOAD_AT];
static uint8_t payload[2048];
static uint8_t reader[RING_BYTES];
static struct station station[2];

static struct flow *find(struct station *s, const uint8_t *packet)
{
	uint64_t addresses = checksum_load64(packet + 26);
	uint32_t ports = checksum_load32(packet + L4_AT);
	struct flow *f = &s->table[fold_hash_2(&key, addresses, ports) % SLOTS];

	return f->addresses == addresses && f->ports == ports ? f : NULL;
}

static void bytes_write(struct bytes *b, const uint8_t *from, size_t n)
{
	size_t at = b->head % RING_BYTES;
	size_t first = min_size(n, RING_BYTES - at);

	memcpy(b->mem + at, from, first);
	if (unlikely(n > first))
		memcpy(b->mem, from + first, n - first);
	b->head += (uint32_t)n;
}

static void bytes_read(struct bytes *b, uint8_t *to)
{
	size_t n = b->head - b->tail;
	size_t at = b->tail % RING_BYTES;
	size_t first = min_size(n, RING_BYTES - at);

	memcpy(to, b->mem + at, first);
	if (unlikely(n > first))
		memcpy(to + first, b->mem, n - first);
	b->tail = b->head;
}

static void set_up(void)
{
	uint32_t slot = fold_hash_2(&key, 0, 0) % SLOTS;

	if (nfree)
		return;
	for (uint32_t i = 0; i < BUFFERS; i++)
		free_frames[nfree++] = &frames[i];
	for (uint32_t i = 0; i < 2; i++)
		station[i].table[slot].rcv = &station[i].rcv;
}

static void send(struct station *to, const uint8_t *bytes, size_t len)
{
	struct frame *f = free_frames[--nfree];
	uint32_t sum;
	uint16_t checksum;

	memcpy(f->bytes, header, PAYLOAD_AT);
	sum = checksum_copy(f->bytes + PAYLOAD_AT, bytes, len, 0);
	checksum = checksum_finish(sum);
	memcpy(f->bytes + PAYLOAD_AT - 2, &checksum, sizeof(checksum));
	f->len = (uint32_t)(PAYLOAD_AT + len);
	to->queue[to->tail++ % BUFFERS] = f;
}

/* All that waits, in batches; into the flow's ring, or to the reader at once. */
static void receive(struct station *s, bool stream)
{
	struct frame *batch[BATCH];
	uint32_t n;

	while ((n = min_u32(s->tail - s->head, BATCH)) > 0) {
		for (uint32_t i = 0; i < n; i++)
			batch[i] = s->queue[s->head++ % BUFFERS];
		for (uint32_t i = 0; i < n; i++) {
			struct frame *f = batch[i];
			const uint8_t *at = f->bytes + PAYLOAD_AT;
			size_t len = f->len - PAYLOAD_AT;
			struct flow *flow = find(s, f->bytes);

			s->bad += checksum_finish(checksum_20(f->bytes + IP_AT, 0)) == 1;
			s->bad += checksum_finish(checksum_partial(f->bytes + L4_AT, f->len - L4_AT,
								   0)) == 1;
			if (flow && stream)
				bytes_write(flow->rcv, at, len);
			else if (flow)
				memcpy(reader, at, len);
			free_frames[nfree++] = f;
		}
	}
}

void floor_bulk(uint32_t units)
{
	set_up();
	for (uint32_t i = 0; i < units; i += BATCH) {
		for (uint32_t k = 0; k < BATCH; k++)
			send(&station[1], payload, 1460);
		receive(&station[1], true);
		bytes_read(&station[1].rcv, reader);
	}
}

void floor_rr(uint32_t units)
{
	set_up();
	for (uint32_t i = 0; i < 2 * units; i++) {
		struct station *from = &station[i % 2];
		struct station *to = &station[!(i % 2)];

		bytes_write(&from->snd, payload, 64);
		send(to, from->snd.mem + from->snd.tail % RING_BYTES, 64);
		from->snd.tail += 64;
		receive(to, true);
		bytes_read(&to->rcv, reader);
	}
}

static void datagrams(uint32_t units, size_t len)
{
	set_up();
	for (uint32_t i = 0; i < units; i += BATCH) {
		for (uint32_t k = 0; k < BATCH; k++)
			send(&station[1], payload, len);
		receive(&station[1], false);
	}
}

void floor_udp64(uint32_t units)
{
	datagrams(units, 64);
}

void floor_udp1472(uint32_t units)
{
	datagrams(units, 1472);
}

/*
 * Checksums and segments left to the device: the bytes go out and in. How many is not known to the
 * compiler, which would write the copies out where they cannot be told from other code.
 */
void floor_memcpy(uint32_t units)
{
	static const volatile size_t segment_bytes = 1460;
	size_t n = segment_bytes;

	for (uint32_t i = 0; i < units; i++) {
		struct frame *f = &frames[i % BUFFERS];

		memcpy(f->bytes, payload, n);
		memcpy(reader, f->bytes, n);
	}
}

/* The same where a card has put them into memory, which is not counted: they go to the reader. */
void floor_read(uint32_t units)
{
	/*
	 * What is called is not known to the compiler, which would copy before it says that it does
	 * not count.
	 */
	static void *(*const volatile copy)(void *, const void *, size_t) = memcpy;
	static const volatile size_t segment_bytes = 1460;

	for (uint32_t i = 0; i < units; i++) {
		struct frame *f = &frames[i % BUFFERS];

		bench_off();
		copy(f->bytes, payload, segment_bytes);
		bench_on();
		copy(reader, f->bytes, segment_bytes);
	}
}

/* A stream of bytes through a buffer: the two copies. */
void floor_copy_64k(uint32_t units)
{
	static uint8_t from[RING_BYTES];

	for (uint32_t i = 0; i < units; i++) {
		memcpy(station[0].snd.mem, from, RING_BYTES);
		memcpy(reader, station[0].snd.mem, RING_BYTES);
	}
}
