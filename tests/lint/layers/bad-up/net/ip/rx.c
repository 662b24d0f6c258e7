/* rx.c -- a lower layer that includes a higher one. */
#include "net/tcp/seq.h"
