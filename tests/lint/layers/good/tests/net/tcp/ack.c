/* ack.c -- a test includes its subject's room and any hosted header. */
#include <stdio.h>

#include <cmocka.h>

#include "net/tcp/seq.h"
#include "tests/support/expect.h"
