/* a.h -- leans on what others include. */
#ifndef HOLM_A_H
#define HOLM_A_H
struct holm_a {
	uint32_t count;
};
#endif
