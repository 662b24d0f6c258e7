/*
 * The machine's floor for one unit of each row, with no protocol at all and the same flags: a fixed
 * header, one fused copy-and-checksum out, one checksum in, one hash probe, one copy to the reader.
 */
#include "tests/bench/bench.h"

#include "lib/checksum.h"
#include "lib/hash.h"

#include <string.h>

#define BUFFERS 64u
#define SLOTS 1024u
#define HEADER 54u

static uint8_t buffers[BUFFERS][2048];
static uint8_t payload[2048];
static uint8_t reader[2048];
static uint8_t header[HEADER];
static uint64_t slots[SLOTS];
static volatile uint64_t sink;

static void one_frame(uint32_t i, size_t bytes)
{
	static const struct hash_key key = { 0x9e3779b97f4a7c15u, 0xc2b2ae3d27d4eb4fu };
	uint8_t *frame = buffers[i % BUFFERS];
	uint32_t sum;

	memcpy(frame, header, HEADER);
	sum = checksum_copy(frame + HEADER, payload, bytes, 0);
	frame[50] = (uint8_t)checksum_finish(sum);

	sum = checksum_partial(frame + 34, bytes + HEADER - 34, 0);
	sink = sink + slots[fold_hash_2(&key, checksum_load64(frame + 26), frame[34]) % SLOTS] +
	       sum;
	memcpy(reader, frame + HEADER, bytes);
}

void floor_bulk(uint32_t units)
{
	for (uint32_t i = 0; i < units; i++)
		one_frame(i, 1460);
}

void floor_rr(uint32_t units)
{
	for (uint32_t i = 0; i < units; i++) {
		one_frame(i, 64);
		one_frame(i + 1, 64);
	}
}

void floor_udp64(uint32_t units)
{
	for (uint32_t i = 0; i < units; i++)
		one_frame(i, 64);
}

void floor_udp1472(uint32_t units)
{
	for (uint32_t i = 0; i < units; i++)
		one_frame(i, 1472);
}

void floor_memcpy(uint32_t units)
{
	for (uint32_t i = 0; i < units; i++) {
		memcpy(buffers[i % BUFFERS], payload, 1460);
		memcpy(reader, buffers[i % BUFFERS], 1460);
	}
}
