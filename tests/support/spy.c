/*
 * spy.c -- see spy.h.
 */
#include "tests/support/spy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/compiler.h"

static void *aligned(size_t size, size_t align)
{
	void *p = aligned_alloc(align, align_up_size(size, align));

	assert_non_null(p);
	return p;
}

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	(void)ctx;
	return aligned(size, align);
}

static void env_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static void env_random(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	memset(dst, 0x42, len);
}

static size_t spy_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	return holm_dev_tx(container_of(dev, struct spy, dev)->lower, frames, n);
}

static bool spy_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	return holm_dev_poll(container_of(dev, struct spy, dev)->lower, now, budget);
}

static uint64_t spy_next_deadline(struct holm_dev *dev)
{
	return holm_dev_next_deadline(container_of(dev, struct spy, dev)->lower);
}

static void spy_attach(struct holm_dev *dev)
{
	struct holm_dev *lower = container_of(dev, struct spy, dev)->lower;

	lower->net = dev->net;
	lower->netif = dev->netif;
	holm_dev_attach(lower);
}

static void spy_detach(struct holm_dev *dev)
{
	struct holm_dev *lower = container_of(dev, struct spy, dev)->lower;

	holm_dev_detach(lower);
	lower->net = NULL;
	lower->netif = NULL;
}

static size_t spy_rx(struct holm_dev *dev, struct holm_frame **frames, size_t n, uint64_t now)
{
	struct spy *s = container_of(dev, struct spy, dev);

	assert_in_range(n, 1, SPY_FRAMES - s->ngot);
	s->batch_max = max_size(s->batch_max, n);
	for (size_t i = 0; i < n; i++) {
		s->got_at[s->ngot] = now;
		s->got[s->ngot++] = frames[i];
	}
	return 0;
}

static const struct holm_dev_ops spy_ops = {
	.tx = spy_tx,
	.poll = spy_poll,
	.next_deadline = spy_next_deadline,
	.attach = spy_attach,
	.detach = spy_detach,
	.rx = spy_rx,
};

void spy_init(struct spy *s, struct holm_dev *lower, size_t frames)
{
	static const struct holm_proto *const protos[] = { NULL };
	struct holm_env env = {
		.size = sizeof(env),
		.alloc = env_alloc,
		.free = env_free,
		.random = env_random,
	};
	struct holm_config config;
	size_t bytes = holm_pool_region_bytes(frames);

	memset(s, 0, sizeof(*s));
	holm_config_default(&config);
	assert_int_equal(holm_net_create(&s->net, &config, &env, protos), 0);
	s->region = aligned(bytes, HOLM_FRAME_BYTES);
	assert_int_equal(holm_pool_add(holm_net_pool(s->net), s->region, bytes), frames);
	s->lower = lower;
	s->dev.ops = &spy_ops;
	s->dev.name = "spy";
	s->dev.mac = lower->mac;
	s->dev.link_up = true;
	s->dev.caps = lower->caps;
	lower->upper = &s->dev;
	assert_int_equal(holm_net_add_dev(s->net, &s->dev), 1);
}

void spy_forget(struct spy *s)
{
	holm_frame_free_batch(s->got, s->ngot);
	s->ngot = 0;
}

void spy_fini(struct spy *s)
{
	spy_forget(s);
	if (s->dev.net)
		holm_net_remove_dev(s->net, &s->dev);
	s->lower->upper = NULL;
	holm_net_destroy(s->net);
	free(s->region);
}

struct holm_frame *spy_frame(struct spy *s, size_t len, uint8_t first)
{
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(s->net), 64, true);
	uint8_t *p;

	assert_non_null(f);
	p = holm_frame_put(f, len);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(first + i);
	return f;
}

bool spy_send(struct spy *s, struct holm_frame *f)
{
	return holm_dev_tx(s->lower, &f, 1) == 1;
}

uint32_t spy_free_frames(const struct spy *s)
{
	struct holm_pool_stats stats;

	holm_pool_get_stats(holm_net_pool(s->net), &stats);
	return stats.free;
}
