/*
 * A question over TCP (RFC 1035 section 4.2.2, RFC 7766): two bytes of length in front of each message.
 * One connection for one question; it is ended when the answer is there.
 */
#include "net/app/dns.h"

#include <holm/tcp.h>

#include "lib/compiler.h"
#include "lib/mem.h"

enum { LENGTH_BYTES = 2, SEND_LIMIT = 512 };

/* Stays until TCP has released both buffers. */
struct dns_stream {
	const struct holm_memory *memory;
	struct holm_tcp *tcp; /* NULL: closed */
	struct holm_ring_sndbuf snd;
	struct holm_ring_rcvbuf rcv;
	uint32_t buffers; /* that TCP has */
	size_t len;	  /* of the message, 0: not known */
	uint8_t *message;
};

static void end_if_released(struct dns_stream *s)
{
	const struct holm_memory *memory = s->memory;

	if (s->buffers > 0 || s->tcp)
		return;
	if (s->message)
		memory->free(memory->ctx, s->message, s->len);
	memory->free(memory->ctx, s, sizeof(*s));
}

static void snd_released(struct holm_ring_sndbuf *b)
{
	struct dns_stream *s = container_of(b, struct dns_stream, snd);

	holm_ring_sndbuf_fini(b);
	s->buffers--;
	end_if_released(s);
}

static void rcv_released(struct holm_ring_rcvbuf *b)
{
	struct dns_stream *s = container_of(b, struct dns_stream, rcv);

	holm_ring_rcvbuf_fini(b);
	s->buffers--;
	end_if_released(s);
}

static void stream_close(struct dns_stream *s)
{
	struct holm_tcp *tcp = s->tcp;

	s->tcp = NULL;
	if (s->buffers == 0)
		end_if_released(s);
	holm_tcp_abort(tcp);
}

static int attach(struct dns_stream *s, void *cookie)
{
	int err;

	holm_tcp_set_cookie(s->tcp, cookie);
	holm_ring_sndbuf_init(&s->snd, s->memory, SEND_LIMIT, snd_released);
	holm_ring_rcvbuf_init(&s->rcv, s->memory, DNS_STREAM_MAX, rcv_released);
	err = holm_tcp_attach(s->tcp, &s->snd.base, &s->rcv.base);
	if (!err)
		s->buffers = 2;
	return err;
}

static bool send_query(struct dns_stream *s, const uint8_t *query, size_t len)
{
	uint8_t length[LENGTH_BYTES];

	store_be16(length, (uint16_t)len);
	return holm_ring_sndbuf_write(&s->snd, length, sizeof(length)) == sizeof(length) &&
	       holm_ring_sndbuf_write(&s->snd, query, len) == len;
}

static int stream_open(struct holm_net *net, const struct holm_endpoint *server, void *cookie,
		       const uint8_t *query, size_t len, struct dns_stream **out)
{
	const struct holm_memory *memory = holm_net_memory(net);
	struct dns_stream *s = memory->alloc(memory->ctx, sizeof(*s));
	int err;

	if (!s)
		return -HOLM_ENOMEM;
	memset(s, 0, sizeof(*s));
	s->memory = memory;
	err = holm_tcp_open(net, &s->tcp);
	if (err) {
		memory->free(memory->ctx, s, sizeof(*s));
		return err;
	}
	err = attach(s, cookie);
	if (!err)
		err = holm_tcp_connect(s->tcp, server);
	if (!err && !send_query(s, query, len))
		err = -HOLM_ENOMEM;
	if (err) {
		stream_close(s);
		return err;
	}
	holm_tcp_send(s->tcp);
	*out = s;
	return 0;
}

/* The peer may be done, or gone: what it has sent before counts. */
static int no_more(struct dns_stream *s)
{
	int err = holm_tcp_take_error(s->tcp);

	if (err)
		return err;
	return holm_tcp_ready(s->tcp) & (HOLM_PEER_CLOSED | HOLM_CLOSED) ? -HOLM_ECONNRESET
									 : -HOLM_EAGAIN;
}

static int read_length(struct dns_stream *s)
{
	uint8_t length[LENGTH_BYTES];
	struct holm_span spans[2];

	if (holm_ring_rcvbuf_peek(&s->rcv, 1, spans) == 0)
		return no_more(s);
	(void)holm_ring_rcvbuf_read(&s->rcv, length, sizeof(length));
	s->len = load_be16(length);
	if (s->len < DNS_HEADER_BYTES || s->len > DNS_STREAM_MAX - LENGTH_BYTES) {
		s->len = 0;
		return -HOLM_EPROTO;
	}
	s->message = s->memory->alloc(s->memory->ctx, s->len);
	return s->message ? 0 : -HOLM_ENOMEM;
}

static int stream_read(struct dns_stream *s, const uint8_t **message, size_t *len)
{
	struct holm_span spans[2];
	int err = s->message ? 0 : read_length(s);

	if (err)
		return err;
	if (holm_ring_rcvbuf_peek(&s->rcv, s->len - 1, spans) == 0)
		return no_more(s);
	(void)holm_ring_rcvbuf_read(&s->rcv, s->message, s->len);
	*message = s->message;
	*len = s->len;
	return 0;
}

static bool stream_owns(const struct dns_stream *s, const void *endpoint)
{
	return s->tcp == endpoint;
}

const struct holm_dns_fallback holm_dns_tcp = {
	.open = stream_open,
	.read = stream_read,
	.owns = stream_owns,
	.close = stream_close,
};
