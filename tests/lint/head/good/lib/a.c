/* a.c -- says what it is. */
int a;
