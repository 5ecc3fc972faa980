/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two hubs, which die and come back at any time, and spokes that lie. Whatever happens: nobody has
 * an address that is not his, direct paths live on, and at rest hubs and spokes agree.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/sim/world.h"

#define HUBS 2
#define DPD 10 /* s */

static struct node_config member_config(unsigned int i, unsigned int at_once, uint16_t fallback)
{
	static char names[WORLD_NODES][8];
	struct node_config cfg = plain_config();

	snprintf(names[i], sizeof(names[i]), i < HUBS ? "Hub%u" : "S%u", i);
	cfg.name = names[i];
	cfg.hub = i < HUBS;
	cfg.nhrp = true;
	cfg.holding_time = 600;
	cfg.ike.dpd.interval = DPD;
	cfg.ike.dpd.periodic = true;
	cfg.hubs = HUBS;
	cfg.hubs_at_once = at_once;
	cfg.fallback = fallback;
	return cfg;
}

static struct world *cloud(uint64_t seed, unsigned int spokes, unsigned int at_once,
			   uint16_t fallback)
{
	struct world *w = world_new(seed);

	w->data_is_safe = true;
	w->kernel_delay = w->dh_delay = 5;
	w->faults = (struct faults){ .latency = 5, .jitter = 10 };
	for (unsigned int i = 0; i < HUBS + spokes; i++) {
		struct node_config cfg = member_config(i, at_once, fallback);

		node_new(w, &cfg);
	}
	return w;
}

static bool all_are_at(struct world *w, unsigned int hub)
{
	for (unsigned int i = HUBS; i < w->nodes; i++)
		if (nhrp_hub_of(w->node[i]) != w->node[hub] ||
		    !hub_knows(w->node[hub], w->node[i]))
			return false;
	return true;
}

static bool all_are_at_the_first(struct world *w)
{
	return all_are_at(w, 0);
}

static bool all_are_at_the_second(struct world *w)
{
	return all_are_at(w, 1);
}

static void forget_losses(struct world *w)
{
	w->data.unresolved = w->data.unprotected = w->data.not_received = 0;
}

static unsigned long long losses(const struct world *w)
{
	return (unsigned long long)(w->data.unresolved + w->data.unprotected +
				    w->data.not_received);
}

/* ---- failover ---- */

/* From the death of the first hub until all go through the second; direct paths lose nothing. */
static void hub_dies(unsigned int spokes, unsigned int at_once, bool machine)
{
	struct world *w = cloud(spokes + at_once, spokes, at_once, 0);
	struct node *a = w->node[HUBS], *b = w->node[HUBS + 1];
	msec then;

	cr_assert(world_run_until(w, all_are_at_the_first, SECONDS(20)));
	data_flow(a, b, 50);
	world_run(w, SECONDS(30));
	world_check(w, nhrp_is_direct(a, b) && nhrp_is_direct(b, a), "not direct");
	forget_losses(w);
	node_crash(w->node[0], machine);
	if (!machine)
		kernel_flush(w->node[0]); /* it does not send on either */
	then = w->now;
	world_check(w, world_run_until(w, all_are_at_the_second, SECONDS(3 * DPD)),
		    "not all are at the second hub within three DPD intervals");
	fprintf(stderr, "%u spokes, %u hub%s at once: at the other hub after %.1f s\n", spokes,
		at_once ? at_once : HUBS, at_once == 1 ? "" : "s", (double)(w->now - then) / 1000);
	world_run(w, SECONDS(60));
	world_check(w, !losses(w), "%llu packets lost on a direct path", losses(w));
	/* Hours later paths are still renewed, and a new one is found. */
	world_run(w, SECONDS(3600));
	world_check(w, nhrp_is_direct(a, b) && nhrp_is_direct(b, a), "no longer direct");
	world_check(w, !losses(w), "%llu packets lost at a renewal", losses(w));
	if (spokes > 2) {
		data_flow(a, w->node[HUBS + 2], 50);
		world_run(w, SECONDS(10));
		world_check(w, nhrp_is_direct(a, w->node[HUBS + 2]), "no new path");
		world_check(w, !losses(w), "%llu packets lost on a new path", losses(w));
	}
	world_free(w);
}

