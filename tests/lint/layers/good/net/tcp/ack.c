/* ack.c -- includes what a transport may. */
#include <stdint.h>

#include <holm/tcp.h>

#include "lib/bytes.h"
#include "net/ip/route.h"
#include "net/tcp/seq.h"
