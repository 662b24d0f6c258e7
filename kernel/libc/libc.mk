# The image's C library: picolibc from PICOLIBC=DIR (with include/ and lib/libc.a), otherwise newlib,
# built once from Debian's newlib-source. For the Makefile:
#
#   LIBC_CFLAGS	for what is compiled against the library
#   LIBC_LIBS	for the link
#   LIBC_READY	the file that must exist before either
#
# The seam is kernel/libc/*.c and posix/*.c, and one folder that knows which of the two it is.

# newlib was built with these two as well: a state per thread, and read() that returns ssize_t.
ifeq ($(PICOLIBC),)
LIBC_DIR := $(BUILD)/$(ARCH)/newlib
LIBC_READY := $(LIBC_DIR)/lib/libc.a
LIBC_SRC := $(wildcard kernel/libc/newlib/*.c)
LIBC_CFLAGS := -isystem $(LIBC_DIR)/include -D_DEFAULT_SOURCE -D__DYNAMIC_REENT__ \
	-D_READ_WRITE_RETURN_TYPE=_ssize_t
LIBC_LIBS := $(LIBC_DIR)/lib/libc.a $(LIBC_DIR)/lib/libm.a

$(LIBC_READY): kernel/libc/build-newlib.sh | $(SETUP)/build
	@echo '  NEWLIB  building the C library once, about a minute'
	@kernel/libc/build-newlib.sh $(abspath $(LIBC_DIR)) $(X86_CC) $(CROSS)ar $(CROSS)ranlib
else
LIBC_DIR := $(abspath $(PICOLIBC))
LIBC_READY := $(LIBC_DIR)/lib/libc.a
LIBC_SRC := $(wildcard kernel/libc/picolibc/*.c)
LIBC_CFLAGS := -isystem $(LIBC_DIR)/include -D_DEFAULT_SOURCE -ftls-model=local-exec
LIBC_LIBS := $(LIBC_READY)

$(LIBC_READY):
	@echo 'PICOLIBC=$(PICOLIBC): there is no lib/libc.a in this directory' >&2 && false
endif

LIBC_SRC += $(wildcard kernel/libc/posix/*.c)
IMAGE_SRC += $(LIBC_SRC)

# The assembler reads these, so the compiler's list of prerequisites does not name them.
$(BUILD)/$(ARCH)/kernel/apps/httpd/assets.o: $(wildcard kernel/apps/httpd/page.* kernel/apps/httpd/*.svg)

# On the host, where two files are tested, that library too is asked for more than C11.
$(foreach f,inet hosts,$(eval CFLAGS_kernel/libc/$f.c := -D_DEFAULT_SOURCE) \
	$(eval CFLAGS_tests/kernel/libc/$f.c := -D_DEFAULT_SOURCE))
