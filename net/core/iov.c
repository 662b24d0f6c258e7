/* Copying between a program's pieces and frames; see iov.h. */
#include "net/core/iov.h"

#include "lib/compiler.h"
#include "lib/mem.h"

/* Where the next byte goes: the frame's own buffer, or a piece that is appended when it is full. */
struct filler {
	struct holm_pool *pool;
	struct holm_frame *f;
	struct holm_frame *piece; /* NULL: the frame itself */
	bool reserve_ok;
};

static size_t room_of(const struct holm_frame *f)
{
	return (size_t)(f->home_mem + HOLM_FRAME_BYTES - (f->segs[0].data + f->segs[0].len));
}

/* What the piece holds becomes the frame's; its own frame goes. */
static bool append_piece(struct filler *w)
{
	struct holm_frame *piece = w->piece;
	bool ok = true;

	w->piece = NULL;
	if (piece) {
		ok = holm_frame_append(w->f, &piece->home, holm_frame_data(piece), piece->len);
		holm_frame_free(piece);
	}
	return ok;
}

static bool next_piece(struct filler *w)
{
	if (!append_piece(w))
		return false;
	w->piece = holm_frame_alloc(w->pool, 0, w->reserve_ok);
	return w->piece != NULL;
}

static bool fill(struct filler *w, const uint8_t *src, size_t len)
{
	while (len > 0) {
		struct holm_frame *to = w->piece ? w->piece : w->f;
		size_t n = min_size(len, room_of(to));

		if (n == 0) {
			if (!next_piece(w))
				return false;
			continue;
		}
		memcpy(holm_frame_put(to, n), src, n);
		src += n;
		len -= n;
	}
	return true;
}

bool iov_to_frame(struct holm_pool *pool, struct holm_frame *f, const struct holm_iov *iov,
		  size_t n, bool reserve_ok)
{
	struct filler w = { .pool = pool, .f = f, .reserve_ok = reserve_ok };
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++)
		ok = fill(&w, iov[i].base, iov[i].len);
	return append_piece(&w) && ok;
}

size_t iov_from_frame(const struct holm_frame *f, size_t off, size_t len,
		      const struct holm_iov *iov, size_t n)
{
	size_t done = 0;

	for (size_t i = 0; i < n && done < len; i++) {
		size_t k = min_size(iov[i].len, len - done);

		if (k > 0)
			holm_frame_read(f, off + done, iov[i].base, k);
		done += k;
	}
	return done;
}

size_t iov_peek(const struct holm_iov *iov, size_t n, void *dst, size_t len)
{
	size_t done = 0;

	for (size_t i = 0; i < n && done < len; i++) {
		size_t k = min_size(iov[i].len, len - done);

		if (k > 0)
			memcpy((uint8_t *)dst + done, iov[i].base, k);
		done += k;
	}
	return done;
}
