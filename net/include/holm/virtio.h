/*
 * virtio.h -- drivers for virtio-net and virtio-rng devices (virtio 1.x over MMIO and over PCI), as
 * libholm_virtio.a offers them to a kernel that has found such a device.
 *
 *	struct holm_virtio_resources res = { .size = sizeof(res), ... };
 *	struct holm_virtio_net *vn;
 *
 *	holm_virtio_net_probe(&res, &vn);                      features agreed, nothing flows yet
 *	holm_net_add_dev(net, holm_virtio_net_dev(vn));
 *	holm_virtio_net_start(vn, holm_net_pool(net));         receive buffers, from the pool
 *	for (;;) {
 *		holm_net_poll_devs(...); ... holm_net_poll(...);   see <holm/net.h>
 *		if (!holm_virtio_net_arm(vn))
 *			sleep until an interrupt or the deadline
 *	}
 *	interrupt:  holm_virtio_net_interrupt(vn, vector);     may run in an interrupt handler
 *
 * Memory is the caller's; rings and received frames must be visible to the device. The driver spans
 * no thread and takes no lock: everything but holm_virtio_net_interrupt() belongs to the thread of
 * the instance. Not supported: packed rings, several queue pairs, the control queue, legacy PCI.
 */
#ifndef HOLM_VIRTIO_H
#define HOLM_VIRTIO_H

#include <holm/dev.h>
#include <holm/env.h>
#include <holm/errno.h>

