/*
 * Delivery rate samples: draft-cheng-iccrg-delivery-rate-estimation section 3.
 */
#include "net/tcp/rate.h"

#include "lib/compiler.h"

#define US_PER_S 1000000u

static bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static struct tcp_rate_record *record_at(struct tcp_rate *r, uint32_t i)
{
	return &r->records[(r->head + i) % TCP_RATE_RECORDS];
}

static struct tcp_rate_record *last_record(struct tcp_rate *r)
{
	return r->n > 0 ? record_at(r, r->n - 1) : NULL;
}

/*
 * Section 3.2:
 *   if (packets_in_flight == 0) C.first_sent_time = C.delivered_time = Now()
 *   P.first_sent_time = C.first_sent_time, P.delivered_time = C.delivered_time,
 *   P.delivered = C.delivered, P.is_app_limited = (C.app_limited != 0)
 */
void tcp_rate_sent(struct tcp_rate *r, uint32_t now_us, uint32_t end, uint32_t len,
		   uint32_t in_flight)
{
	struct tcp_rate_record *p = last_record(r);

	if (in_flight == 0) {
		r->first_sent_us = now_us;
		r->delivered_us = now_us;
	}
	if (r->n == TCP_RATE_RECORDS ||
	    (p && p->sent_us == now_us && p->delivered == r->delivered)) {
		p->end = end;
		p->in_flight = in_flight + len;
		return;
	}
	r->n++;
	*last_record(r) = (struct tcp_rate_record){
		.end = end,
		.sent_us = now_us,
		.first_sent_us = r->first_sent_us,
		.delivered_us = r->delivered_us,
		.delivered = r->delivered,
		.lost = r->lost,
		.in_flight = in_flight + len,
		.app_limited = r->in_bubble,
	};
}

/* The record that holds the byte before `end`; NULL: forgotten. Ends ascend. */
static const struct tcp_rate_record *find(struct tcp_rate *r, uint32_t end)
{
	uint32_t low = 0, high = r->n;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (is_after(end, record_at(r, mid)->end))
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->n ? record_at(r, low) : NULL;
}

static void forget(struct tcp_rate *r, uint32_t una)
{
	while (r->n > 0 && !is_after(record_at(r, 0)->end, una)) {
		r->head = (r->head + 1) % TCP_RATE_RECORDS;
		r->n--;
	}
}

/*
 * Section 3.3:
 *   rs.interval = max(send_elapsed, ack_elapsed), rs.delivered = C.delivered - rs.prior_delivered
 *   if (rs.interval < MinRTT(tp)) return false
 *   rs.delivery_rate = rs.delivered / rs.interval
 */
static void fill_sample(struct tcp_rate *r, const struct tcp_rate_record *p,
			const struct tcp_rate_ack *ack, struct tcp_rate_sample *s)
{
	uint32_t send_us = p->sent_us - p->first_sent_us;
	uint32_t ack_us = r->delivered_us - p->delivered_us;

	s->valid = true;
	s->prior_delivered = p->delivered;
	s->delivered = r->delivered - p->delivered;
	s->interval_us = max_u32(send_us, ack_us);
	s->in_flight = p->in_flight;
	s->lost = r->lost - p->lost;
	s->app_limited = p->app_limited;
	r->first_sent_us = p->sent_us;
	if (s->interval_us > 0 && s->interval_us >= ack->min_rtt_us)
		s->rate = (uint64_t)s->delivered * US_PER_S / s->interval_us;
}

void tcp_rate_acked(struct tcp_rate *r, const struct tcp_rate_ack *ack, struct tcp_rate_sample *s)
{
	const struct tcp_rate_record *p = ack->newest_once ? find(r, ack->newest_end) : NULL;

	*s = (struct tcp_rate_sample){ .valid = false };
	r->lost += ack->lost;
	if (ack->delivered > 0) {
		r->delivered += ack->delivered;
		r->delivered_us = ack->now_us;
		if (r->in_bubble && is_after(r->delivered, r->app_limited))
			r->in_bubble = false;
		if (p)
			fill_sample(r, p, ack, s);
	}
	forget(r, ack->una);
}

const struct tcp_rate_ops tcp_rate = { .sent = tcp_rate_sent, .acked = tcp_rate_acked };
