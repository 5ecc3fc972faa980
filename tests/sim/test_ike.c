/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Main mode and quick mode between two nodes.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/inspect.c
 * LINK: ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>

#include "tests/sim/world.h"

static struct node_config named(struct node_config cfg, const char *name)
{
	cfg.name = name;
	return cfg;
}

static struct world *two(uint64_t seed, struct node_config a, struct node_config b)
{
	struct world *w = world_new(seed);

	node_new(w, &(struct node_config[]){ named(a, "A") }[0]);
	node_new(w, &(struct node_config[]){ named(b, "B") }[0]);
	return w;
}

Test(ike, plain)
{
	struct world *w = two(1, plain_config(), plain_config());

	node_connect(w->node[0], w->node[1]);
	world_run(w, SECONDS(100));
	inspect_rest(w->node[0]);
	inspect_rest(w->node[1]);
	inspect_agreement(w->node[0], w->node[1], true);
	world_free(w);
}
