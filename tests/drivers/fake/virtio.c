/* See virtio.h. Sections are of virtio 1.2. */
#include "tests/drivers/fake/virtio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"
#include "tests/drivers/fake/registers.h"

static struct fake_block *find_block(struct fake_virtio *v, const uint8_t *p)
{
	for (unsigned i = 0; i < FAKE_BLOCKS; i++)
		if (v->blocks[i].mem && p >= v->blocks[i].mem &&
		    p < v->blocks[i].mem + v->blocks[i].len)
			return &v->blocks[i];
	return NULL;
}

static void *res_alloc(void *ctx, size_t size, size_t align)
{
	struct fake_virtio *v = ctx;
	struct fake_block *b = v->blocks;

	if (v->alloc_fails_at != 0 && --v->alloc_fails_at == 0)
		return NULL;
	while (b->mem)
		assert_true(++b < v->blocks + FAKE_BLOCKS);
	assert_true(size < FAKE_BLOCK_BUS);
	v->allocations++;
	if (align < sizeof(void *))
		align = sizeof(void *);
	b->mem = aligned_alloc(align, (size + align - 1) / align * align);
	b->len = size;
	return b->mem;
}

static void res_free(void *ctx, void *p, size_t size)
{
	struct fake_virtio *v = ctx;
	struct fake_block *b = find_block(v, p);

	assert_non_null(b);
	assert_ptr_equal(b->mem, p);
	assert_int_equal(b->len, size);
	v->allocations--;
	free(p);
	b->mem = NULL;
}

static uint64_t res_bus_addr(void *ctx, const void *p, size_t len, size_t *run)
{
	struct fake_virtio *v = ctx;
	struct fake_block *b = find_block(v, p);
	size_t page = 4096 - (uintptr_t)p % 4096;

	*run = v->fragmented && !b && len > page ? page : len;
	if (!b)
		return (uintptr_t)p + FAKE_BUS_OFFSET;
	return (uint64_t)(b - v->blocks + 1) * FAKE_BLOCK_BUS +
	       (uint64_t)((const uint8_t *)p - b->mem);
}

static bool res_msi(void *ctx, unsigned vector, struct holm_virtio_msi *msi)
{
	struct fake_virtio *v = ctx;

	v->msi_asked++;
	if (vector >= v->msi_max)
		return false;
	*msi = (struct holm_virtio_msi){ .addr = 0xfee00000u + 0x1000u * vector,
					 .data = 0x40 + vector };
	return true;
}

/* Time passes when somebody looks. */
static uint64_t res_now(void *ctx)
{
	struct fake_virtio *v = ctx;

	v->now_ns += 1000000;
	return v->now_ns;
}

static void res_random(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	memset(dst, 0xff, len);
}

static void res_log(void *ctx, enum holm_log_level level, const char *line, size_t len)
{
	struct fake_virtio *v = ctx;

	(void)level;
	assert_int_equal(strlen(line), len);
	v->log_lines++;
}

static void res_wake(void *ctx)
{
	struct fake_virtio *v = ctx;

	v->wakes++;
}

static void *res_map(void *ctx, uint64_t bus_addr, size_t len)
{
	(void)ctx;
	(void)len;
	return (void *)(uintptr_t)bus_addr;
}

void fake_init(struct fake_virtio *v, enum fake_front front, uint64_t offered)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
	struct virtio_net_config *config;

	memset(v, 0, sizeof(*v));
	v->front = front;
	v->type = HOLM_VIRTIO_NET;
	v->offered =
		offered | FAKE_BIT(front == FAKE_MMIO1 ? VIRTIO_F_ANY_LAYOUT : VIRTIO_F_VERSION_1);
	v->queue_max = 256;
	v->msix_entries = 3;
	v->msi_max = 3;
	memset(v->config, 0xff, sizeof(v->config));
	config = (struct virtio_net_config *)(void *)v->config;
	memcpy(config->mac, mac, sizeof(mac));
	store_le16(&config->status, VIRTIO_NET_S_LINK_UP);
	store_le16(&config->mtu, 1500);
	v->res = (struct holm_virtio_resources){
		.size = sizeof(v->res),
		.ctx = v,
		.name = "net0",
		.kind = front == FAKE_PCI ? HOLM_VIRTIO_PCI : HOLM_VIRTIO_MMIO,
		.mmio_base = FAKE_MMIO_BASE,
		.map = res_map,
		.alloc = res_alloc,
		.free = res_free,
		.bus_addr = res_bus_addr,
		.msi = res_msi,
		.wake = res_wake,
		.now = res_now,
		.random = res_random,
		.log = res_log,
	};
	fake_registers_attach(v);
}

void fake_fini(struct fake_virtio *v)
{
	fake_registers_detach();
	assert_int_equal(v->allocations, 0);
}

void fake_abandon(struct fake_virtio *v)
{
	fake_registers_detach();
	for (unsigned i = 0; i < FAKE_BLOCKS; i++)
		free(v->blocks[i].mem);
}