#ifdef __cplusplus
extern "C" {
#endif

struct holm_virtio_net;

enum holm_virtio_kind {
	HOLM_VIRTIO_MMIO =
		1, /* a register block: version 2, or version 1 (legacy) as QEMU defaults to */
	HOLM_VIRTIO_PCI = 2, /* a PCI function with the modern capabilities */
};

/* Device types (virtio 1.2 section 5) that there are drivers for. */
enum holm_virtio_type {
	HOLM_VIRTIO_NONE = 0,
	HOLM_VIRTIO_NET = 1,
	HOLM_VIRTIO_RNG = 4,
};

/* What to write into one entry of an MSI-X table. */
struct holm_virtio_msi {
	uint64_t addr;
	uint32_t data;
};

/*
 * Configuration space of one PCI function, as aligned 32-bit accesses. The driver switches memory
 * decoding and bus mastering on; the BARs must have their addresses.
 */
struct holm_pci_config {
	void *ctx;
	uint32_t (*read)(void *ctx, uint32_t off);
	void (*write)(void *ctx, uint32_t off, uint32_t value);
};

/* Message numbers for msi() and holm_virtio_net_interrupt(). */
#define HOLM_VIRTIO_VECTOR_CONFIG 0u /* link changes; everything, when there is only one */
#define HOLM_VIRTIO_VECTOR_RX 1u
#define HOLM_VIRTIO_VECTOR_TX 2u
#define HOLM_VIRTIO_VECTORS 3u

/* A device, and what its driver needs of the machine. Copied at probe. */
struct holm_virtio_resources {
	size_t size;	  /* sizeof(struct holm_virtio_resources) as the program was compiled */
	void *ctx;	  /* handed to every callback but those of `pci` */
	const char *name; /* of the network device, e.g. "net0"; must outlive it */

	enum holm_virtio_kind kind;
	uintptr_t mmio_base;	    /* kind MMIO: where the registers are mapped */
	struct holm_pci_config pci; /* kind PCI */
	/* Kind PCI: where `len` bytes of registers at a bus address are mapped; NULL: nowhere. */
	void *(*map)(void *ctx, uint64_t bus_addr, size_t len);

	/*
	 * Memory for the driver's state and its rings: physically contiguous, visible to the device,
	 * not cleared. At most some 100 KiB at a time, align at most 4096. NULL: none left.
	 */
	void *(*alloc)(void *ctx, size_t size, size_t align);
	void (*free)(void *ctx, void *p, size_t size);
	/*
	 * The address of p for the device; *run becomes how many of `len` bytes are contiguous from
	 * there on, at least 1. Called for rings, received frames and everything sent. May be NULL
	 * where every address is its own and memory is contiguous.
	 */
	uint64_t (*bus_addr)(void *ctx, const void *p, size_t len, size_t *run);

	/*
	 * Kind PCI: prepare message `vector` (0, 1, ...) and say what the device is to write where.
	 * False: no more messages. NULL: use the function's INTx line.
	 */
	bool (*msi)(void *ctx, unsigned vector, struct holm_virtio_msi *msi);
	/* Called by holm_virtio_net_interrupt() when there is work: wake the poller. May be NULL. */
	void (*wake)(void *ctx);

	/* Monotonic nanoseconds: bounds the waits for a reset and for random bytes. */
	uint64_t (*now)(void *ctx);
	/* Random bytes for the address of a device that has none. NULL: such a device is refused. */
	void (*random)(void *ctx, void *dst, size_t len);
	/* Lines that a person should see. May be NULL. */
	void (*log)(void *ctx, enum holm_log_level level, const char *line, size_t len);

	uint64_t
		features_off; /* feature bits not to be negotiated, see holm_virtio_net_parse_off() */
	uint16_t queue_max;   /* ring entries at most, a power of two; 0: 256 */
	uint16_t
		rx_frames; /* frames kept in the receive ring at most; 0: as many as it has entries */
};

/*
 * What is there: *type becomes the device's type, HOLM_VIRTIO_NONE for an empty slot. -HOLM_ENODEV
 * if this is no virtio device, -HOLM_EPROTO if it is one that can only be driven in a way that is
 * not supported (a line in the log says what to do).
 */
int holm_virtio_identify(const struct holm_virtio_resources *res, uint32_t *type);

/*
 * Reset the device, agree on features, set up rings. Nothing is received yet.
 * -HOLM_ENODEV (no network device), -HOLM_EPROTO (no features to agree on), -HOLM_ENOMEM,
 * -HOLM_EIO (the device does not answer as it must), -HOLM_EINVAL (`res` is incomplete),
 * -HOLM_ENXIO (it has no address and `random` is NULL).
 */
int holm_virtio_net_probe(const struct holm_virtio_resources *res, struct holm_virtio_net **out);

/* The network device to attach. Its stats say what the driver dropped and distrusted. */
struct holm_dev *holm_virtio_net_dev(struct holm_virtio_net *vn);

/*
 * Let it run, with receive buffers from `pool`: the instance's. The device must be attached. A pool
 * that is short now is asked again by every poll. -HOLM_EIO as above.
 */
int holm_virtio_net_start(struct holm_virtio_net *vn, struct holm_pool *pool);

/*
 * Reset the device: it touches no memory afterwards. Frames it held are freed. It can be started
 * again. Called by itself when the instance lets the device go.
 */
void holm_virtio_net_stop(struct holm_virtio_net *vn);

/* Stop, and give all memory back. It must not be attached. */
void holm_virtio_net_remove(struct holm_virtio_net *vn);

/*
 * The device has interrupted: by message `vector`, or (vector 0) by its line. Acknowledges, notes,
 * calls wake(); touches neither rings nor instance. May run in an interrupt handler on the thread's
 * core. False: it was not this device, another one on a shared line.
 */
bool holm_virtio_net_interrupt(struct holm_virtio_net *vn, unsigned vector);

/*
 * Before sleeping: ask for an interrupt on whatever comes next, then look once more. True: work has
 * come meanwhile, poll again. Interrupts go off by themselves when polling resumes.
 */
bool holm_virtio_net_arm(struct holm_virtio_net *vn);

/* What was agreed on, for a line in the log. */
struct holm_virtio_net_info {
	uint64_t features; /* negotiated, as in the specification */
	uint16_t rx_queue; /* ring entries */
	uint16_t tx_queue;
	uint8_t vectors; /* messages in use; 0: a line */
	bool legacy;	 /* MMIO version 1 */
	bool mac_is_random;
	bool broken;	     /* the device broke the rules and was stopped */
	uint16_t rx_filled;  /* frames in the receive ring now */
	uint16_t tx_in_ring; /* frames in the transmit ring now */
};

void holm_virtio_net_get_info(const struct holm_virtio_net *vn, struct holm_virtio_net_info *info);

/*
 * Names of the negotiated features, separated by blanks, NUL-terminated; what does not fit is left
 * out. Returns the length.
 */
size_t holm_virtio_net_features_text(uint64_t features, char *text, size_t text_bytes);

/*
 * "csum,tso,mrg" -> a mask for features_off. Names: csum guest_csum tso guest_tso mrg event_idx mtu
 * status mac. -HOLM_EINVAL for any other name; the mask is left alone.
 */
int holm_virtio_net_parse_off(const char *list, size_t len, uint64_t *mask);

/*
 * Read random bytes from a virtio-rng device, waiting up to `timeout_ns`; the device is reset before
 * and after. Returns how many bytes came, 1 to `len`, or a negative error as for probe;
 * -HOLM_ETIMEDOUT when none came. `len` at most 4096.
 */
int holm_virtio_rng_read(const struct holm_virtio_resources *res, void *dst, size_t len,
			 uint64_t timeout_ns);

#ifdef __cplusplus
}
#endif

#endif
