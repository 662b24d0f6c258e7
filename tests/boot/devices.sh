#!/bin/sh
# devices.sh -- the image finds its network device wherever QEMU puts it, takes its interrupts, and
# serves with whatever subset of features is left. Each case downloads a megabyte.
. tools/test/qemu.sh

# Not before the image serves: QEMU's user network retries an unanswered connection after seconds.
download()
{
	qemu_wait_for "serving on port 80" || return 1
	size=$(curl -s -m 20 -o /dev/null -w '%{size_download}' \
		"http://127.0.0.1:$QEMU_PORT/bytes/1000000")
	test "$size" = 1000000
}

# serves NAME PATTERN SETTING...: a megabyte arrives, and the log has a line like PATTERN.
serves()
{
	name=$1 pattern=$2
	shift 2
	qemu_start httpd "$@"
	check "$name: a megabyte is served" download
	check "$name: the log says $pattern" grep -a -q -e "$pattern" "$QEMU_LOG"
	qemu_stop
}

# The words of the kernel that make it say how a device interrupts.
DEBUG="loglevel=debug"
mmio="virtio-net at mmio 0x[0-9a-f]*, "
pci="virtio-net at pci 00:0[0-9].0, "

serves "microvm" "$mmio"
serves "microvm with ACPI" "$mmio" QEMU_EXTRA="-machine acpi=on"
serves "microvm with ACPI and one IO-APIC" "$mmio" QEMU_EXTRA="-machine acpi=on,ioapic2=off"
serves "legacy MMIO" "(legacy)" QEMU_EXTRA="-global virtio-mmio.force-legacy=true"
serves "legacy MMIO without merged buffers" "net0: mac status any_layout event_idx" \
	QEMU_EXTRA="-global virtio-mmio.force-legacy=true" CMDLINE="net.off=mrg"
serves "q35 with a message per event" "3 messages" MACHINE=q35 CMDLINE="$DEBUG"
serves "q35 with one message" "1 messages" MACHINE=q35 CMDLINE="$DEBUG" \
	QEMU_EXTRA="-global virtio-net-pci.vectors=1"
serves "q35 with a line" "0 messages" MACHINE=q35 CMDLINE="$DEBUG" \
	QEMU_EXTRA="-global virtio-net-pci.vectors=0"
serves "q35 whose firmware gives no addresses" "$pci" MACHINE=q35 QEMU_EXTRA="-bios qboot.rom"
serves "microvm with a second device on PCI" "net1: virtio-net at pci" \
	QEMU_EXTRA="-machine acpi=on,pcie=on -netdev user,id=second
		-device virtio-net-pci,netdev=second,romfile="
serves "8 MB of memory" "128 receive frames" MEM=8M CMDLINE="$DEBUG"

# Switching off one by one what QEMU's user network offers.
serves "without event indices" "net0: mac mrg status version_1" CMDLINE="net.off=event_idx"
serves "without merged buffers" "net0: mac status event_idx version_1" CMDLINE="net.off=mrg"
serves "with nothing but version 1" "net0: version_1$" \
	CMDLINE="net.off=mrg,event_idx,status,mac,mtu,csum,guest_csum,tso,guest_tso"
serves "without an address of its own" "(random)" CMDLINE="net.off=mac"
serves "with a wrong word" "error: net.off=speed: not among csum" CMDLINE="net.off=speed"
serves "with an MTU from the device" "net0: mtu mac" QEMU_EXTRA="-global virtio-net-device.host_mtu=1280"

finish
