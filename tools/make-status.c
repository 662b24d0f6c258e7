/*
 * make-status.c -- lets `make run` end with the application's own status.
 *
 * GNU make ends with 2 whenever a recipe fails, whatever the recipe's status. This object, which make
 * loads (the "load" directive), adds a function $(end-with-status N) that ends make with N.
 * A make that cannot load objects ends with 2 as usual.
 */
#include <stdlib.h>

/* What gnumake.h would declare; it need not be installed. */
typedef char *(*gmk_func_ptr)(const char *name, unsigned int argc, char **argv);
void gmk_add_function(const char *name, gmk_func_ptr func, unsigned int min_args,
		      unsigned int max_args, unsigned int flags);

/* GNU make loads only objects under a licence compatible with its own, as ISC is. */
extern int plugin_is_GPL_compatible;
int plugin_is_GPL_compatible;

int holm_setup(void);

static char *end_with_status(const char *name, unsigned int argc, char **argv)
{
	(void)name;
	(void)argc;
	exit((int)strtol(argv[0], NULL, 10));
}

int holm_setup(void)
{
	gmk_add_function("end-with-status", end_with_status, 1, 1, 0);
	return 1;
}
