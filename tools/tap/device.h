/*
 * A Linux TAP device as a device of the stack. Frames carry the kernel's virtio_net_hdr, so that
 * checksums and segmentation can be left undone in both directions: between two ends of one machine
 * nobody needs them.
 */
#ifndef TAP_DEVICE_H
#define TAP_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <holm/net.h>

/* Frames larger than a home buffer (TSO from the host) continue in a chunk of this many bytes. */
#define TAP_CHUNK_BYTES (64u * 1024)
/* Chunks that the stack may hold at a time: 32 MiB. A large frame that finds none is lost. */
#define TAP_CHUNKS_MAX 512u

struct tap_chunk;

struct tap_device {
	struct holm_dev dev; /* attach this one, or middleware in front of it */
	int fd;
	struct holm_pool *pool;	  /* where received frames come from; set before the first poll */
	struct holm_frame *spare; /* the next frame to be received */
	struct tap_chunk *free;	  /* chunks that nobody holds */
	uint32_t chunks;	  /* allocated in all */
	bool is_blocked;	  /* the kernel took fewer frames than it was given */
};

struct tap_device_config {
	const char *name;
	uint16_t mtu;
	bool has_csum; /* leave checksums undone, both ways */
	bool has_tso;  /* super-frames, both ways; needs has_csum */
};

/* Open the TAP device, making it when it is not there. 0 or a negative errno of the host. */
int tap_device_open(struct tap_device *t, const struct tap_device_config *config);

/* Let it go; the device must be detached. One that open() made goes with it. */
void tap_device_close(struct tap_device *t);

/* Give the host's side an IPv4 address (host order) and bring it up. 0 or a negative errno. */
int tap_device_configure_host(const char *name, uint32_t addr, unsigned prefix_len);
/* The same with an IPv6 address. */
int tap_device_configure_host6(const char *name, const uint8_t addr[static 16],
			       unsigned prefix_len);

#endif
