/*
 * A virtio device that lives in memory: the other side of drivers/virtio, seen through its registers
 * (MMIO version 1 and 2, or a PCI function) and through the rings it is given.
 *
 * It does what a test tells it, lies included, and asserts what the specification demands of a driver:
 * the order of initialisation, no doorbell before DRIVER_OK, no memory but what was mapped for it.
 * Bus addresses differ from pointers by FAKE_BUS_OFFSET, so that a driver that mixes them up fails.
 */
#ifndef TESTS_DRIVERS_FAKE_VIRTIO_H
#define TESTS_DRIVERS_FAKE_VIRTIO_H

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#include <holm/virtio.h>

#define FAKE_BIT(f) (UINT64_C(1) << (f))
#define FAKE_BUS_OFFSET UINT64_C(0x5000000000000000)
/* Block i of what the driver allocates is on the bus at (i + 1) * FAKE_BLOCK_BUS: low, for PFNs. */
#define FAKE_BLOCKS 8
#define FAKE_BLOCK_BUS UINT64_C(0x100000)
#define FAKE_QUEUES 3
#define FAKE_CONFIG_BYTES 64
#define FAKE_MSIX_ENTRIES_MAX 4

enum fake_front { FAKE_MMIO2, FAKE_MMIO1, FAKE_PCI };

struct fake_queue {
	uint16_t num;
	bool ready;
	uint64_t desc, avail, used; /* bus addresses */
	uint16_t vector;
	uint16_t last_avail; /* chains taken */
	uint16_t used_idx;
	unsigned doorbells;
};

struct fake_virtio {
	/* What it is; set before the driver sees it. */
	enum fake_front front;
	uint32_t type;
	uint64_t offered;
	uint16_t queue_max;
	uint8_t config[FAKE_CONFIG_BYTES];
	bool refuses_features;
	bool never_resets;
	unsigned msix_entries; /* PCI: 0 for none */
	unsigned restless;     /* how many more reads of the configuration change its generation */

	/* What the driver has made of it. */
	uint8_t status;
	uint64_t driver_features;
	uint32_t generation;
	uint32_t isr;
	unsigned resets;
	struct fake_queue q[FAKE_QUEUES];

	/* Registers that select. */
	uint32_t device_sel, driver_sel, queue_sel;
	uint32_t page_size;

	/* PCI. */
	uint8_t pci[256];
	uint32_t bar_sizes[6];
	uint16_t msix_config;
	uint32_t msix_table[FAKE_MSIX_ENTRIES_MAX][4];

	/* What the machine supplies. */
	struct holm_virtio_resources res;
	uint64_t now_ns;
	unsigned allocations; /* not yet freed */
	struct fake_block {
		uint8_t *mem; /* NULL: free slot */
		size_t len;
	} blocks[FAKE_BLOCKS];	 /* the allocations themselves */
	unsigned alloc_fails_at; /* the n-th from now, 0: never */
	unsigned msi_max;	 /* messages to be had */
	unsigned msi_asked;
	bool fragmented; /* nothing is contiguous beyond a page, rings excepted */
	unsigned wakes;
	unsigned log_lines;
};

/*
 * A network device with link up, MAC 52:54:00:12:34:56, MTU 1500 in its configuration and `offered`
 * features (VERSION_1 or ANY_LAYOUT come by themselves), and resources to find it.
 */
void fake_init(struct fake_virtio *v, enum fake_front front, uint64_t offered);

/* Take it off the bus; all allocations must have been freed. */
void fake_fini(struct fake_virtio *v);

/* The same, for a device that has not given its memory back. */
void fake_abandon(struct fake_virtio *v);

/* The memory behind a bus address. */
void *fake_memory(const struct fake_virtio *v, uint64_t bus_addr);

/* How many chains wait in a queue. */
unsigned fake_waiting(const struct fake_virtio *v, unsigned queue);

/* Take the next chain: its head, or -1. */
int fake_take(struct fake_virtio *v, unsigned queue);

/* Copy the readable bytes of a chain out; returns how many. */
size_t fake_read_chain(const struct fake_virtio *v, unsigned queue, int head, void *to, size_t max);

/* Write into the writable bytes of a chain; returns how many fitted. */
size_t fake_write_chain(const struct fake_virtio *v, unsigned queue, int head, const void *from,
			size_t len);

unsigned fake_chain_descs(const struct fake_virtio *v, unsigned queue, int head);
size_t fake_chain_writable(const struct fake_virtio *v, unsigned queue, int head);

/* Put an entry into the used ring, true or not. */
void fake_use(struct fake_virtio *v, unsigned queue, uint32_t id, uint32_t len);

/* The same without telling yet: fake_tell() then moves the index by `n`. */
void fake_use_quietly(struct fake_virtio *v, unsigned queue, unsigned ahead, uint32_t id,
		      uint32_t len);
void fake_tell(struct fake_virtio *v, unsigned queue, unsigned n);

/* Ask for a doorbell with the next chain, as devices do before they sleep; or for none. */
void fake_want_doorbell(struct fake_virtio *v, unsigned queue);
void fake_no_doorbell(struct fake_virtio *v, unsigned queue);

/* Would the device interrupt, having moved its used index from `old` to where it is? */
bool fake_may_interrupt(const struct fake_virtio *v, unsigned queue, uint16_t old);

/* Raise interrupt causes (VIRTIO_ISR_... bits of drivers/virtio/transport.h). */
void fake_raise(struct fake_virtio *v, uint32_t causes);

/* Change the link, with its interrupt cause. */
void fake_set_link(struct fake_virtio *v, bool up);

/* Deliver one packet in one buffer. False: no buffer. `hdr` may be NULL: all zero, one buffer. */
bool fake_deliver(struct fake_virtio *v, const struct virtio_net_hdr_v1 *hdr, const void *packet,
		  size_t len);

/* Deliver a packet in as many buffers as it takes. Returns how many, 0 if there are too few. */
unsigned fake_deliver_merged(struct fake_virtio *v, const struct virtio_net_hdr_v1 *hdr,
			     const void *packet, size_t len);

/* Take one packet sent and complete it. Returns its length without the header, or -1. */
int fake_send(struct fake_virtio *v, struct virtio_net_hdr_v1 *hdr, void *packet, size_t max);

/* Size of the header before each packet as negotiated. */
size_t fake_hdr_bytes(const struct fake_virtio *v);

#endif
