/* ack.c -- comparing is not writing. */
int is_open(const struct tcp_conn *c)
{
	return c->state == 4;
}
