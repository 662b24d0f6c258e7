/*
 * The pattern buffers (see <holm/buf.h>): byte i of the stream is a function of i, so gigabytes are
 * sent and checked and none is stored.
 *
 * The table holds one period and 64 KiB more, so that any range of up to 64 KiB is contiguous in it.
 * The period is prime: a shift of the stream by any power of two, or by an MSS, shows.
 */
#include <holm/buf.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"

#define CONTIGUOUS 65536u

uint8_t holm_pattern_byte(uint64_t pos)
{
	uint32_t i = (uint32_t)(pos % HOLM_PATTERN_PERIOD);

	return (uint8_t)((i * 2654435761u) >> 13);
}

void holm_pattern_fill(uint8_t *table)
{
	for (uint32_t i = 0; i < HOLM_PATTERN_TABLE_BYTES; i++)
		table[i] = holm_pattern_byte(i);
}

static size_t snd_lend(struct holm_sndbuf *base, size_t off, size_t max, struct holm_span *spans,
		       size_t nspans)
{
	struct holm_pattern_sndbuf *b = container_of(base, struct holm_pattern_sndbuf, base);
	uint64_t pos = b->head + off;
	size_t left = min_size(max, base->queued - off);
	size_t n = 0;

	while (left > 0 && n < nspans) {
		size_t k = min_size(left, CONTIGUOUS);

		spans[n++] = (struct holm_span){ b->table + pos % HOLM_PATTERN_PERIOD, k };
		pos += k;
		left -= k;
	}
	return n;
}

static void snd_discard(struct holm_sndbuf *base, size_t n)
{
	container_of(base, struct holm_pattern_sndbuf, base)->head += n;
}

static void snd_released(struct holm_sndbuf *base)
{
	struct holm_pattern_sndbuf *b = container_of(base, struct holm_pattern_sndbuf, base);

	if (b->on_released)
		b->on_released(b);
}

static const struct holm_sndbuf_ops snd_ops = {
	.lend = snd_lend,
	.discard = snd_discard,
	.released = snd_released,
};

void holm_pattern_sndbuf_init(struct holm_pattern_sndbuf *b, const uint8_t *table, uint64_t limit,
			      void (*on_released)(struct holm_pattern_sndbuf *b))
{
	memset(b, 0, sizeof(*b));
	b->base.ops = &snd_ops;
	b->base.limit = (size_t)limit;
	b->table = table;
	b->on_released = on_released;
}

size_t holm_pattern_sndbuf_write(struct holm_pattern_sndbuf *b, size_t n)
{
	n = min_size(n, holm_sndbuf_room(&b->base));
	b->base.queued += n;
	return n;
}

static uint64_t count_mismatches(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t wrong = 0;

	if (memcmp(a, b, n) == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		wrong += a[i] != b[i];
	return wrong;
}

static size_t rcv_accept(struct holm_rcvbuf *base, size_t off, struct holm_frame *f,
			 size_t frame_off, size_t len)
{
	struct holm_pattern_rcvbuf *b = container_of(base, struct holm_pattern_rcvbuf, base);
	uint64_t pos = b->tail + off;
	size_t left = len;

	for (uint32_t i = 0; left > 0; i++) {
		const struct holm_seg *seg;
		size_t n;

		ASSERT(i < f->nsegs);
		seg = &f->segs[i];
		if (frame_off >= seg->len) {
			frame_off -= seg->len;
			continue;
		}
		n = min_size(left, min_size(seg->len - frame_off, CONTIGUOUS));
		b->mismatches += count_mismatches(seg->data + frame_off,
						  b->table + pos % HOLM_PATTERN_PERIOD, n);
		pos += n;
		left -= n;
		frame_off = 0;
	}
	return len;
}

static void rcv_advance(struct holm_rcvbuf *base, size_t n)
{
	container_of(base, struct holm_pattern_rcvbuf, base)->tail += n;
}

static void rcv_released(struct holm_rcvbuf *base)
{
	struct holm_pattern_rcvbuf *b = container_of(base, struct holm_pattern_rcvbuf, base);

	if (b->on_released)
		b->on_released(b);
}

static const struct holm_rcvbuf_ops rcv_ops = {
	.accept = rcv_accept,
	.advance = rcv_advance,
	.released = rcv_released,
};

void holm_pattern_rcvbuf_init(struct holm_pattern_rcvbuf *b, const uint8_t *table, uint64_t limit,
			      void (*on_released)(struct holm_pattern_rcvbuf *b))
{
	memset(b, 0, sizeof(*b));
	b->base.ops = &rcv_ops;
	b->base.window = (size_t)limit;
	b->table = table;
	b->on_released = on_released;
}

size_t holm_pattern_rcvbuf_read(struct holm_pattern_rcvbuf *b, size_t n)
{
	n = min_size(n, b->base.readable);
	b->base.readable -= n;
	b->base.window += n;
	return n;
}
