/* a.c -- my_strcpy() and snprintf() know their limits. */
void f(char *s)
{
	my_strcpy(s, "x", 2);
	snprintf(s, 2, "x");
}
