/* out.c -- a transport that includes the other one. */
#include "net/tcp/seq.h"
