/* a.c -- a visible function without the prefix. */
__attribute__((visibility("default"))) int tcp_open(void);
int tcp_open(void)
{
	return 0;
}