void *fake_memory(const struct fake_virtio *v, uint64_t bus_addr)
{
	const struct fake_block *b;

	if (bus_addr > FAKE_BUS_OFFSET)
		return (void *)(uintptr_t)(bus_addr - FAKE_BUS_OFFSET);
	assert_in_range(bus_addr / FAKE_BLOCK_BUS, 1, FAKE_BLOCKS);
	b = &v->blocks[bus_addr / FAKE_BLOCK_BUS - 1];
	assert_non_null(b->mem);
	assert_true(bus_addr % FAKE_BLOCK_BUS < b->len);
	return b->mem + bus_addr % FAKE_BLOCK_BUS;
}

static bool has(const struct fake_virtio *v, unsigned feature)
{
	return (v->driver_features & FAKE_BIT(feature)) != 0;
}

static struct vring_desc *desc_of(const struct fake_virtio *v, unsigned queue, unsigned i)
{
	assert_true(v->status & VIRTIO_CONFIG_S_DRIVER_OK);
	assert_true(i < v->q[queue].num);
	return (struct vring_desc *)fake_memory(v, v->q[queue].desc) + i;
}

static struct vring_avail *avail_of(const struct fake_virtio *v, unsigned queue)
{
	return fake_memory(v, v->q[queue].avail);
}

static struct vring_used *used_of(const struct fake_virtio *v, unsigned queue)
{
	return fake_memory(v, v->q[queue].used);
}

unsigned fake_waiting(const struct fake_virtio *v, unsigned queue)
{
	return (uint16_t)(load_le16(&avail_of(v, queue)->idx) - v->q[queue].last_avail);
}

int fake_take(struct fake_virtio *v, unsigned queue)
{
	struct fake_queue *q = &v->q[queue];

	if (fake_waiting(v, queue) == 0)
		return -1;
	assert_true(fake_waiting(v, queue) <= q->num);
	return load_le16(&avail_of(v, queue)->ring[q->last_avail++ % q->num]);
}

/* One descriptor of a chain; moves on to the next, -1 behind the last. */
static int next_desc(const struct fake_virtio *v, unsigned queue, int at, bool *writable,
		     uint8_t **mem, size_t *len)
{
	const struct vring_desc *d = desc_of(v, queue, (unsigned)at);
	uint16_t flags = load_le16(&d->flags);

	assert_int_equal(flags & ~(VRING_DESC_F_NEXT | VRING_DESC_F_WRITE), 0);
	*writable = flags & VRING_DESC_F_WRITE;
	*mem = fake_memory(v, load_le64(&d->addr));
	*len = load_le32(&d->len);
	assert_true(*len > 0);
	return flags & VRING_DESC_F_NEXT ? load_le16(&d->next) : -1;
}

size_t fake_read_chain(const struct fake_virtio *v, unsigned queue, int head, void *to, size_t max)
{
	size_t sum = 0;

	for (int at = head; at >= 0;) {
		bool writable;
		uint8_t *mem;
		size_t len;

		at = next_desc(v, queue, at, &writable, &mem, &len);
		if (writable)
			continue;
		assert_true(sum + len <= max);
		memcpy((uint8_t *)to + sum, mem, len);
		sum += len;
	}
	return sum;
}

size_t fake_write_chain(const struct fake_virtio *v, unsigned queue, int head, const void *from,
			size_t len)
{
	size_t done = 0;

	for (int at = head; at >= 0 && done < len;) {
		bool writable;
		uint8_t *mem;
		size_t room;

		at = next_desc(v, queue, at, &writable, &mem, &room);
		if (!writable)
			continue;
		room = room < len - done ? room : len - done;
		memcpy(mem, (const uint8_t *)from + done, room);
		done += room;
	}
	return done;
}

unsigned fake_chain_descs(const struct fake_virtio *v, unsigned queue, int head)
{
	unsigned n = 0;

	for (int at = head; at >= 0; n++) {
		bool writable;
		uint8_t *mem;
		size_t len;

		at = next_desc(v, queue, at, &writable, &mem, &len);
	}
	return n;
}

size_t fake_chain_writable(const struct fake_virtio *v, unsigned queue, int head)
{
	size_t sum = 0;

	for (int at = head; at >= 0;) {
		bool writable;
		uint8_t *mem;
		size_t len;

		at = next_desc(v, queue, at, &writable, &mem, &len);
		sum += writable ? len : 0;
	}
	return sum;
}

void fake_use_quietly(struct fake_virtio *v, unsigned queue, unsigned ahead, uint32_t id,
		      uint32_t len)
{
	struct fake_queue *q = &v->q[queue];
	struct vring_used_elem *e = &used_of(v, queue)->ring[(q->used_idx + ahead) % q->num];

	store_le32(&e->id, id);
	store_le32(&e->len, len);
}

void fake_tell(struct fake_virtio *v, unsigned queue, unsigned n)
{
	v->q[queue].used_idx = (uint16_t)(v->q[queue].used_idx + n);
	store_le16(&used_of(v, queue)->idx, v->q[queue].used_idx);
}

