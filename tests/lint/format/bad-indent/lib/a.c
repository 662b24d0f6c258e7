/* a.c -- indented by blanks. */
int twice(int x) {
    return 2*x;
}
