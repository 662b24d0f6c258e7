/*
 * The part holm_tcp_super: segments of more than one MSS, whose payload is lent (lend.c), and the
 * software that cuts them where no device does.
 */
#include "net/tcp/room.h"

#include "net/core/proto.h"
#include "net/link/gso.h"

static int start(struct holm_net *net)
{
	net->tcp->send_super = tcp_send_super;
	net->tcp->send_cut = tcp_send_cut;
	net->gso = gso_output;
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

const struct holm_proto holm_tcp_super = {
	.name = "tcp-super",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
