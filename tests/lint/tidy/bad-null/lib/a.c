/* a.c -- reads through a pointer that it has just found to be null. */
int read_it(const int *p);

int read_it(const int *p)
{
	if (!p)
		return *p;
	return 0;
}
