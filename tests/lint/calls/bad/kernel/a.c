/* a.c -- nobody knows how long s is. */
void f(char *s)
{
	sprintf(s, "%d", 1);
}
