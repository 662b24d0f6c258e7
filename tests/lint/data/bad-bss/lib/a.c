/* a.c -- a counter for all instances, that begins at zero. */
static int calls;
__attribute__((visibility("default"))) int holm_next(void);
int holm_next(void)
{
	return calls++;
}