Test(hubs, first_dies)
{
	hub_dies(2, 0, true);
	hub_dies(4, 1, true);
	hub_dies(4, 1, false);
	hub_dies(40, 1, true);
}

/* It comes back: the spokes return, at once or after the fallback time, and nothing is lost. */
Test(hubs, first_returns)
{
	for (uint16_t fallback = 0; fallback <= 60; fallback = (uint16_t)(fallback + 60)) {
		struct world *w = cloud(fallback, 4, 1, fallback);

		cr_assert(world_run_until(w, all_are_at_the_first, SECONDS(20)));
		node_crash(w->node[0], true);
		cr_assert(world_run_until(w, all_are_at_the_second, SECONDS(60)));
		data_flow(w->node[HUBS], w->node[HUBS + 1], 50);
		world_run(w, SECONDS(10));
		forget_losses(w);
		node_start(w->node[0]);
		world_check(w,
			    world_run_until(w, all_are_at_the_first,
					    SECONDS(20) + SECONDS(fallback)),
			    "not back");
		world_run(w, SECONDS(30));
		for (unsigned int i = HUBS; i < w->nodes; i++)
			world_check(w, kernel_sa_count(w->node[i], 1) == 0,
				    "the second hub is not on standby");
		world_check(w, !losses(w), "%llu packets lost", losses(w));
		world_free(w);
	}
}

/* Packets that have no direct path go through the other hub as soon as that is known. */
static enum verdict no_direct_path(struct world *w, const struct packet *p)
{
	(void)w;
	return p->kind == PACKET_IKE && p->from >= HUBS && p->to >= HUBS ? LOSE : PASS;
}

Test(hubs, provisional_paths_move)
{
	for (unsigned int at_once = 0; at_once < 2; at_once++) {
		struct world *w = cloud(at_once, 2, at_once, 0);

		w->filter = no_direct_path;
		cr_assert(world_run_until(w, all_are_at_the_first, SECONDS(20)));
		data_flow(w->node[HUBS], w->node[HUBS + 1], 50);
		world_run(w, SECONDS(5));
		forget_losses(w);
		world_run(w, SECONDS(5));
		world_check(w, !losses(w), "%llu packets lost", losses(w));
		node_crash(w->node[0], true);
		cr_assert(world_run_until(w, all_are_at_the_second, SECONDS(3 * DPD)));
		world_run(w, SECONDS(1));
		forget_losses(w);
		world_run(w, SECONDS(300));
		world_check(w, !losses(w), "%llu packets lost through the second hub", losses(w));
		world_free(w);
	}
}

/* ---- at any moment ---- */

static void act(struct world *w)
{
	struct node *n = w->node[world_random(w, w->nodes)];
	struct node *peer = w->node[world_random(w, w->nodes)];
	struct node *hub = w->node[world_random(w, HUBS)];

	if (n == peer)
		return;
	switch (world_random(w, 7)) {
	case 0:
	case 1:
		if (hub->nhrp)
			node_crash(hub, world_chance(w, 50));
		else
			node_start(hub);
		break;
	case 2:
		if (n->index < HUBS)
			return;
		node_crash(n, world_chance(w, 50));
		node_start(n);
		break;
	case 3:
		node_clear(n, peer);
		break;
	case 4:
		if (!n->nhrp)
			return;
		nhrp_clear(n->nhrp, w->now, 0,
			   world_chance(w, 50) ? peer->tunnel : (struct addr){ 0 });
		node_turn(n);
		break;
	default:
		if (n->index >= HUBS && peer->index >= HUBS)
			data_flow(n, peer, 200 + world_random(w, 2000));
	}
}

