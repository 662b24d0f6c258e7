/* two.c -- an embedder sees the public headers only. */
#include <holm/net.h>

#include "net/core/net.h"
