/*
 * pcap.h -- a device in front of another device that writes every frame, both ways, in pcap's file
 * format (link type ethernet, nanosecond time stamps, little-endian on every machine). Checksums that
 * are left to the device below are captured as they are there: incomplete.
 */
#ifndef HOLM_PCAP_H
#define HOLM_PCAP_H

#include <holm/net.h>

#ifdef __cplusplus
extern "C" {
#endif

struct holm_pcap {
	struct holm_dev dev; /* attach this one */
	struct holm_dev *lower;
	/* Append bytes to the file. Called once per header, then per frame with header and bytes. */
	void (*write)(void *ctx, const void *data, size_t len);
	void *ctx;
	uint64_t wall_offset_ns; /* added to monotonic time: wall time of monotonic zero */
	uint32_t snap_bytes;	 /* longer frames are cut in the file */
	uint64_t now;		 /* of the latest poll or reception: stamps what is sent */
	/* What the device below refused is offered again: it is in the file already. */
	const struct holm_frame *refused;
	size_t nrefused;
};

/* Writes the file's header, and stands in front of `lower` from now on. */
void holm_pcap_init(struct holm_pcap *pcap, struct holm_dev *lower,
		    void (*write)(void *ctx, const void *data, size_t len), void *ctx,
		    uint64_t wall_offset_ns, uint32_t snap_bytes);

/* Leave `lower` alone. The device must be detached. */
void holm_pcap_fini(struct holm_pcap *pcap);

#ifdef __cplusplus
}
#endif

#endif
