/* a.c -- constants, among them one with pointers that the linker fills in. */
static const char *const names[] = { "one", "two" };
static const int numbers[] = { 1, 2, 3 };
__attribute__((visibility("default"))) const char *holm_name(int i);
const char *holm_name(int i)
{
	return names[numbers[i]];
}
