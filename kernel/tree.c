/* The image's own file tree: the module that the boot loader handed over. */
#include "kernel/initrd.h"

#include "arch/boot.h"
#include "kernel/log.h"
#include "kernel/mem.h"

static struct initrd_entry root = { .path = "", .mode = INITRD_DIR | 0555u, .nlink = 2 };
static struct initrd tree = { &root, 1 };

static void *index_memory(size_t bytes)
{
	return mem_pages_alloc(mem_pages_for(bytes));
}

void initrd_init(const struct boot_info *boot)
{
	struct initrd t;
	int err;

	if (boot->initrd.len_bytes == 0)
		return;
	err = initrd_open(&t, (const void *)(uintptr_t)boot->initrd.base, boot->initrd.len_bytes,
			  index_memory);
	if (err != 0) {
		log_error("initrd: not an uncompressed newc cpio archive, or no memory (error %d)",
			  -err);
		return;
	}
	tree = t;
	log_debug("initrd: %zu entries", tree.count);
}

const struct initrd *initrd_root(void)
{
	return &tree;
}
