/* a.h -- a name that C++ keeps for itself. */
#ifndef HOLM_A_H
#define HOLM_A_H
struct holm_a {
	int class;
};
#endif
