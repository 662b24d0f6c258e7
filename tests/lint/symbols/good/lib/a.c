/* a.c -- a public function, and one that localising hides. */
void *memcpy(void *d, const void *s, unsigned long n);
void copy(char *d, const char *s, unsigned long n);
__attribute__((visibility("default"))) void holm_copy(char *d, const char *s, unsigned long n);

__attribute__((noinline)) void copy(char *d, const char *s, unsigned long n)
{
	memcpy(d, s, n);
}

void holm_copy(char *d, const char *s, unsigned long n)
{
	copy(d, s, n);
}
