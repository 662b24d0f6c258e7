/* a.h -- includes what it uses. */
#ifndef HOLM_A_H
#define HOLM_A_H
#include <stdint.h>
struct holm_a {
	uint32_t count;
};
#endif
