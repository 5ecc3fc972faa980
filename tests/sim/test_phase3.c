/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Phase 3 over a bad network: spokes that only know that everything is behind the hub find the
 * direct way to each other's LANs, both ways, without losing a packet; and nobody keeps a shortcut
 * to a LAN that is not there any more, whatever was lost, whoever crashed.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/sim/world.h"

#define HUB(w) ((w)->node[0])
#define HOLDING 600

static bool all_registered(struct world *w)
{
	for (unsigned int i = 1; i < w->nodes; i++)
		if (!nhrp_is_registered(w->node[i]))
			return false;
	return true;
}

static struct world *cloud(uint64_t seed, unsigned int spokes, unsigned int percent)
{
	static char names[WORLD_NODES][8];
	struct node_config cfg = plain_config();
	struct world *w = world_new(seed);

	cfg.nhrp = true;
	cfg.holding_time = HOLDING;
	cfg.ike.dpd.interval = 10;
	cfg.ike.dpd.periodic = true;
	w->data_is_safe = true;
	w->kernel_delay = w->dh_delay = 5;
	for (unsigned int i = 0; i <= spokes; i++) {
		snprintf(names[i], sizeof(names[i]), i ? "S%u" : "Hub", i);
		cfg.name = names[i];
		cfg.hub = cfg.redirect = !i;
		cfg.shortcut = i;
		node_new(w, &cfg);
	}
	lans_begin(w);
	world_check(w, world_run_until(w, all_registered, SECONDS(20)), "not all are registered");
	w->faults = (struct faults){ .loss = percent,
				     .twice = percent,
				     .late = percent,
				     .latency = 5,
				     .jitter = 10,
				     .lateness = 1000 };
	return w;
}

/* The pairs that talk: 1 with 2, 3 with 4, ... */
static bool all_direct(struct world *w)
{
	for (unsigned int i = 1; i + 1 < w->nodes; i += 2)
		if (!lan_is_direct(w->node[i], i + 1) || !lan_is_direct(w->node[i + 1], i))
			return false;
	return true;
}

static void talk(struct world *w, msec interval)
{
	for (unsigned int i = 1; i + 1 < w->nodes; i += 2)
		data_flow(w->node[i], w->node[i + 1], interval);
}

static void nothing_lost(struct world *w)
{
	world_check(w,
		    !w->data.unresolved && !w->data.unprotected && !w->data.not_received &&
			    !w->data.unrouted,
		    "%llu packets not resolved, %llu without an SA, %llu not received, %llu without "
		    "a route, of %llu",
		    (unsigned long long)w->data.unresolved, (unsigned long long)w->data.unprotected,
		    (unsigned long long)w->data.not_received, (unsigned long long)w->data.unrouted,
		    (unsigned long long)w->data.sent);
}

static void all_agree(struct world *w)
{
	for (unsigned int i = 1; i < w->nodes; i++)
		inspect_bindings(HUB(w), w->node[i]);
	inspect_shortcuts(w);
}

/* Once what was under way has come to its end. */
static void all_well(struct world *w)
{
	w->faults = GOOD_NETWORK;
	world_run(w, SECONDS(300));
	world_check(w, all_registered(w), "not all are registered");
	all_agree(w);
	world_check(w, all_direct(w), "not all are direct, or only one way");
	memset(&w->data, 0, sizeof(w->data));
	world_run(w, SECONDS(20));
	nothing_lost(w);
}

static void come_up(unsigned int spokes, unsigned int percent, unsigned int seeds)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(seeds); seed++) {
		struct world *w = cloud(seed, spokes, percent);

		talk(w, spokes > 10 ? 1000 : 100);
		world_check(w, world_run_until(w, all_direct, percent ? SECONDS(900) : 5000),
			    "not all are direct");
		world_run(w, SECONDS(10));
		if (!percent)
			nothing_lost(w);
		all_well(w);
		world_free(w);
	}
}

Test(phase3, two_spokes)
{
	come_up(2, 0, 40);
	come_up(2, 10, 40);
	come_up(2, 30, 40);
}

Test(phase3, ten_spokes)
{
	come_up(10, 0, 4);
	come_up(10, 10, 4);
	come_up(10, 30, 4);
}

