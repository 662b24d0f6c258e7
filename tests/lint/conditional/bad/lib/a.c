/* a.c -- a condition inside a function. */
int a(void)
{
#ifdef FAST
	return 2;
#else
	return 1;
#endif
}
