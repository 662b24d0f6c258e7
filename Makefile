# holm: one Makefile for the image, the library, the tests and everything around them.
#
# `make help` lists what it can do. Sources are found by pattern: a new file in a room is built, a
# missing room is skipped. Every kind of object has a tree of its own under build/: the same source
# is compiled for the host with sanitizers, for the library, for the image, for other machines.
# Nothing is asked of a compiler while this file is read: on a fresh machine there is none yet.

.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := image
MAKEFLAGS += --no-builtin-rules --no-print-directory

# All processors unless the user or an outer make has said otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

## where results land
BUILD ?= build
## print whole commands when 1
V ?= 0
## only these rows of make bench and make count, as in ROWS="rr bulk.v3"
ROWS ?=
## only tests whose path contains this, as in T=net/tcp
T ?=

## the application: a name in kernel/apps, or the path of a .c file or of a directory of them
APP ?= httpd
## words after the image's name in main's arguments; leading NAME=value words are its environment
ARGS ?=
## the port on the host, 127.0.0.1, that leads to port 80 of the image
PORT ?= 8080
## further ports, as in FWD="tcp:5001:5001 udp:7000:7" (host:image)
FWD ?=
## the machine: microvm or q35
MACHINE ?= microvm
## the network: user (no rights needed) or tap (the image at 10.0.5.2)
NET ?= user
## the TAP device; made and removed by make run when it is not there (needs root)
TAP ?= holm0
## the image's memory; 8M is enough
MEM ?= 64M
## words for the kernel, as in CMDLINE="net.trace=1"
CMDLINE ?=
## a directory that the application sees as a read-only tree
ROOT ?=
## a file that gets every frame, for Wireshark
PCAP ?=
## tcg, or kvm where the machine can (never chosen by itself)
ACCEL ?= tcg

## where make install puts include/, lib/ and lib/pkgconfig/
PREFIX ?= /usr/local
## in front of PREFIX, for packagers
DESTDIR ?=
## a directory with include/ and lib/libc.a of picolibc; without it newlib is built
PICOLIBC ?=
## compiler warnings stop the build unless this is empty
WERROR ?= -Werror
## what libholm.a is built without, as in WITHOUT="IPV6 SACK": <holm/build.h> has the names
WITHOUT ?=
## 1: libholm.a is left to link-time optimisation, which makes it a tenth smaller; the same gcc links then
LTO ?=
## how far make lint follows the paths through one function; 225000 is clang's own, twice the time
LINT_DEPTH ?= 50000

# ---- the machine we build on, and its tools --------------------------------------------------

HOST_ARCH := $(shell uname -m)
ARCH := x86_64
ifeq ($(HOST_ARCH),x86_64)
CROSS ?=
else
CROSS ?= x86_64-linux-gnu-
endif
ifneq ($(filter default undefined,$(origin CC)),)
CC := gcc
endif
ifneq ($(filter default undefined,$(origin CXX)),)
CXX := g++
endif
CLANG ?= clang
X86_CC := $(CROSS)gcc
AR := $(if $(filter %gcc,$(CC)),$(CC:gcc=ar),ar)
OBJCOPY := $(if $(filter %gcc,$(CC)),$(CC:gcc=objcopy),objcopy)
M32_CC := i686-linux-gnu-gcc
BE_CC := s390x-linux-gnu-gcc
THUMB_CC := arm-none-eabi-gcc

# Set-up is remembered by group; it is looked at again when tools/packages changes.
SETUP := $(BUILD)/setup
$(SETUP)/%: tools/packages tools/setup.sh
	@tools/setup.sh $*
	@mkdir -p $(@D) && touch $@
$(SETUP)/run $(SETUP)/lint $(SETUP)/bench $(SETUP)/interop $(SETUP)/fuzz: | $(SETUP)/build
$(SETUP)/test $(SETUP)/debug: | $(SETUP)/run

# A directory of results that belongs to root stops everybody else: say so at once.
ifneq ($(wildcard $(BUILD)),)
ifeq ($(shell [ -w '$(BUILD)' ] && echo yes),)
$(error $(BUILD)/ belongs to somebody else; type: sudo chown -R $$(id -un) $(BUILD), or: make BUILD=other)
endif
endif

# ---- sources ---------------------------------------------------------------------------------

LIB_SRC := $(wildcard lib/*.c net/*.c net/*/*.c)
# What libholm.a may be built without: the names of <holm/build.h>, each with the files that hold what
# programs name of it.
LEFT_OUT := GROWTH: CHECKS: NEIGHBOURS: DEVICES: RANDOM: PORTS: END: MEMORY: PIECES: COUNTERS:net/core/stats.c LOOPBACK:net/ip/local.c \
	TAPS:net/socket/packet.c TAPS:net/link/trace.c TAPS:net/link/capture.c \
	CLAIMS:net/link/arp_claim.c DATAGRAMS:net/udp/udp.c DATAGRAMS:net/socket/inet_raw.c \
	DATAGRAMS:net/socket/inet_ping.c DATAGRAMS:net/socket/inet6_end.c DATAGRAMS:net/ip/igmp.c \
	DATAGRAMS:net/ip/reasm4.c ERRORS:net/ip/ip4_error.c GRO: IPV6:net/ip/ip6.c \
	SACK:net/tcp/repair.c SACK:net/tcp/repair_rack.c TIMESTAMPS: ECN:net/tcp/ecn.c \
	ECN:net/tcp/accecn.c RECORDS:net/tcp/half.c RECORDS:net/tcp/cookie.c \
	RECORDS:net/tcp/fastopen.c URG:net/tcp/urgent.c REASSEMBLY:net/tcp/out_of_order.c \
	SUPER:net/tcp/lend_part.c PLPMTUD:net/tcp/plpmtud.c CONTROLLERS:net/tcp/cc_cubic.c \
	CONTROLLERS:net/tcp/cc_bbr.c OPTIONS:net/tcp/option.c
OPTIONAL := $(sort $(foreach w,$(LEFT_OUT),$(firstword $(subst :, ,$(w)))))
$(if $(filter-out $(OPTIONAL),$(WITHOUT)),$(error WITHOUT: $(filter-out $(OPTIONAL),$(WITHOUT)) is not \
	one of $(OPTIONAL)))
# $(call kept,NAMES,FILES): those that are left of the files.
kept = $(filter-out $(foreach w,$(1),$(patsubst $(w):%,%,$(filter $(w):%,$(LEFT_OUT)))),$(2))
DRIVER_SRC := $(wildcard drivers/*.c drivers/*/*.c)
VIRTIO_SRC := $(filter-out drivers/uart/%,$(DRIVER_SRC))
KERNEL_SRC := $(wildcard kernel/*.c kernel/sys/*.c kernel/libc/*.[cS])
# The system calls with what they need of kernel/, for whoever has them without an image.
SYS_SRC := $(wildcard kernel/sys/*.c) kernel/deadlines.c kernel/initrd.c
ARCH_SRC := $(wildcard arch/$(ARCH)/*.[cS])
IMAGE_SRC := $(LIB_SRC) $(DRIVER_SRC) $(ARCH_SRC) $(KERNEL_SRC)
PUBLIC_HEADERS := $(wildcard net/include/holm/*.h)

APPS := $(sort $(patsubst kernel/apps/%.c,%,$(wildcard kernel/apps/*.c)) \
	$(patsubst kernel/apps/%/,%,$(dir $(wildcard kernel/apps/*/*.c))))

