/*
 * Walks the machine's list of resources, probes what drivers there are, connects interrupts; see
 * devices.h. All state is here and lives for ever: devices do not leave.
 */
#include "kernel/devices.h"

#include <holm/virtio.h>

#include "arch/dma.h"
#include "arch/entropy.h"
#include "arch/paging.h"
#include "arch/platform.h"
#include "drivers/pci/bus.h"
#include "kernel/clock.h"
#include "kernel/cmdline.h"
#include "kernel/entropy.h"
#include "kernel/log.h"
#include "kernel/main.h"
#include "kernel/mem.h"
#include "lib/assert.h"
#include "lib/fmt.h"
#include "lib/mem.h"

#define VIRTIO_VENDOR 0x1af4

/* Bytes from each virtio-rng device: a seed, twice over. */
#define RNG_BYTES 64u
/* QEMU answers within a millisecond; without an answer the boot goes on. */
#define RNG_TIMEOUT_NS UINT64_C(20000000)

/* With less memory than this the receive rings are kept half full. */
#define SMALL_MEMORY_PAGES (16u << 20 >> 12)
#define SMALL_RX_FRAMES 128

/* Where a virtio device is and how it interrupts. */
struct place {
	enum holm_virtio_kind kind;
	uintptr_t mmio_base;
	struct pci_function fn;
	bool has_line;
	unsigned line;
	enum irq_trigger trigger;
};

struct net_device {
	struct holm_virtio_net *vn;
	struct place place;
	char name[8];
	bool uses_line;
	struct irq_source line;
	struct irq_source message[HOLM_VIRTIO_VECTORS];
};

static struct net_device nets[DEVICES_NET_MAX];
static size_t net_count;
static uint64_t net_features_off;

static void *dev_alloc(void *ctx, size_t size, size_t align)
{
	(void)ctx;
	ASSERT(align <= PAGE_BYTES);
	return mem_pages_alloc(mem_pages_for(size));
}

static void dev_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	mem_pages_free(p, mem_pages_for(size));
}

static uint64_t dev_bus_addr(void *ctx, const void *p, size_t len, size_t *run)
{
	(void)ctx;
	return dma_addr(p, len, run);
}

static void *dev_map(void *ctx, uint64_t bus_addr, size_t len)
{
	(void)ctx;
	return paging_map_device(bus_addr, len) ? (void *)(uintptr_t)bus_addr : NULL;
}

static bool dev_msi(void *ctx, unsigned vector, struct holm_virtio_msi *msi)
{
	struct net_device *d = ctx;
	struct irq_msi m;

	if (!irq_connect_msi(&d->message[vector], &m))
		return false;
	*msi = (struct holm_virtio_msi){ .addr = m.addr, .data = m.data };
	return true;
}

static uint64_t dev_now(void *ctx)
{
	(void)ctx;
	return clock_now();
}

/* For a hardware address, which must differ from others and need not be secret. */
static void dev_random(void *ctx, void *dst, size_t len)
{
	uint8_t *out = dst;

	(void)ctx;
	for (size_t i = 0; i < len; i++) {
		uint64_t v;

		if (!hwentropy_u64(&v))
			v = hwentropy_weak() * UINT64_C(0x9e3779b97f4a7c15) >> 32;
		out[i] = (uint8_t)v;
	}
}

static void dev_log(void *ctx, enum holm_log_level level, const char *line, size_t len)
{
	(void)ctx;
	log_text((enum log_level)level, line, len);
}

_Static_assert((int)LOG_ERROR == HOLM_LOG_ERROR && (int)LOG_INFO == HOLM_LOG_INFO,
	       "levels of the log are those of the stack");

static struct holm_virtio_resources resources_of(struct net_device *d, const struct place *place)
{
	struct mem_stats mem;

	mem_get_stats(&mem);
	return (struct holm_virtio_resources){
		.size = sizeof(struct holm_virtio_resources),
		.ctx = d,
		.kind = place->kind,
		.mmio_base = place->mmio_base,
		.pci = place->fn.config,
		.map = dev_map,
		.alloc = dev_alloc,
		.free = dev_free,
		.bus_addr = dev_bus_addr,
		.msi = dev_msi,
		.now = dev_now,
		.random = dev_random,
		.log = dev_log,
		.features_off = net_features_off,
		.rx_frames = mem.total_pages < SMALL_MEMORY_PAGES ? SMALL_RX_FRAMES : 0,
	};
}

