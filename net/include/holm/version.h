/*
 * version.h -- which holm this is, at compile time and at run time.
 */
#ifndef HOLM_VERSION_H
#define HOLM_VERSION_H

#include <stdint.h>

/* 0xMMmmpp: major, minor, patch. */
#define HOLM_VERSION 0x000100u
#define HOLM_VERSION_STRING "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* The version that the linked library was built as; compare with HOLM_VERSION. */
uint32_t holm_version(void);

#ifdef __cplusplus
}
#endif

#endif