wanted = $(if $(T),$(foreach t,$(1),$(if $(findstring $(T),$(t)),$(t))),$(1))
FAKE_SRC := $(wildcard tests/drivers/fake/*.c)
UNIT_TESTS := $(call wanted,$(filter-out $(FAKE_SRC),$(wildcard $(foreach room,lib net net/* drivers \
	drivers/* kernel kernel/* sim,tests/$(room)/*.c))))
CROSS_TESTS := $(filter tests/lib/% tests/net/%,$(UNIT_TESTS))
SUPPORT_SRC := $(wildcard tests/support/*.c)
SIM_SRC := $(wildcard tests/sim/engine/*.c)
KERNEL_TESTED := $(filter $(wildcard kernel/*.c kernel/*/*.c),$(patsubst tests/%,%,$(UNIT_TESTS)))
ifneq ($(filter tests/kernel/sys/%,$(UNIT_TESTS)),)
KERNEL_TESTED := $(sort $(KERNEL_TESTED) $(SYS_SRC))
endif
EMBED_TESTS := $(call wanted,$(wildcard tests/embed/*.c) $(sort $(patsubst %/,%,$(dir \
	$(wildcard tests/embed/*/*.c)))))
SCRIPT_TESTS := $(call wanted,$(wildcard tests/*.sh tests/tools/*.sh))
BOOT_TESTS := $(call wanted,$(wildcard tests/boot/*.sh))
PKT_SRC := $(wildcard tests/pkt/*.c)
PKT_FOLDERS := $(patsubst %/,%,$(sort $(dir $(call wanted,$(wildcard tests/pkt/*/*.pkt)))))
POSIX_SRC := $(wildcard tests/posix/*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)

# ---- flags -----------------------------------------------------------------------------------

WARN := -Wall -Wextra -Wshadow -Wconversion -Wcast-qual -Wcast-align -Wmissing-prototypes \
	-Wundef -Wvla -Wstrict-prototypes $(WERROR)
TEST_WARN := -Wall -Wextra -Wshadow -Wundef -Wvla -Wstrict-prototypes -Wno-override-init \
	-Wno-maybe-uninitialized $(WERROR)
INCLUDE := -I. -Inet/include
SECTIONS := -ffunction-sections -fdata-sections
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# An archive that others link: position-independent, nothing visible but what the headers say.
LIB_BASE := -std=c11 -g $(WARN) $(INCLUDE) $(SECTIONS) -fPIE -fvisibility=hidden -ffreestanding \
	-fno-stack-protector -fno-asynchronous-unwind-tables
# gcc 12 makes less of what carries debugging information.
LTO_FLAGS := -flto -flto-partition=one -g0
LIB_FLAGS := $(LIB_BASE) -O2 $(if $(LTO),$(LTO_FLAGS)) $(WITHOUT:%=-DHOLM_WITH_%=0)
SIZE_FLAGS := $(LIB_BASE) -Os
# The least that there is: TCP with NewReno over IPv4. Programs that are linked with it are compiled like it.
LEAST_LTO := $(if $(filter %gcc,$(CC)),$(LTO_FLAGS))
LEAST_WITHOUT := $(LEAST_LTO) $(OPTIONAL:%=-DHOLM_WITH_%=0)
LEAST_FLAGS := $(SIZE_FLAGS) $(LEAST_WITHOUT)
# The same for a machine on which bytes are counted.
THUMB := -mcpu=cortex-m4 -mthumb
THUMB_SIZE_FLAGS := $(filter-out -fPIE,$(SIZE_FLAGS)) $(THUMB)
THUMB_LEAST_FLAGS := $(THUMB_SIZE_FLAGS) $(LTO_FLAGS) $(OPTIONAL:%=-DHOLM_WITH_%=0)
HOST_FLAGS := -std=c11 -g -O1 $(INCLUDE) $(SANITIZE)
# The sources of the 32-bit machine are compiled for size: what differs then is tested there.
CROSS_FLAGS := -std=c11 -g $(INCLUDE) -Itests/support/cross
BENCH_FLAGS := -std=c11 -g -O2 $(INCLUDE) $(SECTIONS)

# The machine's own flags, and the C library's: LIBC_CFLAGS for what is compiled against it,
# LIBC_LIBS for the link, LIBC_READY the file that must exist before either, with its rule.
-include arch/$(ARCH)/flags.mk
-include kernel/libc/libc.mk
ARCH_CFLAGS ?= -mno-red-zone -mcmodel=small -fno-pic -fno-pie
ARCH_LDFLAGS ?= -no-pie
IMAGE_BASE := -O2 -g $(SECTIONS) -fno-asynchronous-unwind-tables -fno-common \
	-fstack-protector-strong -mstack-protector-guard=global $(ARCH_CFLAGS)
IMAGE_FLAGS := -std=c11 $(WARN) $(INCLUDE) -ffreestanding $(IMAGE_BASE)
KERNEL_FLAGS ?= -std=c11 $(WARN) $(INCLUDE) -Ikernel/include -ffreestanding $(IMAGE_BASE) \
	$(LIBC_CFLAGS)
APP_FLAGS ?= -std=gnu11 -Wall -Wextra -Ikernel/include $(INCLUDE) $(IMAGE_BASE) $(LIBC_CFLAGS)
FUZZ_FLAGS := -std=c11 -g -O1 -w $(INCLUDE) -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
TAP_FLAGS ?= -O2
TAP_BASE = -std=gnu11 -g $(SECTIONS) $(INCLUDE) -I$(BUILD)/tap/include $(TAP_FLAGS)
PRELOAD_FLAGS := -std=gnu11 -D_GNU_SOURCE -g -O2 -fPIC -fvisibility=hidden $(SECTIONS) $(INCLUDE)
IMAGE_LDFLAGS := -nostdlib -static $(ARCH_LDFLAGS) -Wl,-T,linker.ld -Wl,--gc-sections \
	-Wl,--build-id=none -Wl,-z,max-page-size=0x1000 -Wl,-z,noexecstack

# ---- how things are made ---------------------------------------------------------------------

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

# Freestanding sources see the compiler's own headers and, for drivers, the kernel's UAPI headers;
# nothing of the host's C library. The question is asked once, when the first of them is compiled.
cc_include = $(or $(CC_INCLUDE_$(1)),$(eval CC_INCLUDE_$(1) := $$(shell $(1) \
	-print-file-name=include))$(CC_INCLUDE_$(1)))
strict = -nostdinc -isystem $(call cc_include,$(1)) -isystem $(BUILD)/uapi

$(BUILD)/uapi/ready: | $(SETUP)/build
	$(Q)rm -rf $(@D) && mkdir -p $(@D) && cd $(@D) && \
	ln -s /usr/include/linux /usr/include/asm-generic . && \
	ln -s /usr/include/$$(gcc -print-multiarch)/asm asm && : >limits.h && : >ready

# A tree remembers its flags in a file on which its objects depend, rewritten when they change. (The
# words are compared without the line's end, which make 4.3 sometimes leaves at what it reads.)
same = $(and $(findstring x$(1)x,x$(2)x),$(findstring x$(2)x,x$(1)x))
remember = $(if $(call same,$(strip $(file <$(BUILD)/$(1)/flags)),$(2)),,$(shell \
	mkdir -p $(BUILD)/$(1))$(file >$(BUILD)/$(1)/flags,$(2)))

# $(call tree,NAME,PREFIX,COMPILER,FLAGS,PREREQUISITES,LATE): objects build/NAME/PREFIXx.o from
# PREFIXx.c or PREFIXx.S. LATE are flags that only a compiler can tell. A single file's own flags
# are CFLAGS_<path>. Objects appear whole or not at all, so an interrupted build leaves no ruins.
define tree
ifeq ($$(IDLE_GOALS),)
$$(call remember,$(1)/$(2),$$(strip $(3) $(4)))
endif
$(BUILD)/$(1)/$(2)%.o: $(2)%.c $(BUILD)/$(1)/$(2)flags | $(5)
	$$(call say,CC,'$$< [$(1)]') && mkdir -p $$(@D)
	$$(Q)$(3) $(4) $$(CFLAGS_$$<) $(6) -MMD -MP -MF $$(@:.o=.d) -MT $$@ -c $$< \
		-o $$@.new && mv $$@.new $$@
$(BUILD)/$(1)/$(2)%.o: $(2)%.S $(BUILD)/$(1)/$(2)flags | $(5)
	$$(call say,AS,'$$< [$(1)]') && mkdir -p $$(@D)
	$$(Q)$(3) $(4) $$(CFLAGS_$$<) $(6) -MMD -MP -MF $$(@:.o=.d) -MT $$@ -c $$< \
		-o $$@.new && mv $$@.new $$@
endef
IDLE_GOALS := $(if $(filter-out help clean setup,$(or $(MAKECMDGOALS),image)),,yes)
objects = $(patsubst %,$(BUILD)/$(1)/%.o,$(basename $(2)))

FREESTANDING := $(SETUP)/build $(BUILD)/uapi/ready
$(eval $(call tree,lib,,$$(CC),$$(LIB_FLAGS),$(FREESTANDING),$$(call strict,$$(CC))))
$(eval $(call tree,size,,$$(CC),$$(SIZE_FLAGS),$(FREESTANDING),$$(call strict,$$(CC))))
$(eval $(call tree,least,,$$(CC),$$(LEAST_FLAGS),$(FREESTANDING),$$(call strict,$$(CC))))
$(eval $(call tree,thumb,,$$(THUMB_CC),$$(THUMB_SIZE_FLAGS),,$$(call strict,$$(THUMB_CC))))
$(eval $(call tree,thumb-least,,$$(THUMB_CC),$$(THUMB_LEAST_FLAGS),,$$(call strict,$$(THUMB_CC))))
$(eval $(call tree,host,,$$(CC),$$(WARN) $$(HOST_FLAGS),$(SETUP)/test))
$(eval $(call tree,host,tests/,$$(CC),$$(TEST_WARN) $$(HOST_FLAGS),$(SETUP)/test))
$(eval $(call tree,m32,,$$(M32_CC),$$(WARN) -Os $$(CROSS_FLAGS),$(SETUP)/test))
$(eval $(call tree,m32,tests/,$$(M32_CC),$$(TEST_WARN) -O1 $$(CROSS_FLAGS),$(SETUP)/test))
$(eval $(call tree,s390x,,$$(BE_CC),$$(WARN) -O1 $$(CROSS_FLAGS),$(SETUP)/test))
$(eval $(call tree,s390x,tests/,$$(BE_CC),$$(TEST_WARN) -O1 $$(CROSS_FLAGS),$(SETUP)/test))
$(eval $(call tree,bench,,$$(CC),$$(BENCH_FLAGS),$(SETUP)/bench))
$(eval $(call tree,bench,tests/sim/,$$(CC),$$(TEST_WARN) $$(BENCH_FLAGS),$(SETUP)/test))
$(eval $(call tree,bench-v3,,$$(CC),$$(BENCH_FLAGS) -march=x86-64-v3,$(SETUP)/bench))
$(eval $(call tree,fuzz,,$$(CLANG),$$(FUZZ_FLAGS),$(SETUP)/fuzz))
$(eval $(call tree,tap,,$$(CC),$$(WARN) $$(TAP_BASE),$(SETUP)/build $(BUILD)/tap/include/holm_app.h))
$(eval $(call tree,tap,kernel/apps/,$$(CC),-Wall -Wextra $$(TAP_BASE) -include \
	tools/tap/posix.h,$(SETUP)/build $(BUILD)/tap/include/holm_app.h))
$(eval $(call tree,preload,,$$(CC),$$(WARN) $$(PRELOAD_FLAGS),$(SETUP)/build))
$(eval $(call tree,x86_64,,$$(X86_CC),$$(IMAGE_FLAGS),$(FREESTANDING),$$(call strict,$$(X86_CC))))
$(eval $(call tree,x86_64,kernel/,$$(X86_CC),$$(KERNEL_FLAGS),$(FREESTANDING) $(LIBC_READY),$$(call \
	strict,$$(X86_CC))))
$(eval $(call tree,x86_64,kernel/apps/,$$(X86_CC),$$(APP_FLAGS),$(FREESTANDING) $(LIBC_READY),$$(call \
	strict,$$(X86_CC))))

# $(call program,TREE,ROOM,COMPILER,LINK FLAGS,LIBRARIES,ROOMS): build/TREE/tests/ROOM/x from its
# object and the archives of the support code and of ROOMS, out of which only what is named is
# linked: first of all the support code's end of ASSERT, before the library's weak one.
define program
$(BUILD)/$(1)/tests/$(2)%: $(BUILD)/$(1)/tests/$(2)%.o $(patsubst %,$(BUILD)/$(1)/%.a,support $(6))
	$$(call say,LINK,$$@)
	$$(Q)$(3) $(4) $$(filter %.o,$$^) -Wl,-u,holm_assert_failed \
		-Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(5) -o $$@
endef

# $(call room,TREE,ROOM,SOURCES). The index that this machine's ar writes does for all of them.
define room
$(BUILD)/$(1)/$(2).a: $(call objects,$(1),$(3))
	$$(call say,AR,$$@)
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && $$(AR) rcs $$@ $$^
endef

.PHONY: image libholm.a install setup help clean run debug bench count boot-time lint test
.PHONY: test-host test-m32 test-be test-fuzz test-lint test-embed test-scripts test-image

# ---- the image -------------------------------------------------------------------------------

APP_PATH := $(APP:%/=%)
ifneq ($(filter $(patsubst kernel/apps/%,%,$(APP_PATH:.c=)),$(APPS)),)
APP_NAME := $(patsubst kernel/apps/%,%,$(APP_PATH:.c=))
else ifneq ($(and $(filter %.c,$(APP_PATH)),$(wildcard $(APP_PATH))),)
APP_NAME := $(basename $(notdir $(APP_PATH)))
OUTSIDE_SRC := $(APP_PATH)
else
OUTSIDE_SRC := $(wildcard $(APP_PATH)/*.c)
APP_NAME := $(notdir $(APP_PATH))
endif
OUTSIDE := $(if $(OUTSIDE_SRC),$(APP_NAME))
IMAGE := $(BUILD)/$(ARCH)/$(APP_NAME).elf

# What is wrong with APP, if an image is asked for.
ifneq ($(filter image run debug,$(or $(MAKECMDGOALS),image)),)
ifneq ($(words $(APP)),1)
$(error APP="$(APP)": one name or one path without blanks, please)
endif
ifeq ($(OUTSIDE_SRC)$(filter $(APP_NAME),$(APPS)),)
$(error APP=$(APP): neither an application of kernel/apps ($(APPS)) nor a .c file or a directory of them)
endif
ifneq ($(and $(OUTSIDE),$(filter $(APP_NAME),$(APPS))),)
$(error APP=$(APP): kernel/apps has a $(APP_NAME) already, please give the file another name)
endif
endif

app_src = $(wildcard kernel/apps/$(1).c kernel/apps/$(1)/*.c)
outside_object = $(BUILD)/$(ARCH)/outside/$(subst /,_,$(1:.c=)).o

# $(call image,NAME,OBJECTS). The symbols go into NAME.debug, where gdb and addr2line find them.
define image
$(BUILD)/$(ARCH)/$(1).debug: $(2) $(call objects,$(ARCH),$(IMAGE_SRC)) linker.ld \
	$(BUILD)/$(ARCH)/link-flags/flags
	$$(call say,LINK,$$(@:.debug=.elf))
	$$(Q)$(X86_CC) $(IMAGE_LDFLAGS) $$(filter %.o,$$^) -Wl,--start-group $(LIBC_LIBS) -lgcc \
		-Wl,--end-group -o $$@
$(BUILD)/$(ARCH)/$(1).elf: $(BUILD)/$(ARCH)/$(1).debug
	$$(Q)cd $$(@D) && $(CROSS)objcopy --strip-all --add-gnu-debuglink=$$(<F) $$(<F) $$(@F)
endef
ifeq ($(IDLE_GOALS),)
$(call remember,$(ARCH)/link-flags,$(strip $(X86_CC) $(IMAGE_LDFLAGS) $(LIBC_LIBS) $(IMAGE_SRC)))
$(call remember,$(ARCH)/outside,$(OUTSIDE_SRC))
endif
$(foreach a,$(APPS),$(eval $(call image,$(a),$(call objects,$(ARCH),$(call app_src,$(a))))))

define outside_rule
$(call outside_object,$(1)): $(1) $(BUILD)/$(ARCH)/kernel/apps/flags | $(FREESTANDING) $(LIBC_READY)
	$$(call say,CC,'$$< [$(ARCH)]') && mkdir -p $$(@D)
	$$(Q)$(X86_CC) $$(APP_FLAGS) $$(call strict,$(X86_CC)) -MMD -MP -c $$< -o $$@
endef
$(foreach s,$(OUTSIDE_SRC),$(eval $(call outside_rule,$(s))))
$(if $(OUTSIDE),$(eval $(call image,$(OUTSIDE),$(foreach s,$(OUTSIDE_SRC),$(call \
	outside_object,$(s))) $(BUILD)/$(ARCH)/outside/flags)))

# Applications of the boot tests: tests/boot/apps/x.c becomes build/x86_64/test-x.elf.
BOOT_APPS := $(wildcard tests/boot/apps/*.c)
$(foreach s,$(BOOT_APPS),$(eval $(call outside_rule,$(s))) \
	$(eval $(call image,$(s:tests/boot/apps/%.c=test-%),$(call outside_object,$(s)))))

## image: the image of APP, build/x86_64/<app>.elf (default)
image: $(IMAGE)
	@$(hand_back)

# What sudo builds belongs to who typed it, so that the next make needs no root.
hand_back = $(if $(SUDO_UID),chown -R $(SUDO_UID):$(SUDO_GID) $(BUILD);,:;)

RUN_SETTINGS := PORT FWD MACHINE NET TAP MEM CMDLINE ARGS ROOT PCAP ACCEL BUILD
export $(RUN_SETTINGS)

## run: build the image, boot it in QEMU, say where it answers; its exit status becomes make's
run: run-image
	@$(if $(filter $(STATUS),$(.LOADED)),:$(end-with-status $(file <$(BUILD)/run.status)),exit $$(cat \
		$(BUILD)/run.status))

.PHONY: run-image
run-image: $(IMAGE) | $(SETUP)/run
	@$(hand_back) rm -f $(BUILD)/run.status; tools/run.sh $(IMAGE); echo $$? >$(BUILD)/run.status

STATUS := $(BUILD)/tools/make-status.so
ifneq ($(and $(filter run,$(MAKECMDGOALS)),$(filter load,$(.FEATURES))),)
-load $(STATUS)(holm_setup)
endif
$(STATUS): tools/make-status.c | $(SETUP)/build
	@mkdir -p $(@D) && gcc -shared -fPIC -Wall -o $@ $<

## debug: as run, but wait for gdb; says the line to type
debug: $(IMAGE) | $(SETUP)/debug
	@DEBUG=1 tools/run.sh $(IMAGE)

# ---- the library -----------------------------------------------------------------------------

# All objects joined into one whose hidden names become local, so that nothing but holm_... is
# left to clash with. --unique keeps every section apart for the user's --gc-sections.
define library
ifeq ($$(IDLE_GOALS),)
$$(call remember,$(1)/$(2).list,$(CC) $(3))
endif
$(BUILD)/$(1)/$(2).o: $(3) $(BUILD)/$(1)/$(2).list/flags
	$$(Q)$(CC) -r -nostdlib -Wl,--unique $$(filter %.o,$$^) -o $$@.new && $(OBJCOPY) -w --keep-global-symbol='holm_*' $$@.new $$@ \
		&& rm $$@.new
$(4): $(BUILD)/$(1)/$(2).o
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $(AR) rcs $$@ $$<
endef
# What is left to link-time optimisation is not joined: names from inside stay names, that no program sees.
# A last argument is the compiler, where it is not CC.
define loose_library
ifeq ($$(IDLE_GOALS),)
$$(call remember,$(1)/$(2).list,$(or $(5),$(CC)) $(3))
endif
$(4): $(3) $(BUILD)/$(1)/$(2).list/flags
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $(or $(5),$(CC))-ar rcs $$@ $$(filter %.o,$$^)
endef
# $(call library_kind,LTO)
library_kind = $(if $(1),loose_library,library)
LIBRARIES := $(if $(LIB_SRC),$(BUILD)/libholm.a) $(if $(VIRTIO_SRC),$(BUILD)/libholm_virtio.a)
$(eval $(call $(call library_kind,$(LTO)),lib,holm,$(call objects,lib,$(call kept,$(WITHOUT),$(LIB_SRC))),$(BUILD)/libholm.a))
$(eval $(call $(call library_kind,$(LTO)),lib,holm_virtio,$(call objects,lib,$(VIRTIO_SRC)),$(BUILD)/libholm_virtio.a))
$(eval $(call library,size,holm,$(call objects,size,$(LIB_SRC)),$(BUILD)/size/libholm.a))
$(eval $(call $(call library_kind,$(LEAST_LTO)),least,holm,$(call objects,least,$(call kept,$(OPTIONAL),$(LIB_SRC))),$(BUILD)/least/libholm.a))
$(eval $(call loose_library,thumb,holm,$(call objects,thumb,$(LIB_SRC)),$(BUILD)/thumb/libholm.a,$(THUMB_CC)))
$(eval $(call loose_library,thumb-least,holm,$(call \
	objects,thumb-least,$(call kept,$(OPTIONAL),$(LIB_SRC))),$(BUILD)/thumb-least/libholm.a,$(THUMB_CC)))

## libholm.a: the stack for other programs, build/libholm.a, and its drivers, build/libholm_virtio.a
libholm.a: $(LIBRARIES)

VERSION = $(shell sed -n 's/.*HOLM_VERSION_STRING "\(.*\)".*/\1/p' net/include/holm/version.h)

## install: library, headers and holm.pc into DESTDIR and PREFIX
install: $(LIBRARIES)
	@tools/install.sh "$(DESTDIR)" "$(PREFIX)" "$(VERSION)" $(LIBRARIES)

# ---- tests -----------------------------------------------------------------------------------

programs = $(patsubst %.c,$(BUILD)/$(1)/%,$(2))
HOST_PROGRAMS := $(call programs,host,$(UNIT_TESTS))
M32_PROGRAMS := $(call programs,m32,$(CROSS_TESTS) $(if $(PKT_FOLDERS),tests/pkt/pkt.c))
BE_PROGRAMS := $(call programs,s390x,$(CROSS_TESTS) $(if $(PKT_FOLDERS),tests/pkt/pkt.c))
EMBED_PROGRAMS := $(patsubst tests/%,$(BUILD)/%,$(EMBED_TESTS:.c=))
PKT_PLAYER := $(BUILD)/host/tests/pkt/pkt
M32_EMULATOR := $(if $(filter x86_64,$(HOST_ARCH)),,qemu-i386)
CROSS_SUPPORT := $(SUPPORT_SRC) $(wildcard tests/support/cross/*.c)

$(eval $(call room,host,support,$(SUPPORT_SRC)))
$(eval $(call room,host,sim,$(SIM_SRC)))
$(eval $(call room,m32,support,$(CROSS_SUPPORT)))
$(eval $(call room,s390x,support,$(CROSS_SUPPORT)))
$(foreach tree,host m32 s390x,$(eval $(call room,$(tree),lib,$(filter lib/%,$(LIB_SRC)))) \
	$(eval $(call room,$(tree),net,$(filter net/%,$(LIB_SRC)))))
$(eval $(call room,host,drivers,$(DRIVER_SRC) $(wildcard arch/host/*.c) $(FAKE_SRC)))
$(eval $(call room,host,kernel,$(KERNEL_TESTED)))
$(foreach tree,host m32 s390x,$(eval $(call room,$(tree),pkt,$(filter-out %/pkt.c,$(PKT_SRC)))))
$(eval $(call program,host,,$(CC),$(SANITIZE),-lcmocka,lib net drivers kernel))
$(eval $(call program,host,pkt/,$(CC),$(SANITIZE),-lcmocka,pkt lib net))
$(eval $(call program,host,net/,$(CC),$(SANITIZE),-lcmocka,lib net))
$(eval $(call program,host,sim/,$(CC),$(SANITIZE),-lcmocka,sim lib net))
$(eval $(call program,host,lib/,$(CC),$(SANITIZE),-lcmocka,lib))
$(eval $(call program,m32,net/,$(M32_CC),-static,,lib net))
$(eval $(call program,m32,pkt/,$(M32_CC),-static,,pkt lib net))
$(eval $(call program,s390x,pkt/,$(BE_CC),-static,,pkt lib net))
$(eval $(call program,m32,lib/,$(M32_CC),-static,,lib))
$(eval $(call program,s390x,net/,$(BE_CC),-static,,lib net))
$(eval $(call program,s390x,lib/,$(BE_CC),-static,,lib))
.SECONDARY:

# Fuzz targets, run over their kept inputs without a fuzzer.
FUZZ_TARGETS := $(patsubst tests/fuzz/target/%.c,%,$(call wanted,$(wildcard \
	tests/fuzz/target/*.c)))
FUZZED_SRC := tests/fuzz/stage.c tests/fuzz/peer.c tests/fuzz/frames6.c kernel/cmdline.c \
	kernel/initrd.c kernel/apps/httpd/request.c kernel/apps/httpd/text.c tools/tap/options.c $(wildcard tests/pkt/parse*.c) \
	tests/pkt/token.c tests/pkt/packet.c tests/pkt/names.c
FUZZ_REPLAYS := $(FUZZ_TARGETS:%=$(BUILD)/host/fuzz/%)
$(eval $(call room,host,fuzzed,$(FUZZED_SRC)))
$(BUILD)/host/fuzz/%: $(call objects,host,tests/fuzz/target/%.c tests/fuzz/replay.c \
	tests/fuzz/failed.c) $(patsubst %,$(BUILD)/host/%.a,fuzzed lib net)
	$(call say,LINK,$@) && mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -o $@

# One program of socket calls in front of the host's kernel and in front of holm.
POSIX_FLAGS := -std=gnu11 -g -O1 $(TEST_WARN) $(INCLUDE)
POSIX_KERNEL := $(SYS_SRC) kernel/unixtime.c
POSIX_HEADERS := $(wildcard tests/posix/*.h tools/front/*.h kernel/sys/*.h) $(PUBLIC_HEADERS)
$(BUILD)/host/tests/posix/linux: $(POSIX_SRC) $(POSIX_HEADERS) | $(SETUP)/build
	$(call say,LINK,$@) && mkdir -p $(@D)
	$(Q)$(CC) $(POSIX_FLAGS) $(filter %.c,$^) -o $@
# What programs call and the host's C library has too, under other names: tests/posix/libc.h.
POSIX_LIBC := $(wildcard $(foreach f,ifaddrs names netdb lookup order hosts services nameinfo hostent,kernel/libc/$f.c))
POSIX_LIBC_OBJ := $(patsubst kernel/libc/%.c,$(BUILD)/host/tests/posix/libc-%.o,$(POSIX_LIBC))
$(BUILD)/host/tests/posix/libc-%.o: kernel/libc/%.c kernel/libc/lookup.h $(POSIX_HEADERS) \
	| $(SETUP)/build
	$(call say,CC,'$< [posix]') && mkdir -p $(@D)
	$(Q)$(CC) $(POSIX_FLAGS) -DPOSIX_ON_HOLM $(SANITIZE) -include tests/posix/libc.h -c $< -o $@
$(BUILD)/host/tests/posix/holm: $(POSIX_SRC) tools/front/front.c $(POSIX_KERNEL) $(POSIX_HEADERS) $(POSIX_LIBC_OBJ) $(BUILD)/host/net.a $(BUILD)/host/lib.a
	$(call say,LINK,$@) && mkdir -p $(@D)
	$(Q)$(CC) $(POSIX_FLAGS) -DPOSIX_ON_HOLM $(SANITIZE) $(filter %.c %.o,$^) $(filter %.a,$^) -o $@
POSIX_PROGRAMS := $(if $(strip $(call wanted,$(POSIX_SRC))),$(addprefix $(BUILD)/host/tests/posix/,linux holm))

# Embedding: the public headers, the library as it is shipped, and nothing else of the tree.
EMBED_FLAGS := -std=c11 -g -O2 $(TEST_WARN) -Inet/include $(SECTIONS)
# $(call embed_rule,PROGRAM,LIBRARY,SOURCES,FLAGS)
define embed_rule
$(BUILD)/$(1): $(3) $(PUBLIC_HEADERS) $(wildcard tests/embed/*.h $(addsuffix *.h,$(dir $(3)))) $(2)
	$$(call say,EMBED,$$@) && mkdir -p $$(@D)
	$$(Q)$(CC) $(EMBED_FLAGS) $(4) $$(filter %.c,$$^) -Wl,--gc-sections $(2) -o $$@
endef
embed_sources = $(if $(filter %.c,$(1)),$(1),$(wildcard $(1)/*.c))
$(foreach t,$(EMBED_TESTS),$(eval $(call embed_rule,$(patsubst tests/%,%,$(t:.c=)),$(BUILD)/libholm.a,$(call \
	embed_sources,$(t)))))
# The smallest ones also on the library without all that it can be built without.
LEAST_TESTS := $(filter tests/embed/answers.c tests/embed/least.c tests/embed/minimal,$(EMBED_TESTS))
LEAST_PROGRAMS := $(patsubst tests/embed/%,$(BUILD)/least/embed/%,$(LEAST_TESTS:.c=))
$(foreach t,$(LEAST_TESTS),$(eval $(call embed_rule,$(patsubst tests/%,least/%,$(t:.c=)),$(BUILD)/least/libholm.a,$(call \
	embed_sources,$(t)),$(LEAST_WITHOUT))))

# Image tests need an image; there is none before its rooms are there.
IMAGE_ROOMS := $(and $(wildcard linker.ld),$(ARCH_SRC),$(wildcard kernel/main.c))
TEST_IMAGES := $(if $(IMAGE_ROOMS),$(APPS:%=$(BUILD)/$(ARCH)/%.elf) \
	$(BOOT_APPS:tests/boot/apps/%.c=$(BUILD)/$(ARCH)/test-%.elf))

run_suite = BUILD=$(BUILD) tools/test/run.sh
SUITE_host := host "" $(HOST_PROGRAMS)
SUITE_m32 := m32 "$(M32_EMULATOR)" $(M32_PROGRAMS)
SUITE_be := be qemu-s390x $(BE_PROGRAMS)
SUITE_pkt := pkt $(PKT_PLAYER) $(PKT_FOLDERS)
SUITE_fuzz := fuzz "" $(FUZZ_REPLAYS)
SUITE_posix := posix "" $(POSIX_PROGRAMS)
SUITE_embed := embed "" $(EMBED_PROGRAMS) $(LEAST_PROGRAMS)
SUITE_lint := lint "" $(call wanted,tests/lint/run.sh)
SUITE_scripts := scripts "" $(SCRIPT_TESTS)
SUITE_image := image "" $(if $(IMAGE_ROOMS),$(BOOT_TESTS))
NEED_host := $(HOST_PROGRAMS)
NEED_m32 := $(M32_PROGRAMS)
NEED_be := $(BE_PROGRAMS)
NEED_pkt := $(if $(PKT_FOLDERS),$(PKT_PLAYER))
NEED_fuzz := $(FUZZ_REPLAYS)
NEED_posix := $(POSIX_PROGRAMS)
NEED_embed := $(EMBED_PROGRAMS) $(LEAST_PROGRAMS)
PRELOAD := $(BUILD)/preload/libholm-preload.so
NEED_scripts = $(LIBRARIES) $(if $(filter %/tap.sh,$(SCRIPT_TESTS)),$(APPS:%=$(BUILD)/tap/%)) $(if \
	$(filter %/preload.sh,$(SCRIPT_TESTS)),$(PRELOAD) $(addprefix $(BUILD)/host/tests/,posix/linux \
	tools/preload))
NEED_image := $(if $(BOOT_TESTS),$(TEST_IMAGES))
SUITES := host m32 be pkt posix fuzz embed lint scripts image

## test: every suite below, then one line "N passed, N failed"; T= picks some
test: $(foreach s,$(SUITES),$(NEED_$(s))) | $(SETUP)/test $(SETUP)/lint
	@$(hand_back) $(run_suite) $(foreach s,$(SUITES),$(SUITE_$(s)) --); status=$$?; \
		$(hand_back) exit $$status
## test-host: unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
## test-m32: the tests of lib and net on a 32-bit machine
## test-be: the tests of lib and net on a big-endian machine
## test-pkt: packet scripts against the stack
## test-fuzz: the fuzz targets over the inputs that are kept of them
## test-posix: socket calls whose answers must be the host kernel's
## test-embed: programs that know only the public headers and libholm.a
## test-lint: that every lint check finds what it should
## test-scripts: install, set-up, run.sh
## test-image: boot the images and try them from outside
$(foreach s,$(SUITES),test-$(s)): test-%: | $(SETUP)/test $(SETUP)/lint
	@$(run_suite) $(SUITE_$*)
$(foreach s,$(SUITES),$(eval test-$(s): $(NEED_$(s))))

# ---- applications on the host ----------------------------------------------------------------

# The host-only headers' way to the image's <holm_app.h>, without the image's C library.
$(BUILD)/tap/include/holm_app.h: kernel/include/holm_app.h
	$(Q)mkdir -p $(@D) && ln -sf $(abspath $<) $@

TAP_SRC := $(wildcard tools/tap/*.c tools/front/*.c) $(SYS_SRC) kernel/libc/posix/stats.c
# The stack in them is the library's own objects, unless flags are asked for that those do not have.
TAP_STACK := $(if $(filter-out -O2,$(TAP_FLAGS)),tap,lib)

# $(call tap,NAME,OBJECTS): the program build/tap/NAME.
define tap
$(BUILD)/tap/$(1): $(2) $(call objects,tap,$(TAP_SRC)) $(call objects,$(TAP_STACK),$(LIB_SRC))
	$$(call say,LINK,$$@)
	$$(Q)$(CC) $$(TAP_FLAGS) -Wl,--gc-sections $$(filter %.o,$$^) -o $$@
endef
$(foreach a,$(APPS),$(eval $(call tap,$(a),$(call objects,tap,$(call app_src,$(a))))))

# An application from outside the tree, as for the image.
tap_outside = $(BUILD)/tap/outside/$(subst /,_,$(1:.c=)).o
define tap_outside_rule
$(call tap_outside,$(1)): $(1) $(BUILD)/tap/kernel/apps/flags | $(BUILD)/tap/include/holm_app.h
	$$(call say,CC,'$$< [tap]') && mkdir -p $$(@D)
	$$(Q)$$(CC) -Wall -Wextra $$(TAP_BASE) -include tools/tap/posix.h -MMD -MP -c $$< -o $$@
endef
$(foreach s,$(OUTSIDE_SRC),$(eval $(call tap_outside_rule,$(s))))
$(if $(OUTSIDE),$(eval $(call tap,$(OUTSIDE),$(foreach s,$(OUTSIDE_SRC),$(call tap_outside,$(s))))))
TAP_PROGRAMS := $(sort $(APPS:%=$(BUILD)/tap/%) $(if $(OUTSIDE),$(BUILD)/tap/$(OUTSIDE)))

.PHONY: tap
## tap: every application as a program of the host over a TAP device, build/tap/<app> --help
tap: $(TAP_PROGRAMS)

# Programs that are not holm's: tools/preload/run PROGRAM.
PRELOAD_SRC := $(wildcard tools/preload/*.c) $(SYS_SRC) \
	$(patsubst %,tools/tap/%.c,device options report world)
$(PRELOAD): $(call objects,preload,$(PRELOAD_SRC) $(LIB_SRC))
	$(call say,LINK,$@)
	$(Q)$(CC) -shared -Wl,--gc-sections -Wl,-z,defs $^ -o $@.new && mv $@.new $@

.PHONY: preload
## preload: a library that puts programs of the host on holm: tools/preload/run curl http://10.0.5.1/
preload: $(PRELOAD)

# Cases as those of tests/posix, for the host's calls only.
$(BUILD)/host/tests/tools/preload: tests/tools/preload/mixed.c tests/posix/posix.c tests/posix/stage_linux.c \
	$(POSIX_HEADERS) | $(SETUP)/build
	$(call say,LINK,$@) && mkdir -p $(@D)
	$(Q)$(CC) $(POSIX_FLAGS) $(filter %.c,$^) -o $@

# The same applications on the host's own sockets, and a server of the interop tests on holm's.
NATIVE_PROGRAMS := $(patsubst %,$(BUILD)/tap/native/%,client echo sink source)
$(BUILD)/tap/native/%: kernel/apps/%.c | $(SETUP)/build
	$(call say,CC,'$< [native]') && mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra $< -o $@
INTEROP_UPLOAD := tests/interop/upload.c
$(eval $(call tap_outside_rule,$(INTEROP_UPLOAD)))
$(eval $(call tap,upload,$(call tap_outside,$(INTEROP_UPLOAD))))

.PHONY: interop
## interop: the stack against Linux in network namespaces of its own, about four minutes (root)
interop: $(APPS:%=$(BUILD)/tap/%) $(BUILD)/tap/upload $(NATIVE_PROGRAMS) $(PRELOAD) | $(SETUP)/interop
	@$(hand_back) BUILD=$(BUILD) sh tests/interop/run.sh "$(T)"

# ---- fuzzing ---------------------------------------------------------------------------------

## seconds that make fuzz spends on each target
FUZZ_SECONDS ?= 20

FUZZERS := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)
$(BUILD)/fuzz/%: $(call objects,fuzz,tests/fuzz/target/%.c tests/fuzz/failed.c $(FUZZED_SRC) \
	$(LIB_SRC))
	$(call say,LINK,$@) && mkdir -p $(@D)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -Wl,--gc-sections $^ -o $@

.PHONY: fuzz fuzz-keep
## fuzz: libFuzzer on every target of tests/fuzz for FUZZ_SECONDS; what was covered; T= picks some
fuzz: $(FUZZERS)
	@BUILD=$(BUILD) sh tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ_TARGETS)
## fuzz-keep: what make fuzz has found that reaches new code becomes part of tests/fuzz/corpus
fuzz-keep: $(FUZZERS)
	@BUILD=$(BUILD) sh tests/fuzz/run.sh keep $(FUZZ_TARGETS)

# ---- lint ------------------------------------------------------------------------------------

TIDY_SRC := $(LIB_SRC) $(DRIVER_SRC) $(ARCH_SRC:%.S=) $(filter %.c,$(KERNEL_SRC)) \
	$(wildcard kernel/apps/*.c kernel/apps/*/*.c)
TIDY_OUT := $(patsubst %.c,$(BUILD)/lint/%.tidy,$(filter %.c,$(TIDY_SRC)))
tidy_flags = $(filter-out $(WERROR) -m% -fno-% -f%-sections,$(if $(filter \
	kernel/apps/%,$<),$(APP_FLAGS),$(if $(filter kernel/%,$<),$(KERNEL_FLAGS),$(IMAGE_FLAGS))))

# clang-tidy is slow: a file is looked at again only when it, a header of it, or the rules change.
tidy_depth = -Xclang -analyzer-config -Xclang max-nodes=$(LINT_DEPTH)
ifeq ($(IDLE_GOALS),)
$(call remember,lint,$(tidy_depth))
endif
$(BUILD)/lint/%.tidy: %.c .clang-tidy $(BUILD)/lint/flags | $(SETUP)/lint $(FREESTANDING) $(LIBC_READY)
	$(call say,TIDY,$<) && mkdir -p $(@D)
	$(Q)$(X86_CC) $(tidy_flags) $(call strict,$(X86_CC)) -MM -MP -MT $@ -MF $(@:.tidy=.d) $< && \
	{ clang-tidy --quiet --warnings-as-errors='*' $< -- --target=x86_64-linux-gnu $(tidy_flags) \
		-isystem $(BUILD)/uapi $(tidy_depth) >$@.new 2>/dev/null || true; } && mv $@.new $@

## lint: format, clang-tidy, include table, sizes, headers, symbols and the other rules of the house
lint: $(TIDY_OUT) $(LIBRARIES) | $(SETUP)/lint
	@BUILD=$(BUILD) CC="$(CC)" CXX="$(CXX)" tools/lint/run.sh

# ---- simulator -------------------------------------------------------------------------------

## seeds per scenario of make sim
SEEDS ?= 100000
SIM_SCENARIOS := lossy crowd same batch
SIM_PROGRAMS := $(SIM_SCENARIOS:%=$(BUILD)/host/tests/sim/%)

.PHONY: sim
## sim: the simulator's long run, SEEDS for each scenario, on all processors; SEED= repeats one
sim: $(SIM_PROGRAMS)
	@for p in $^; do BUILD=$(BUILD) SEEDS=$(SEEDS) $$p || exit 1; done

# Goodput is measured with optimised objects, those of the benchmark.
GOODPUT := $(BUILD)/bench/tests/sim/goodput
$(GOODPUT): $(call objects,bench,tests/sim/goodput.c tests/support/expect.c $(SIM_SRC) $(LIB_SRC)) \
	| $(SETUP)/test
	$(call say,LINK,$@)
	$(Q)$(CC) -Wl,--gc-sections $^ -lcmocka -o $@

.PHONY: bench-loss
## bench-loss: goodput against loss and fairness of every controller, over IPv4 and IPv6, in the simulator
bench-loss: $(GOODPUT)
	@{ FAMILY=4 $< table && FAMILY=6 $< table; } | tee $(BUILD)/goodput.txt.new && mv $(BUILD)/goodput.txt.new $(BUILD)/goodput.txt

# ---- bench -----------------------------------------------------------------------------------

# One program, twice: for every x86-64 and for x86-64-v3 (where the host is one).
define bench_rule
$(BUILD)/$(1)/bench: $(call objects,$(1),$(BENCH_SRC) $(SYS_SRC) $(LIB_SRC))
	$$(call say,LINK,$$@)
	$$(Q)$(CC) -Wl,--gc-sections -Wl,--wrap=memcpy $$^ -o $$@
endef
BENCHES := bench $(if $(filter x86_64,$(HOST_ARCH)),bench-v3)
$(foreach b,bench bench-v3,$(eval $(call bench_rule,$(b))))

# What text_bytes and text_bytes.whole link.
SIZE_LIBRARY := $(BUILD)/size/libholm.a $(BUILD)/least/libholm.a
# What text_bytes.thumb and its .whole link. Where their compiler cannot be had, the rows say so.
THUMB_LIBRARY := $(BUILD)/thumb/libholm.a $(BUILD)/thumb-least/libholm.a
.PHONY: thumb-library
thumb-library: | $(SETUP)/bench
	@if tools/setup.sh thumb; then $(MAKE) --no-print-directory $(THUMB_LIBRARY); fi
# What the rows $(1) need, or all.
size_library = $(if $(1),$(if $(filter text_bytes,$(1)),$(SIZE_LIBRARY)) $(if $(filter \
	text_bytes.thumb,$(1)),thumb-library),$(SIZE_LIBRARY) thumb-library)

## bench: instructions and time per operation, as a table and as build/bench.json; ROWS= picks some
bench: $(BENCHES:%=$(BUILD)/%/bench) $(call size_library,$(ROWS)) $(if $(ROWS),,$(GOODPUT)) | $(SETUP)/bench
	@BUILD=$(BUILD) CC="$(CC)" tests/bench/run.sh bench $(ROWS)

# Other stacks are of no use to anything else, so nothing is asked of machines that lack them.
LWIP := $(BUILD)/bench/lwip
LWIP_SRC := tests/bench/bench.c tests/bench/floor.c tests/bench/peers/lwip.c lib/checksum.c lib/assert.c

.PHONY: bench-peers
## bench-peers: lwIP of Debian's liblwip-dev under the same driver in the same run, beside our rows
bench-peers: $(BENCHES:%=$(BUILD)/%/bench) | $(SETUP)/bench
	@if ! tools/setup.sh peers; then \
		echo "bench-peers: skipped, liblwip-dev cannot be had here"; exit 0; fi; \
	$(CC) -std=gnu11 -O2 -g -Wall -Wextra $(INCLUDE) -I/usr/include/lwip $(LWIP_SRC) -llwip \
		-o $(LWIP) && BUILD=$(BUILD) tests/bench/run.sh peers $(ROWS)

RELAY := $(BUILD)/bench/relay
$(RELAY): tests/bench/preload/relay.c | $(SETUP)/build
	$(call say,CC,'$<') && mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra $< -o $@

.PHONY: bench-preload
## bench-preload: iperf3 and redis on the preload library against Linux' stack over TAP, as ratios (root)
bench-preload: $(PRELOAD) $(RELAY) | $(SETUP)/interop
	@$(hand_back) BUILD=$(BUILD) sh tests/bench/preload/run.sh

.PHONY: bench-save
## bench-save: keep the last results of make bench in tests/bench/results, where they are committed
bench-save:
	@mkdir -p tests/bench/results
	@cd $(BUILD) && cp bench.txt bench.json goodput.txt cost.svg loss.svg \
		$$(ls peers.txt peers.json 2>/dev/null) $(CURDIR)/tests/bench/results/

## count: instructions per operation only, in a minute; ROWS= picks some
count: $(BENCHES:%=$(BUILD)/%/bench) $(call size_library,$(or $(ROWS),-)) | $(SETUP)/bench
	@BUILD=$(BUILD) CC="$(CC)" tests/bench/run.sh count $(ROWS)

BOOT_TIME := $(BUILD)/tools/boot-time
$(BOOT_TIME): tools/boot-time.c | $(SETUP)/build
	@mkdir -p $(@D) && gcc -O2 -Wall -Wextra -o $@ $<

## boot-time: milliseconds from starting QEMU to the first HTTP answer, ten times; the image's size
boot-time: $(BUILD)/$(ARCH)/httpd.elf $(BOOT_TIME) | $(SETUP)/run
	@$(BOOT_TIME) $<
	@size $(<:.elf=.debug) | awk 'NR == 2 { printf "text %d bytes, ", $$1 }'; \
		wc -c <$< | awk '{ print "file " $$1 " bytes: $<" }'

# ---- everything else -------------------------------------------------------------------------

## setup: install what any target needs from the distribution
setup:
	@rm -rf $(SETUP)
	@tools/setup.sh build run test lint debug bench interop fuzz
	@mkdir -p $(SETUP) && cd $(SETUP) && touch build run test lint debug bench interop fuzz
	@echo "set-up: everything is there"

## clean: remove build/
clean:
	rm -rf $(BUILD)

## help: this list
help:
	@awk -f tools/help.awk Makefile

ifeq ($(IDLE_GOALS),)
# What an image does not need is not read for it: a second make run is to start at once.
DEPENDED := $(if $(filter-out image run debug,$(or $(MAKECMDGOALS),image)),$(BUILD),$(BUILD)/$(ARCH))
-include $(shell find $(DEPENDED) -path '$(BUILD)/$(ARCH)/newlib' -prune -o -name '*.d' -print 2>/dev/null)
endif