static void place_name(const struct place *place, char *text, size_t bytes)
{
	if (place->kind == HOLM_VIRTIO_MMIO)
		fmt_string(text, bytes, "mmio %p", (void *)place->mmio_base);
	else
		fmt_string(text, bytes, "pci %02x:%02x.%u", place->fn.bus_no, place->fn.device,
			   place->fn.function);
}

static void add_rng(const struct place *place)
{
	struct holm_virtio_resources res = resources_of(NULL, place);
	uint8_t bytes[RNG_BYTES];
	int got;

	res.msi = NULL;
	got = holm_virtio_rng_read(&res, bytes, sizeof(bytes), RNG_TIMEOUT_NS);
	if (got > 0)
		entropy_add(bytes, (size_t)got);
	else
		log_warn("virtio-rng: no random bytes (error %d)", -got);
	memset(bytes, 0, sizeof(bytes));
	log_debug("virtio-rng: %d bytes", got);
}

/* Lines of register blocks give edges: the line is open before the device can use it. */
static void connect_line(struct net_device *d)
{
	d->uses_line = d->place.has_line && irq_connect(&d->line, d->place.line, d->place.trigger);
	if (!d->uses_line)
		log_error("%s: no interrupt, the device will be slow", d->name);
}

static void log_net(const struct net_device *d, const struct place *place)
{
	struct holm_virtio_net_info info;
	const struct holm_mac *mac = &holm_virtio_net_dev(d->vn)->mac;
	char where[24];
	char features[128];

	holm_virtio_net_get_info(d->vn, &info);
	holm_virtio_net_features_text(info.features, features, sizeof(features));
	place_name(place, where, sizeof(where));
	log_info("%s: virtio-net at %s%s, %02x:%02x:%02x:%02x:%02x:%02x%s, rings %u/%u", d->name,
		 where, info.legacy ? " (legacy)" : "", mac->b[0], mac->b[1], mac->b[2], mac->b[3],
		 mac->b[4], mac->b[5], info.mac_is_random ? " (random)" : "", info.rx_queue,
		 info.tx_queue);
	log_info("%s: %s", d->name, features);
}

static void add_net(const struct place *place)
{
	struct net_device *d = &nets[net_count];
	struct holm_virtio_resources res;
	int err;

	if (net_count == DEVICES_NET_MAX) {
		log_warn("more than %d network devices: one is left alone", DEVICES_NET_MAX);
		return;
	}
	d->place = *place;
	if (place->kind == HOLM_VIRTIO_PCI)
		pci_function_open(&d->place.fn);
	fmt_string(d->name, sizeof(d->name), "net%u", (unsigned)net_count);
	res = resources_of(d, &d->place);
	res.name = d->name;
	err = holm_virtio_net_probe(&res, &d->vn);
	if (err) {
		log_error("%s: virtio-net does not come up (error %d)", d->name, -err);
		return;
	}
	net_count++;
	log_net(d, place);
	if (place->kind == HOLM_VIRTIO_MMIO)
		connect_line(d);
}

static void add_virtio(const struct place *place)
{
	struct holm_virtio_resources res = resources_of(NULL, place);
	uint32_t type = HOLM_VIRTIO_NONE;

	if (holm_virtio_identify(&res, &type) != 0 || type == HOLM_VIRTIO_NONE)
		return;
	if (type == HOLM_VIRTIO_NET)
		add_net(place);
	else if (type == HOLM_VIRTIO_RNG)
		add_rng(place);
	else
		log_debug("virtio device of type %u: no driver", (unsigned)type);
}

static void add_mmio(const struct platform_resource *r)
{
	struct place place = {
		.kind = HOLM_VIRTIO_MMIO,
		.mmio_base = (uintptr_t)r->base,
		.has_line = true,
		.line = r->irq,
		.trigger = r->trigger,
	};

	add_virtio(&place);
}

