/*
 * What can be wrong with the list of protocols that an instance is given.
 */
#ifndef NET_CORE_PROTO_LIST_H
#define NET_CORE_PROTO_LIST_H

#include "net/core/proto.h"

enum proto_list {
	PROTO_LIST_GOOD,
	PROTO_LIST_TWICE,   /* the culprit is named again */
	PROTO_LIST_MISSING, /* the culprit is not there, and another needs it */
	PROTO_LIST_EARLY,   /* the culprit stands in front of what it is a part of */
};

static inline bool proto_list_has(const struct holm_proto *const protos[],
				  const struct holm_proto *p)
{
	for (size_t i = 0; protos[i]; i++)
		if (protos[i] == p)
			return true;
	return false;
}

/* The first thing that is wrong, and with whom. */
static inline enum proto_list proto_list_check(const struct holm_proto *const protos[],
					       const struct holm_proto **culprit)
{
	for (size_t i = 0; protos[i]; i++) {
		const struct holm_proto *const *needs = protos[i]->needs;

		*culprit = protos[i];
		if (proto_list_has(&protos[i + 1], protos[i]))
			return PROTO_LIST_TWICE;
		for (; needs && *needs; needs++) {
			if (!proto_list_has(protos, *needs)) {
				*culprit = *needs;
				return PROTO_LIST_MISSING;
			}
			/* Parts follow: the order of a list is the order of preference. */
			if ((protos[i]->kind == PROTO_PART || protos[i]->kind == (*needs)->kind) &&
			    proto_list_has(&protos[i + 1], *needs))
				return PROTO_LIST_EARLY;
		}
	}
	return PROTO_LIST_GOOD;
}

#endif
