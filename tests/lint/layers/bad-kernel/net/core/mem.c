/* mem.c -- the stack knows no kernel. */
#include "kernel/mem.h"
