/* a.c -- a counter for all instances. */
static int calls = 1;
__attribute__((visibility("default"))) int holm_next(void);
int holm_next(void)
{
	return calls++;
}
