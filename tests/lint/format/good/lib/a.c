/* a.c -- as clang-format would write it. */
int twice(int x)
{
	return 2 * x;
}