static void add_function(void *ctx, const struct pci_function *found)
{
	struct pci_bus *bus = ctx;
	struct place place = { .kind = HOLM_VIRTIO_PCI, .fn = *found };

	if (found->vendor_id != VIRTIO_VENDOR)
		return;
	pci_function_open(&place.fn);
	if (!pci_assign_bars(bus, &place.fn))
		log_warn("pci %02x:%02x.%u: no room for its registers", place.fn.bus_no,
			 place.fn.device, place.fn.function);
	/* How lines run behind bridges is not known; there messages must do. */
	place.has_line = place.fn.pin != 0 && place.fn.bus_no == bus->bus_first;
	if (place.has_line)
		place.line = platform_pci_line(place.fn.device, place.fn.pin - 1u);
	place.trigger = IRQ_LEVEL_HIGH;
	add_virtio(&place);
}

static void add_pci(const struct platform_resource *r)
{
	/* Devices point to their bus. There is one PCI root, see platform.h. */
	static struct pci_bus bus;

	bus = (struct pci_bus){
		.by_ports = r->kind == PLATFORM_PCI_PORTS,
		.ecam = (uintptr_t)r->base,
		.bus_first = r->bus_first,
		.bus_last = r->bus_last,
		.window_base = r->window_base,
		.window_len_bytes = r->window_len_bytes,
	};
	pci_scan(&bus, add_function, &bus);
}

static void read_features_off(void)
{
	const char *list = cmdline_get("net.off");
	size_t len = 0;

	if (!list)
		return;
	while (list[len] != '\0')
		len++;
	if (holm_virtio_net_parse_off(list, len, &net_features_off) != 0)
		log_error("net.off=%s: not among csum guest_csum tso guest_tso mrg event_idx mtu "
			  "status mac",
			  list);
}

void drivers_start(void)
{
	size_t n;
	const struct platform_resource *r = platform_resources(&n);

	read_features_off();
	/* QEMU gives the last register block to the first device of its command line. */
	for (size_t i = n; i-- > 0;)
		if (r[i].kind == PLATFORM_VIRTIO_MMIO)
			add_mmio(&r[i]);
	for (size_t i = 0; i < n; i++)
		if (r[i].kind != PLATFORM_VIRTIO_MMIO)
			add_pci(&r[i]);
}

size_t devices_net(struct holm_dev **list, size_t max)
{
	for (size_t i = 0; i < net_count && i < max; i++)
		list[i] = holm_virtio_net_dev(nets[i].vn);
	return net_count;
}

static struct net_device *find_net(const struct holm_dev *dev)
{
	for (size_t i = 0; i < net_count; i++)
		if (holm_virtio_net_dev(nets[i].vn) == dev)
			return &nets[i];
	return NULL;
}

int devices_net_start(struct holm_dev *dev, struct holm_pool *pool)
{
	struct net_device *d = find_net(dev);
	struct holm_virtio_net_info info;
	int err;

	ASSERT(d);
	err = holm_virtio_net_start(d->vn, pool);
	if (err) {
		log_error("%s: virtio-net does not start (error %d)", d->name, -err);
		return err;
	}
	holm_virtio_net_get_info(d->vn, &info);
	/* A level that has been raised meanwhile is seen as soon as the line is open. */
	if (info.vectors == 0 && !d->uses_line)
		connect_line(d);
	log_debug("%s: %u messages, %u receive frames", d->name, info.vectors, info.rx_filled);
	return 0;
}

static void take_interrupts(struct net_device *d)
{
	if (d->uses_line) {
		if (irq_take(&d->line)) {
			holm_virtio_net_interrupt(d->vn, HOLM_VIRTIO_VECTOR_CONFIG);
			irq_rearm(&d->line);
		}
		return;
	}
	for (unsigned v = 0; v < HOLM_VIRTIO_VECTORS; v++)
		if (irq_take(&d->message[v]))
			holm_virtio_net_interrupt(d->vn, v);
}

void devices_take_interrupts(void)
{
	for (size_t i = 0; i < net_count; i++)
		take_interrupts(&nets[i]);
}

bool devices_arm(void)
{
	bool work = false;

	for (size_t i = 0; i < net_count; i++)
		work |= holm_virtio_net_arm(nets[i].vn);
	return work;
}
