/*
 * Looking through the list of protocols that an instance was given. Rooms do it once, at start.
 */
#include "net/core/proto.h"

#include "net/core/net.h"

const struct holm_proto *proto_find(const struct holm_net *net, enum proto_kind kind,
				    uint16_t number)
{
	for (size_t i = 0; net->protos[i]; i++)
		if (net->protos[i]->kind == kind && net->protos[i]->number == number)
			return net->protos[i];
	return NULL;
}

void proto_input_each(struct holm_net *net, const struct holm_proto *p, struct holm_frame **frames,
		      size_t n)
{
	bool last = net->last_of_batch;

	for (size_t i = 0; i < n; i++) {
		net->last_of_batch = last && i + 1 == n;
		p->input(net, frames[i]);
	}
}
