/*
 * Keep-alive: RFC 9293 section 3.8.4. Entered by the option that switches it on; whether it runs
 * now, and when it is looked at, is timer.c's.
 */
#include "net/tcp/hot.h"

/* The end of a silence of `keepidle_s`; see restart_keep_alive() in option.c. */
static uint64_t silence_ends(const struct holm_tcp *c)
{
	uint32_t now = tcp_stamp(tcp_net(c)->now), since = c->flight->keep_from;

	if (now - c->last_rx < now - since)
		since = c->last_rx;
	return tcp_after_stamp(tcp_net(c), since, c->settings->keepidle_s);
}

static uint64_t deadline(const struct holm_tcp *c)
{
	const struct tcp_settings *s = c->settings;

	if (c->flight->retries == 0)
		return silence_ends(c);
	/* c->flight->rexmt: when the last probe was due. */
	return tcp_ns_of_tick(tcp_net(c),
			      c->flight->rexmt + 1 + tcp_ticks_up(TCP_S(s->keepintvl_s)));
}

/* As on Linux the user timeout, where there is one, decides, and not the number of probes. */
static bool is_given_up(const struct holm_tcp *c)
{
	const struct tcp_settings *s = c->settings;

	if (!s->user_timeout_ms)
		return c->flight->retries >= s->keepcnt;
	return c->flight->retries > 0 &&
	       tcp_after_last_rx(c, 0) + TCP_MS(s->user_timeout_ms) <= tcp_net(c)->now;
}

static bool fire(struct holm_tcp *c)
{
	if (is_given_up(c)) {
		/* As on Linux: a peer that only could not be reached learns that there is nothing left. */
		tcp_send_abort(c);
		tcp_conn_closed(c, HOLM_ETIMEDOUT);
		return false;
	}
	if (c->flight->retries < UINT8_MAX)
		c->flight->retries++;
	c->flight->rexmt = tcp_ticks(tcp_net(c)->now);
	c->flags |= TCP_KEEP_DUE;
	tcp_note_output(c);
	return true;
}

/* RFC 9293 3.8.4: SEG.SEQ = SND.NXT-1, without data. */
static bool send(struct tcp_tx *tx)
{
	struct holm_tcp *c = tx->c;

	if (tcp_send_segment(tx, seq_sub(c->flight->snd_nxt, 1), 0, TCP_ACK) < 0)
		return false;
	c->flags &= ~(uint32_t)TCP_KEEP_DUE;
	return true;
}

const struct tcp_keep_alive_ops tcp_keep_alive = {
	.deadline = deadline,
	.fire = fire,
	.send = send,
};
