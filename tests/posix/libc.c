/* The functions of kernel/libc that cases call; see libc.h. */
#include "tests/posix/libc.h"

#ifdef POSIX_ON_HOLM
#include "kernel/libc/error.h"

int64_t libc_result64(int64_t result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

int libc_result(int64_t result)
{
	return (int)libc_result64(result);
}

int libc_fail(int error)
{
	errno = error;
	return -1;
}

bool own_names(void)
{
	return true;
}

#else

bool own_names(void)
{
	return unshare(CLONE_NEWUTS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWUTS) == 0;
}

#endif
