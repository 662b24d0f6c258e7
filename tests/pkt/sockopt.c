/*
 * setsockopt() and getsockopt() of scripts; SOL_HOLM are the options of <holm/tcp.h> itself, and the calls
 * that sockets do not have go to it as well.
 */
#include <string.h>

#include <holm/tcp.h>

#include "net/socket/inet_stream.h"
#include "tests/pkt/calls.h"
#include "tests/pkt/names.h"

#define SOCKOPT_BYTES_MAX 256u

/* The one number of [n]. */
static int64_t number_of(const struct value *v)
{
	if (v->kind == VALUE_LIST && v->first)
		v = v->first;
	return value_number(v);
}

/* The bytes that a value of the script stands for; returns how many. */
static uint32_t pack(const struct value *v, int level, int name, uint8_t *out)
{
	const struct value *inner = v->kind == VALUE_LIST ? v->first : v;
	int32_t number;

	if (inner && inner->kind == VALUE_STRING) {
		if (inner->len > SOCKOPT_BYTES_MAX)
			fail("the string is too long");
		memcpy(out, inner->text, inner->len);
		return (uint32_t)inner->len;
	}
	if (inner && inner->kind == VALUE_RECORD && level == HOLM_SOL_SOCKET &&
	    name == HOLM_SO_LINGER) {
		struct holm_linger l = {
			(int32_t)value_number(value_field(inner, "onoff")),
			(int32_t)value_number(value_field(inner, "linger")),
		};

		memcpy(out, &l, sizeof(l));
		return sizeof(l);
	}
	if (inner && inner->kind == VALUE_RECORD) {
		struct holm_timeval tv = {
			value_number(value_field(inner, "tv_sec")),
			value_number(value_field(inner, "tv_usec")),
		};

		memcpy(out, &tv, sizeof(tv));
		return sizeof(tv);
	}
	number = (int32_t)number_of(v);
	memcpy(out, &number, sizeof(number));
	return sizeof(number);
}

int64_t call_setsockopt(struct calls *c, struct attempt *a)
{
	int level = (int)value_number(call_arg(a, 1));
	int name = (int)value_number(call_arg(a, 2));
	uint8_t bytes[SOCKOPT_BYTES_MAX];
	uint32_t len = pack(call_arg(a, 3), level, name, bytes);

	family_sockopt(c->flows->family, &level, &name);
	if (level == SOL_HOLM_)
		return holm_tcp_set_option(inet_stream_of(a->sock->s)->tcp,
					   (enum holm_tcp_option)name,
					   (uint32_t)number_of(call_arg(a, 3)));
	return holm_socket_setsockopt(a->sock->s, level, name, bytes, len);
}

int64_t call_getsockopt(struct calls *c, struct attempt *a)
{
	int level = (int)value_number(call_arg(a, 1));
	int name = (int)value_number(call_arg(a, 2));
	uint8_t want[SOCKOPT_BYTES_MAX] = { 0 }, got[SOCKOPT_BYTES_MAX] = { 0 };
	uint32_t want_len = pack(call_arg(a, 3), level, name, want);
	uint32_t len = sizeof(got);
	int32_t number;
	int err;

	family_sockopt(c->flows->family, &level, &name);
	err = holm_socket_getsockopt(a->sock->s, level, name, got, &len);
	if (err)
		return err;
	memcpy(&number, got, sizeof(number));
	if (memcmp(want, got, want_len) != 0)
		fail("getsockopt() says %d (\"%.*s\"), expected otherwise", number, (int)len,
		     (const char *)got);
	return 0;
}

int64_t call_pending(struct calls *c, struct attempt *a)
{
	return holm_tcp_pending(inet_stream_of(a->sock->s)->tcp, &c->request);
}

int64_t call_decide(struct calls *c, struct attempt *a)
{
	return holm_tcp_decide(inet_stream_of(a->sock->s)->tcp, &c->request,
			       (enum holm_tcp_decision)value_number(call_arg(a, 1)));
}
