/*
 * Two instances back to back: see duo.h.
 */
#include "tests/support/duo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/expect.h"

#define DEFAULT_FRAMES 512u
/* Rounds at one moment after which something is surely wrong: a storm that feeds itself. */
#define ROUNDS_MAX 100000u
#define ROUND_BUDGET 64u
/* The number of an instance's first device, behind the loopback. */
#define FIRST_DEVICE 1u

/* C11's allocator wants the size to be a multiple of the alignment. */
static void *aligned(size_t size, size_t align)
{
	return aligned_alloc(align, (size + align - 1) / align * align);
}

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	struct duo_memory *m = ctx;
	void *p;

	m->calls++;
	if (m->fail_from && m->calls >= m->fail_from && m->calls - m->fail_from < m->fail_for)
		return NULL;
	p = aligned(size, align);
	assert_non_null(p);
	memset(p, 0xa5, size);
	m->in_use += size;
	if (m->in_use > m->in_use_max)
		m->in_use_max = m->in_use;
	return p;
}

static void env_free(void *ctx, void *p, size_t size)
{
	struct duo_memory *m = ctx;

	assert_true(m->in_use >= size);
	m->in_use -= size;
	memset(p, 0x5a, size);
	free(p);
}

static void env_random(void *ctx, void *dst, size_t len)
{
	struct duo_memory *m = ctx;
	uint8_t *out = dst;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)expect_random(&m->random);
}

static void env_log(void *ctx, enum holm_log_level level, const char *line, size_t len)
{
	struct duo_memory *m = ctx;

	(void)level;
	if (m->log)
		fprintf(stderr, "  %.*s\n", (int)len, line);
}

static const struct holm_proto *const default_protos[] = {
	&holm_arp, &holm_ipv4, HOLM_IP_PARTS,  &holm_icmp4,
	&holm_udp, &holm_tcp,  HOLM_TCP_PARTS, NULL,
};

static int add_device(struct duo *d, int i, const struct duo_options *o)
{
	struct holm_dev *dev = &d->pair->end[i].dev;
	int index;

	if (o->impair) {
		struct holm_impair_config config = *o->impair;

		config.seed += (uint64_t)i;
		d->impair[i] = malloc(sizeof(*d->impair[i]));
		assert_non_null(d->impair[i]);
		holm_impair_init(d->impair[i], dev, holm_net_pool(d->net[i]), &config);
		dev = &d->impair[i]->dev;
	}
	index = holm_net_add_dev(d->net[i], dev);
	return index < 0 ? index : 0;
}

static int start_side(struct duo *d, int i, const struct duo_options *o)
{
	struct holm_env env = {
		.size = sizeof(env),
		.ctx = &d->memory[i],
		.alloc = env_alloc,
		.free = env_free,
		.random = env_random,
		.log = env_log,
	};
	size_t frames = o->frames ? o->frames : DEFAULT_FRAMES;
	struct holm_config config;
	int err;

	holm_config_default(&config);
	err = holm_net_create(&d->net[i], o->config ? o->config : &config, &env,
			      o->protos ? o->protos : default_protos);
	if (err) {
		d->net[i] = NULL;
		return err;
	}
	d->region[i] = aligned(holm_pool_region_bytes(frames), HOLM_FRAME_BYTES);
	assert_non_null(d->region[i]);
	assert_int_equal(holm_pool_add(holm_net_pool(d->net[i]), d->region[i],
				       holm_pool_region_bytes(frames)),
			 frames);
	return add_device(d, i, o);
}

int duo_try_init(struct duo *d, const struct duo_options *options, uint64_t fail_from,
		 uint64_t fail_for)
{
	struct holm_dev_caps caps = options->caps ? *options->caps : holm_pair_default_caps();
	int err = 0;

	memset(d, 0, sizeof(*d));
	d->now = options->start_ns;
	d->pair = malloc(sizeof(*d->pair));
	assert_non_null(d->pair);
	holm_pair_init(d->pair, &caps);
	for (int i = 0; i < 2 && !err; i++) {
		d->addr[i] = holm_addr_ip4(10, 0, 0, (uint8_t)(i + 1));
		d->memory[i].fail_from = fail_from;
		d->memory[i].fail_for = fail_for;
		d->memory[i].random = options->seed * 2 + (uint64_t)i;
		err = start_side(d, i, options);
		if (!err)
			holm_net_poll(d->net[i], d->now, ROUND_BUDGET);
		if (!err && !options->no_addresses)
			err = holm_addr_add(d->net[i], duo_dev(d, i), &d->addr[i], 24);
	}
	if (err)
		duo_fini(d);
	return err;
}

void duo_init(struct duo *d, const struct duo_options *options)
{
	assert_int_equal(duo_try_init(d, options, 0, 0), 0);
}

void duo_fini(struct duo *d)
{
	for (int i = 0; i < 2; i++)
		if (d->net[i] && duo_dev(d, i))
			holm_net_remove_dev(d->net[i], duo_dev(d, i));
	for (int i = 0; i < 2; i++)
		if (d->impair[i])
			holm_impair_fini(d->impair[i]);
	holm_pair_fini(d->pair);
	for (int i = 0; i < 2; i++) {
		if (d->net[i]) {
			assert_true(duo_frames_are_home(d, i));
			holm_net_destroy(d->net[i]);
		}
		assert_int_equal(d->memory[i].in_use, 0);
		free(d->region[i]);
		free(d->impair[i]);
	}
	free(d->pair);
}

struct holm_dev *duo_dev(struct duo *d, int i)
{
	return holm_net_dev(d->net[i], 0);
}

bool duo_step(struct duo *d)
{
	bool more = false;

	for (int i = 0; i < 2; i++) {
		more |= holm_net_poll_devs(d->net[i], d->now, ROUND_BUDGET);
		more |= holm_net_poll(d->net[i], d->now, ROUND_BUDGET);
	}
	for (int i = 0; i < 2; i++)
		more |= holm_net_next_deadline(d->net[i]) <= d->now;
	return more;
}

void duo_settle(struct duo *d)
{
	for (uint32_t rounds = 0; duo_step(d); rounds++)
		if (rounds == ROUNDS_MAX)
			fail_msg("the instances do not come to rest at %llu ns",
				 (unsigned long long)d->now);
}

bool duo_advance(struct duo *d, uint64_t until)
{
	uint64_t next = UINT64_MAX;

	duo_settle(d);
	for (int i = 0; i < 2; i++) {
		uint64_t deadline = holm_net_next_deadline(d->net[i]);

		if (deadline < next)
			next = deadline;
	}
	if (next > until) {
		d->now = until;
		return false;
	}
	d->now = next;
	return true;
}

void duo_run(struct duo *d, uint64_t ns)
{
	uint64_t until = d->now + ns;

	while (duo_advance(d, until))
		continue;
	duo_settle(d);
}

bool duo_frames_are_home(struct duo *d, int i)
{
	struct holm_pool_stats stats;

	holm_pool_get_stats(holm_net_pool(d->net[i]), &stats);
	return stats.free == stats.frames;
}

struct holm_endpoint duo_endpoint(const struct duo *d, int i, uint16_t port)
{
	const struct holm_addr *a = &d->addr[i];
	bool link_local = a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
	struct holm_endpoint e = { .addr = *a, .port = port };

	/* Both instances have one device, which has the same number in each. */
	e.scope = link_local ? FIRST_DEVICE : 0;
	return e;
}
