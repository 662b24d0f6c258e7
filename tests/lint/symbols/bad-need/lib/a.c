/* a.c -- needs a function that nobody promised. */
int strlen_of(const char *s);
__attribute__((visibility("default"))) int holm_len(const char *s);
int holm_len(const char *s)
{
	return strlen_of(s);
}
