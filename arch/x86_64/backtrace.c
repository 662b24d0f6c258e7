/* Callers, by frame pointers: the image is compiled to keep them. */
#include "arch/boot.h"
#include "arch/paging.h"
#include "arch/x86_64/x86.h"

static bool is_text(uintptr_t pc)
{
	return pc >= (uintptr_t)text_start && pc < (uintptr_t)text_end;
}

unsigned backtrace_walk(uintptr_t fp, uintptr_t *pc, unsigned max)
{
	uintptr_t unused;
	unsigned n = 0;

	while (n < max && (fp & 7) == 0 && paging_translate(fp, &unused) &&
	       paging_translate(fp + 8, &unused)) {
		const uintptr_t *frame = (const uintptr_t *)fp;

		if (!is_text(frame[1]))
			break;
		pc[n++] = frame[1];
		/* Stacks grow down: a caller's frame lies above. */
		if (frame[0] <= fp)
			break;
		fp = frame[0];
	}
	return n;
}
