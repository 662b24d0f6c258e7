/*
 * pcap.h -- a device in front of another device that writes every frame, both ways, in pcap's file
 * format (link type ethernet, nanosecond time stamps).
 */
#ifndef HOLM_PCAP_H
#define HOLM_PCAP_H

#include <holm/net.h>

#ifdef __cplusplus
extern "C" {
#endif

struct holm_pcap {
	struct holm_dev dev;	/* attach this one */
	struct holm_dev *lower;
	/* Append bytes to the file. Called once per header, then per frame with header and bytes. */
	void (*write)(void *ctx, const void *data, size_t len);
	void *ctx;
	uint64_t wall_offset_ns; /* added to monotonic time: wall time of monotonic zero */
	uint32_t snap_bytes;	 /* longer frames are cut in the file */
};

void holm_pcap_init(struct holm_pcap *pcap, struct holm_dev *lower,
		    void (*write)(void *ctx, const void *data, size_t len), void *ctx,
		    uint64_t wall_offset_ns, uint32_t snap_bytes);

#ifdef __cplusplus
}
#endif

#endif
