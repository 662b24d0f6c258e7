/* See rig.h. */
#include "tests/drivers/fake/rig.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void rig_init_frames(struct rig *r, enum fake_front front, uint64_t offered, size_t frames)
{
	*r = (struct rig){ .now = 1000 };
	fake_init(&r->v, front, offered);
	fake_stack_init(&r->s, frames, 32);
}

void rig_init(struct rig *r, enum fake_front front, uint64_t offered)
{
	rig_init_frames(r, front, offered, 400);
}

void rig_start(struct rig *r)
{
	assert_int_equal(holm_virtio_net_probe(&r->v.res, &r->vn), 0);
	r->dev = holm_virtio_net_dev(r->vn);
	r->dev->net = fake_stack_net(&r->s);
	assert_int_equal(holm_virtio_net_start(r->vn, r->s.pool), 0);
}

void rig_up(struct rig *r, enum fake_front front, uint64_t offered)
{
	rig_init(r, front, offered);
	rig_start(r);
}

void rig_down(struct rig *r)
{
	if (r->vn) {
		holm_virtio_net_stop(r->vn);
		r->dev->net = NULL;
		holm_virtio_net_remove(r->vn);
	}
	fake_stack_fini(&r->s);
	fake_fini(&r->v);
}

bool rig_poll(struct rig *r)
{
	r->now += 1000;
	return holm_dev_poll(r->dev, r->now, 64);
}

void rig_send(struct rig *r, size_t len)
{
	struct holm_frame *f = fake_stack_frame(&r->s, len, 0);

	assert_int_equal(holm_dev_tx(r->dev, &f, 1), 1);
}

unsigned rig_doorbells(const struct rig *r)
{
	return r->v.q[0].doorbells + r->v.q[1].doorbells;
}
