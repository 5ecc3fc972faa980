/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever happens on a bad network, at rest both ends agree: on who is up, on the pair that
 * carries the traffic, its SPIs and keys; kernels hold what the cores say, no timer and no state
 * is left over (inspect.c looks after every turn of every node). An ISAKMP SA may be left at one
 * end, where the goodbye was lost: it is found out when it is used.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/sim/world.h"

static const struct faults networks[] = {
	{ .latency = 5, .jitter = 30 },
	{ .loss = 10, .twice = 10, .late = 10, .latency = 5, .jitter = 30, .lateness = 500 },
	{ .loss = 30, .twice = 30, .late = 30, .latency = 5, .jitter = 100, .lateness = 4000 },
	{ .twice = 50, .late = 50, .latency = 1, .jitter = 200, .lateness = 20000 },
	{ .loss = 5, .late = 20, .latency = 1, .jitter = 10, .lateness = 100000 },
};

static const struct ike_policy short_lived = { 10,
					       { CIPHER_AES128, HASH_SHA256, AUTH_PSK, GROUP_19 },
					       600 };

static struct world *bad_world(uint64_t seed, unsigned int nodes)
{
	static const char *const names[] = { "A", "B", "C" };
	struct node_config cfg = plain_config();
	struct world *w = world_new(seed);

	cfg.ike.policies = &short_lived;
	cfg.profile.life_seconds = 300;
	cfg.profile.pfs = seed % 5 ? GROUP_NONE : GROUP_19;
	cfg.ike.dpd.interval = seed % 3 ? 20 : 0;
	cfg.ike.dpd.periodic = seed % 2;
	for (unsigned int i = 0; i < nodes; i++) {
		cfg.name = names[i];
		node_new(w, &cfg);
	}
	w->faults = networks[seed % ARRAY_SIZE(networks)];
	w->kernel_delay = world_random(w, 50);
	w->dh_delay = world_random(w, 300);
	return w;
}

static void act(struct world *w)
{
	struct node *n = w->node[world_random(w, w->nodes)];
	struct node *peer = w->node[world_random(w, w->nodes)];

	if (n == peer)
		return;
	switch (world_random(w, 14)) {
	case 0:
		node_unwant(n, peer);
		break;
	case 1:
		node_clear(n, peer);
		break;
	case 2:
		node_expire(n, peer, false);
		break;
	case 3:
		node_expire(n, peer, true);
		break;
	case 4:
		node_crash(n, world_chance(w, 50));
		node_start(n);
		break;
	case 5:
		if (n->ike)
			ike_suspect(n->ike, w->now, &n->nbma, &peer->nbma);
		node_turn(n);
		break;
	case 6:
		n->kernel.refuse.count = 1 + world_random(w, 3);
		n->kernel.refuse.direction = IKE_INBOUND;
		n->kernel.refuse.error = world_random(w, 2) ? EEXIST : ENOMEM;
		break;
	case 7:
		ike_local_remove(n->ike, w->now, &n->nbma);
		node_turn(n);
		ike_local_add(n->ike, &n->nbma, &n->cfg.profile);
		break;
	default:
		node_want(n, peer);
	}
}

static void settle(struct world *w)
{
	for (unsigned int i = 0; i < w->nodes; i++)
		w->node[i]->kernel.refuse.count = 0;
	for (unsigned int i = 0; i < w->nodes; i++)
		for (unsigned int k = 0; k < w->nodes; k++)
			if (i != k)
				node_want(w->node[i], w->node[k]);
	world_rest(w);
	for (unsigned int i = 0; i < w->nodes; i++)
		for (unsigned int k = 0; k < i; k++)
			inspect_agreement(w->node[i], w->node[k], true);
}

/* Each ends all it has, at some moment of the others'; whoever hears of it too late has a deadline. */
static void ends(struct world *w)
{
	w->filter = NULL;
	for (unsigned int i = 0; i < w->nodes; i++) {
		node_shutdown(w->node[i]);
		world_run(w, world_random(w, 2) ? 0 : world_random(w, 100));
	}
	world_run(w, REST);
	for (unsigned int i = 0; i < w->nodes; i++)
		node_shutdown(w->node[i]);
	world_run(w, REST);
	for (unsigned int i = 0; i < w->nodes; i++)
		inspect_nothing(w->node[i]);
}

static void misfortunes(unsigned int nodes, unsigned int seeds)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(seeds); seed++) {
		struct world *w = bad_world(seed, nodes);

		for (int i = 0; i < 40; i++) {
			act(w);
			world_run(w, world_random(w, 2) ? world_random(w, 300)
							: world_random(w, 20000));
		}
		settle(w);
		ends(w);
		world_free(w);
	}
}

Test(seeds, two)
{
	misfortunes(2, 400);
}

Test(seeds, three)
{
	misfortunes(3, 150);
}
