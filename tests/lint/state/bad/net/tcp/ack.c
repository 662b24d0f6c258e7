/* ack.c -- a second writer. */
void die(struct tcp_conn *c)
{
	c->state = 0;
}
