/* net.c -- a driver knows the machine only by arch/x.h. */
#include <linux/virtio_net.h>

#include "arch/io.h"
