/* neigh.c -- another object's state. */
void settle(struct neigh *n)
{
	n->state = 1;
}
