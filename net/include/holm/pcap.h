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

/*
 * A capture from the side: nothing is put in front of anything, it begins and ends at any time. Frames of
 * one device, or (NULL) of all and of the loopback, are written as they come in and as they enter the queue
 * to their device, super-frames whole. `write` is called from within other calls and must not call in. It
 * ends before its instance does. -HOLM_ENOMEM.
 */
struct holm_capture;
int holm_capture_open(struct holm_net *net, struct holm_dev *dev,
		      void (*write)(void *ctx, const void *data, size_t len), void *ctx,
		      uint64_t wall_offset_ns, uint32_t snap_bytes, struct holm_capture **out);
void holm_capture_close(struct holm_capture *capture);

/* The format by itself, for programs that have their frames from elsewhere: packet sockets, say. */
enum { HOLM_PCAP_FILE_BYTES = 24, HOLM_PCAP_RECORD_BYTES = 16 };
/* What the file begins with. */
void holm_pcap_file_header(uint8_t header[HOLM_PCAP_FILE_BYTES], uint32_t snap_bytes);
/* What stands in front of a frame of `len` bytes, of which `kept` follow. */
void holm_pcap_record_header(uint8_t header[HOLM_PCAP_RECORD_BYTES], uint64_t wall_ns,
			     uint32_t kept, uint32_t len);

#ifdef __cplusplus
}
#endif

#endif
