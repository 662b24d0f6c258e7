/* Between a program's pieces (struct holm_iov) and frames: one copy, either way. */
#ifndef NET_CORE_IOV_H
#define NET_CORE_IOV_H

#include <holm/frame.h>
#include <holm/socket.h>

/*
 * Append every piece to a frame: to its home buffer while there is room, then to buffers of further
 * frames, which it keeps. False: the pool has no more of them (above its reserve, unless `reserve_ok`),
 * or the frame has too many segments. The frame then holds a part.
 */
bool iov_to_frame(struct holm_pool *pool, struct holm_frame *f, const struct holm_iov *iov,
		  size_t n, bool reserve_ok);

/* Copy up to `len` bytes from offset `off` of a frame, as many as fit; returns how many did. */
size_t iov_from_frame(const struct holm_frame *f, size_t off, size_t len,
		      const struct holm_iov *iov, size_t n);

/* Copy the first `len` bytes of the pieces, or fewer if they have fewer; returns how many. */
size_t iov_peek(const struct holm_iov *iov, size_t n, void *dst, size_t len);

#endif
