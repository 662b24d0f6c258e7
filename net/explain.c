/*
 * Why holm_net_create() refuses what it is given, in words: a file of its own, so that only programs
 * that ask for them link them. The rules are those that it checks, net/core/config_rules.h and
 * net/core/proto_list.h.
 */
#include <holm/build.h>
#include <holm/net.h>

#include "net/core/config_rules.h"
#include "net/core/proto_list.h"
#include "net/wire/eth.h"

struct problem {
	const char *what;
	const char *text; /* NULL: there is none */
};

#define FIRST_BROKEN(...) FIRST_BROKEN_OF(__VA_ARGS__)
#define FIRST_BROKEN_OF(part, name, holds, must)                                                   \
	(part) && !(holds) ? (struct problem){ .what = (name), .text = (must) }:

static struct problem config_problem(const struct holm_config *c)
{
	return CONFIG_RULES(FIRST_BROKEN)(struct problem){ .what = NULL };
}

static struct problem env_problem(const struct holm_env *env)
{
	return ENV_RULES(FIRST_BROKEN)(struct problem){ .what = NULL };
}

static bool list_has_ip(const struct holm_proto *const protos[])
{
	for (size_t i = 0; protos[i]; i++)
		if (protos[i]->kind == PROTO_LINK &&
		    (protos[i]->number == ETH_TYPE_IP4 || protos[i]->number == ETH_TYPE_IP6))
			return true;
	return false;
}

/* What protocols find out when they are started, each for itself. */
static const char *start_problem(const struct holm_proto *p, bool has_ip)
{
	if (!has_ip && (p->kind == PROTO_TRANSPORT || (p->kind == PROTO_PART && !p->needs)))
		return "needs ipv4 or ipv6 in the list of protocols";
	if (!HOLM_WITH_GRO && p->input_done)
		return "is not in this library, which was built without GRO";
	return NULL;
}

static struct problem protos_problem(const struct holm_proto *const protos[])
{
	static const char *const texts[] = {
		[PROTO_LIST_TWICE] = "is twice in the list of protocols",
		[PROTO_LIST_MISSING] = "is not in the list of protocols, and another one needs it",
		[PROTO_LIST_EARLY] = "must stand behind what it needs in the list of protocols",
	};
	const struct holm_proto *culprit = NULL;
	enum proto_list wrong = proto_list_check(protos, &culprit);
	bool has_ip = list_has_ip(protos);

	if (wrong)
		return (struct problem){ .what = culprit->name, .text = texts[wrong] };
	for (size_t i = 0; protos[i]; i++) {
		const char *text = start_problem(protos[i], has_ip);

		if (text)
			return (struct problem){ .what = protos[i]->name, .text = text };
	}
	return (struct problem){ .what = NULL };
}

const char *holm_net_explain(const struct holm_config *config, const struct holm_env *env,
			     const struct holm_proto *const protos[], const char **what)
{
	struct problem p = config_problem(config);

	if (!p.text)
		p = env_problem(env);
	if (!p.text)
		p = protos_problem(protos);
	if (p.text)
		*what = p.what;
	return p.text;
}
