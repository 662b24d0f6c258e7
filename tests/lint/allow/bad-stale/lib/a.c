/* a.c -- nothing to except. */
int a;
