/* a.h -- conditions around functions are fine. */
#ifndef LIB_A_H
#define LIB_A_H
#if __STDC_HOSTED__
static inline int a(void)
{
	return 1;
}
#endif
#endif
