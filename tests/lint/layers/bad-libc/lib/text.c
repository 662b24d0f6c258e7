/* text.c -- there is no libc in lib. */
#include <string.h>
