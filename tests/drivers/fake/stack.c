/* See stack.h. */
#include "tests/drivers/fake/stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct fake_stack *current;

void holm_net_input(struct holm_net *net, struct holm_dev *dev, struct holm_frame **frames,
		    size_t n, uint64_t now)
{
	(void)now;
	assert_ptr_equal(net, fake_stack_net(current));
	assert_true(n > 0);
	current->rx_batches++;
	if (n > current->rx_batch_max)
		current->rx_batch_max = n;
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(frames[i]->dev, dev);
		current->rx_count++;
		if (current->rx_drop)
			holm_frame_free(frames[i]);
		else
			current->rx[current->rx_count - 1] = frames[i];
	}
}

void holm_net_tx_done(struct holm_net *net, struct holm_dev *dev, struct holm_frame **frames,
		      size_t n)
{
	(void)dev;
	assert_ptr_equal(net, fake_stack_net(current));
	current->tx_done += n;
	holm_frame_free_batch(frames, n);
}

void holm_net_tx_ready(struct holm_net *net, struct holm_dev *dev)
{
	(void)dev;
	assert_ptr_equal(net, fake_stack_net(current));
	current->tx_ready++;
}

void holm_net_link_changed(struct holm_net *net, struct holm_dev *dev)
{
	(void)dev;
	assert_ptr_equal(net, fake_stack_net(current));
	current->link_changes++;
}

void fake_stack_init(struct fake_stack *s, size_t frames, uint32_t reserve)
{
	size_t bytes = holm_pool_region_bytes(frames);

	*s = (struct fake_stack){ .frames = frames };
	s->pool_mem = malloc(holm_pool_bytes());
	bytes = (bytes + HOLM_FRAME_BYTES - 1) / HOLM_FRAME_BYTES * HOLM_FRAME_BYTES;
	s->region = aligned_alloc(HOLM_FRAME_BYTES, bytes);
	assert_non_null(s->pool_mem);
	assert_non_null(s->region);
	s->pool = holm_pool_init(s->pool_mem, reserve);
	assert_int_equal(holm_pool_add(s->pool, s->region, holm_pool_region_bytes(frames)), frames);
	current = s;
}

void fake_stack_drain(struct fake_stack *s)
{
	if (!s->rx_drop)
		holm_frame_free_batch(s->rx, s->rx_count);
	s->rx_count = 0;
}

void fake_stack_fini(struct fake_stack *s)
{
	fake_stack_drain(s);
	assert_int_equal(fake_stack_free(s), s->frames);
	fake_stack_abandon(s);
}

void fake_stack_abandon(struct fake_stack *s)
{
	fake_stack_drain(s);
	free(s->region);
	free(s->pool_mem);
	current = NULL;
}

size_t fake_stack_free(const struct fake_stack *s)
{
	struct holm_pool_stats stats;

	holm_pool_get_stats(s->pool, &stats);
	return stats.free;
}

struct holm_frame *fake_stack_frame(struct fake_stack *s, size_t len, uint8_t first)
{
	struct holm_frame *f = holm_frame_alloc(s->pool, HOLM_FRAME_HEADROOM, true);
	uint8_t *p;

	assert_non_null(f);
	p = holm_frame_put(f, len);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(first + i);
	return f;
}

struct holm_net *fake_stack_net(struct fake_stack *s)
{
	return (struct holm_net *)(void *)s;
}
