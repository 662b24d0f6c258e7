/* state.c -- the one writer. */
void tcp_set_state(struct tcp_conn *c, int next)
{
	c->state = next;
}
