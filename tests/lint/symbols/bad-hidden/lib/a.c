/* a.c -- nothing that a user could call. */
int a(void);
int a(void)
{
	return 0;
}
