/* The old name of <fcntl.h>. */
#include <fcntl.h>