Test(phase3, hundred_spokes)
{
	come_up(100, 0, 1);
	come_up(100, 10, 1);
}

/* From the first packet on, at any rate and whatever the delays: nothing is lost, both ways. */
Test(phase3, change_over)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(60); seed++) {
		struct world *w = cloud(seed, 4, 0);

		w->kernel_delay = 1 + world_random(w, 100);
		w->dh_delay = 1 + world_random(w, 300);
		w->faults.latency = world_random(w, 100);
		w->faults.jitter = 1 + world_random(w, 30);
		data_flow(w->node[1], w->node[2], 1 + world_random(w, 20));
		world_run(w, world_random(w, 500));
		data_flow(w->node[3], w->node[4], 5);
		data_flow(w->node[1], w->node[3], 5);
		world_run(w, world_random(w, 500));
		data_flow(w->node[2], w->node[3], 5);
		world_run(w, SECONDS(20));
		nothing_lost(w);
		world_check(w,
			    all_direct(w) && lan_is_direct(w->node[1], 3) &&
				    lan_is_direct(w->node[3], 1) && lan_is_direct(w->node[2], 3),
			    "not direct after 20 s");
		all_agree(w);
		world_free(w);
	}
}

Test(phase3, used_shortcuts_stay)
{
	struct world *w = cloud(1, 4, 0);

	talk(w, 1000);
	world_run(w, SECONDS(20));
	for (int i = 0; i < 4 * 60; i++) {
		world_run(w, SECONDS(60));
		world_check(w, all_direct(w), "no longer direct");
		nothing_lost(w);
	}
	all_agree(w);
	world_free(w);
}

/* Those that are not used go, with their SAs at both ends, and come back without a loss. */
Test(phase3, idle_shortcuts_go)
{
	struct world *w = cloud(1, 4, 0);

	for (int round = 0; round < 3; round++) {
		talk(w, 100);
		world_run(w, SECONDS(20));
		cr_assert(all_direct(w), "round %d", round);
		data_stop(w);
		world_run(w, SECONDS(2 * HOLDING + 60));
		for (unsigned int i = 1; i <= 4; i++)
			for (unsigned int k = 1; k <= 4; k++) {
				cr_expect_not(lan_is_direct(w->node[i], k) && i != k);
				cr_expect_eq(kernel_sa_count(w->node[i], k), 0, "round %d: %u %u",
					     round, i, k);
			}
	}
	nothing_lost(w);
	all_agree(w);
	world_free(w);
}

/* What is direct does not need the hub, for as long as it is away. */
Test(phase3, the_hub_is_away)
{
	struct world *w = cloud(1, 4, 0);

	talk(w, 200);
	world_run(w, SECONDS(20));
	cr_assert(all_direct(w));
	node_crash(HUB(w), true);
	for (int i = 0; i < 30; i++) {
		world_run(w, SECONDS(60));
		world_check(w, all_direct(w), "no longer direct");
		nothing_lost(w);
	}
	node_start(HUB(w));
	all_well(w);
	world_free(w);
}

/* ---- LANs move ---- */

struct lan_flow {
	unsigned int from, to;
	msec interval;
};

/* One way: who has the LAN at the time answers from it in its own way. */
static void flow_to_lan(struct world *w, struct node *none, void *arg)
{
	const struct lan_flow *f = arg;

	(void)none;
	kernel_send_data(w->node[f->from], w->node[f->to]);
	world_after(w, f->interval, flow_to_lan, NULL, xmemdup(f, sizeof(*f)));
}

#define LAN 5

