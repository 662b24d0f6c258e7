/* net.c -- a driver that knows one machine. */
#include "arch/x86_64/x86.h"