void fake_use(struct fake_virtio *v, unsigned queue, uint32_t id, uint32_t len)
{
	fake_use_quietly(v, queue, 0, id, len);
	fake_tell(v, queue, 1);
}

/* 2.7.10: without EVENT_IDX a flag, with it the index after which to ring. */
void fake_want_doorbell(struct fake_virtio *v, unsigned queue)
{
	struct vring_used *u = used_of(v, queue);
	struct fake_queue *q = &v->q[queue];

	store_le16(&u->flags, 0);
	store_le16(&u->ring[q->num], q->last_avail);
}

void fake_no_doorbell(struct fake_virtio *v, unsigned queue)
{
	struct vring_used *u = used_of(v, queue);
	struct fake_queue *q = &v->q[queue];

	store_le16(&u->flags, VRING_USED_F_NO_NOTIFY);
	store_le16(&u->ring[q->num], (uint16_t)(load_le16(&avail_of(v, queue)->idx) - 1));
}

bool fake_may_interrupt(const struct fake_virtio *v, unsigned queue, uint16_t old)
{
	const struct vring_avail *a = avail_of(v, queue);

	if (!has(v, VIRTIO_RING_F_EVENT_IDX))
		return !(load_le16(&a->flags) & VRING_AVAIL_F_NO_INTERRUPT);
	assert_int_equal(load_le16(&a->flags), 0);
	return vring_need_event(load_le16(&a->ring[v->q[queue].num]), v->q[queue].used_idx, old);
}

void fake_raise(struct fake_virtio *v, uint32_t causes)
{
	v->isr |= causes;
}

void fake_set_link(struct fake_virtio *v, bool up)
{
	struct virtio_net_config *config = (struct virtio_net_config *)(void *)v->config;

	store_le16(&config->status, up ? VIRTIO_NET_S_LINK_UP : 0);
	v->generation++;
	fake_raise(v, 2);
}

size_t fake_hdr_bytes(const struct fake_virtio *v)
{
	bool has_count = v->front != FAKE_MMIO1 || has(v, VIRTIO_NET_F_MRG_RXBUF);

	return sizeof(struct virtio_net_hdr_v1) - (has_count ? 0 : 2);
}

bool fake_deliver(struct fake_virtio *v, const struct virtio_net_hdr_v1 *hdr, const void *packet,
		  size_t len)
{
	static const struct virtio_net_hdr_v1 plain = { .num_buffers =
								HOST_IS_BIG_ENDIAN ? 256 : 1 };
	size_t hdr_bytes = fake_hdr_bytes(v);
	uint8_t *whole = malloc(hdr_bytes + len);
	int head = fake_take(v, 0);
	size_t done = 0;

	if (head >= 0) {
		memcpy(whole, hdr ? hdr : &plain, hdr_bytes);
		memcpy(whole + hdr_bytes, packet, len);
		done = fake_write_chain(v, 0, head, whole, hdr_bytes + len);
		fake_use(v, 0, (uint32_t)head, (uint32_t)done);
	}
	free(whole);
	return head >= 0 && done == hdr_bytes + len;
}

unsigned fake_deliver_merged(struct fake_virtio *v, const struct virtio_net_hdr_v1 *hdr,
			     const void *packet, size_t len)
{
	struct virtio_net_hdr_v1 h = *hdr;
	size_t total = sizeof(h) + len, at = 0;
	uint8_t *whole = malloc(total);
	int heads[128];
	size_t lens[128];
	unsigned n = 0;

	for (size_t room = 0; room < total; n++) {
		heads[n] = n < 128 ? fake_take(v, 0) : -1;
		if (heads[n] < 0) {
			free(whole);
			return 0;
		}
		lens[n] = fake_chain_writable(v, 0, heads[n]);
		room += lens[n];
	}
	store_le16(&h.num_buffers, (uint16_t)n);
	memcpy(whole, &h, sizeof(h));
	memcpy(whole + sizeof(h), packet, len);
	for (unsigned i = 0; i < n; i++) {
		size_t done = lens[i] < total - at ? lens[i] : total - at;

		fake_write_chain(v, 0, heads[i], whole + at, done);
		fake_use_quietly(v, 0, i, (uint32_t)heads[i], (uint32_t)done);
		at += done;
	}
	fake_tell(v, 0, n);
	free(whole);
	return n;
}

int fake_send(struct fake_virtio *v, struct virtio_net_hdr_v1 *hdr, void *packet, size_t max)
{
	size_t hdr_bytes = fake_hdr_bytes(v);
	uint8_t *whole = malloc(hdr_bytes + max);
	int head = fake_take(v, 1);
	size_t len;

	if (head < 0) {
		free(whole);
		return -1;
	}
	len = fake_read_chain(v, 1, head, whole, hdr_bytes + max);
	assert_true(len >= hdr_bytes);
	memset(hdr, 0, sizeof(*hdr));
	memcpy(hdr, whole, hdr_bytes);
	memcpy(packet, whole + hdr_bytes, len - hdr_bytes);
	fake_use(v, 1, (uint32_t)head, 0);
	free(whole);
	return (int)(len - hdr_bytes);
}