static void lan_moves(unsigned int percent, unsigned int seeds)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(seeds); seed++) {
		struct world *w = cloud(seed, 6, percent);

		for (unsigned int k = 1; k <= 2; k++) {
			struct lan_flow f = { k, LAN, 200 };

			flow_to_lan(w, NULL, &f);
		}
		for (int i = 0; i < 20; i++) {
			unsigned int to = 3 + world_random(w, 5);

			lan_move(w, LAN, to > 6 ? NOBODY : to, world_random(w, 3000));
			world_run(w, world_random(w, 2) ? world_random(w, 300)
							: world_random(w, 40000));
		}
		/*
		 * Longer than a purge waits to be repeated. And than a flow waits that was told
		 * in vain, and its hold-down.
		 */
		lan_move(w, LAN, 4, 1000);
		w->faults = GOOD_NETWORK;
		world_run(w, SECONDS(80));
		all_agree(w);
		world_run(w, SECONDS(80));
		world_check(w, lan_is_direct(w->node[1], LAN) && lan_is_direct(w->node[2], LAN),
			    "not direct");
		memset(&w->data, 0, sizeof(w->data));
		world_run(w, SECONDS(20));
		nothing_lost(w);
		/* Nobody has it any more. */
		lan_move(w, LAN, NOBODY, 1000);
		world_run(w, SECONDS(80));
		world_check(w,
			    lan_gateway(w->node[1], LAN) == 0 && lan_gateway(w->node[2], LAN) == 0,
			    "a shortcut into nowhere");
		all_agree(w);
		world_free(w);
	}
}

Test(phase3, lan_moves_no_loss)
{
	lan_moves(0, 30);
}

Test(phase3, lan_moves_20_percent)
{
	lan_moves(20, 30);
}

/* The egress loses the route: packets go through the hub to where it is now, none is lost. */
Test(phase3, purge_without_loss)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(30); seed++) {
		struct world *w = cloud(seed, 4, 0);
		struct lan_flow f = { 1, 4, 20 };

		flow_to_lan(w, NULL, &f);
		world_run(w, SECONDS(10));
		world_check(w, lan_is_direct(w->node[1], 4), "not direct");
		/* The routing protocol was faster than the LAN. */
		HUB(w)->kernel.to[4] = 3;
		w->node[3]->kernel.holds[4] = true;
		world_run(w, SECONDS(1));
		nothing_lost(w);
		lan_move(w, 4, 3, 0);
		world_run(w, SECONDS(1));
		nothing_lost(w);
		world_check(w, lan_gateway(w->node[1], 4) != 4, "not purged");
		world_run(w, SECONDS(100));
		world_check(w, lan_is_direct(w->node[1], 4), "not direct again");
		all_agree(w);
		world_free(w);
	}
}

/* ---- misfortunes ---- */

static void crash(struct world *w, struct node *n)
{
	node_crash(n, world_chance(w, 50));
	world_run(w, world_random(w, 2000));
	node_start(n);
}

static void act(struct world *w)
{
	struct node *n = w->node[world_random(w, w->nodes)];
	struct node *peer = w->node[world_random(w, w->nodes)];

	if (n == peer)
		return;
	switch (world_random(w, 9)) {
	case 0:
		node_clear(n, peer);
		break;
	case 1:
		node_expire(n, peer, world_chance(w, 50));
		break;
	case 2:
		crash(w, n);
		break;
	case 3:
		nhrp_clear(n->nhrp, w->now, 0, world_chance(w, 50) ? peer->tunnel
								    : lan_address(peer->index));
		node_turn(n);
		break;
	case 4:
		nhrp_clear(n->nhrp, w->now, 0, (struct addr){ 0 });
		node_turn(n);
		break;
	case 5:
		nhrp_interface_rebind(n->nhrp, w->now, 0);
		node_turn(n);
		break;
	case 6:
		if (n != HUB(w))
			lan_move(w, LAN, n->index, world_random(w, 3000));
		break;
	default:
		if (n != HUB(w) && peer != HUB(w) && n->index != LAN && peer->index != LAN)
			data_flow(n, peer, 200 + world_random(w, 2000));
	}
}

Test(phase3, misfortunes)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(40); seed++) {
		struct world *w = cloud(seed, 6, (unsigned int)(seed % 3) * 10);

		for (int i = 0; i < 40; i++) {
			act(w);
			world_run(w, world_random(w, 2) ? world_random(w, 300)
							: world_random(w, 20000));
		}
		data_stop(w);
		lan_move(w, LAN, LAN, 100);
		world_run(w, SECONDS(10));
		talk(w, 500);
		world_run(w, SECONDS(600));
		all_well(w);
		world_free(w);
	}
}