static void agree(struct world *w)
{
	for (unsigned int i = HUBS; i < w->nodes; i++) {
		struct node *spoke = w->node[i], *hub = nhrp_hub_of(spoke);

		world_check(w, hub && hub->nhrp, "%s has no hub", spoke->cfg.name);
		inspect_bindings(hub, spoke);
	}
}

Test(hubs, die_at_any_moment)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(30); seed++) {
		struct world *w = cloud(seed, 4, (unsigned int)(seed % 3), seed % 2 ? 30 : 0);

		w->faults.loss = w->faults.twice = (unsigned int)(seed % 4) * 5;
		w->node[0]->cfg.answer = seed % 5 ? NHRP_FORWARD : NHRP_ANSWER;
		for (int i = 0; i < 40; i++) {
			act(w);
			world_run(w, world_random(w, 2) ? world_random(w, 300)
							: world_random(w, 20000));
		}
		for (unsigned int i = 0; i < HUBS; i++)
			if (!w->node[i]->nhrp)
				node_start(w->node[i]);
		data_stop(w);
		data_flow(w->node[HUBS], w->node[HUBS + 1], 500);
		w->faults = GOOD_NETWORK;
		world_run(w, SECONDS(900));
		agree(w);
		world_check(w, all_are_at(w, 0), "not all are at the first hub");
		world_check(w,
			    nhrp_is_direct(w->node[HUBS], w->node[HUBS + 1]) &&
				    nhrp_is_direct(w->node[HUBS + 1], w->node[HUBS]),
			    "not direct");
		forget_losses(w);
		world_run(w, SECONDS(20));
		world_check(w, !losses(w), "%llu packets lost", losses(w));
		world_free(w);
	}
}

/* ---- spokes that lie ---- */

enum lie { LIE_OTHERS, LIE_HUB, LIE_OTHER_HUB, LIE_NBMA, LIE_HUBS_NBMA, LIES };

/* The last spoke lies from the beginning, or after a start in the middle of everything. */
Test(hubs, spokes_that_lie)
{
	for (unsigned int what = 0; what < 2 * LIES; what++) {
		struct world *w = cloud(what, 3, 0, 0);
		struct node *a = w->node[HUBS], *b = w->node[HUBS + 1], *liar = w->node[HUBS + 2];

		cr_assert(world_run_until(w, all_are_at_the_first, SECONDS(20)));
		data_flow(a, b, 100);
		world_run(w, what % 2 ? SECONDS(20) : 30);
		node_crash(liar, true);
		switch ((enum lie)(what / 2)) {
		case LIE_OTHERS:
			liar->cfg.false_tunnel = a->tunnel;
			break;
		case LIE_HUB:
			liar->cfg.false_tunnel = w->node[0]->tunnel;
			break;
		case LIE_OTHER_HUB:
			liar->cfg.false_tunnel = w->node[1]->tunnel;
			break;
		case LIE_NBMA:
			liar->cfg.false_nbma = a->nbma;
			break;
		default:
			liar->cfg.false_nbma = w->node[0]->nbma;
		}
		node_start(liar);
		world_run(w, SECONDS(10));
		forget_losses(w);
		world_run(w, SECONDS(1000));
		inspect_bindings(w->node[0], a);
		inspect_bindings(w->node[0], b);
		inspect_bindings(w->node[1], a);
		/* A hub does not know that an address is the other one's: that takes `authorize`. */
		if (what / 2 != LIE_HUB && what / 2 != LIE_OTHER_HUB)
			world_check(w, !nhrp_is_registered(liar), "lie %u is believed", what);
		world_check(w, !hub_knows(w->node[0], w->node[0]) &&
				       !hub_knows(w->node[1], w->node[1]),
			    "a hub has its own address from somebody else");
		world_check(w, nhrp_is_direct(a, b) && nhrp_is_direct(b, a), "others suffer");
		world_check(w, !losses(w), "%llu packets lost", losses(w));
		world_free(w);
	}
}
