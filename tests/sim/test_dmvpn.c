/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hub and its spokes: NHRP over IKE over a bad network. Everybody registers, spokes that talk
 * find each other, and what they say is not lost on the way from the path through the hub to the
 * direct one.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/sim/world.h"

#define HUB(w) ((w)->node[0])

static struct world *cloud(uint64_t seed, unsigned int spokes, unsigned int percent)
{
	static char names[WORLD_NODES][8];
	struct node_config cfg = plain_config();
	struct world *w = world_new(seed);

	cfg.nhrp = true;
	cfg.holding_time = 600;
	cfg.ike.dpd.interval = 10;
	cfg.ike.dpd.periodic = true;
	w->data_is_safe = true;
	w->kernel_delay = w->dh_delay = 5;
	w->faults = (struct faults){ .loss = percent,
				     .twice = percent,
				     .late = percent,
				     .latency = 5,
				     .jitter = 10,
				     .lateness = 1000 };
	for (unsigned int i = 0; i <= spokes; i++) {
		snprintf(names[i], sizeof(names[i]), i ? "S%u" : "Hub", i);
		cfg.name = names[i];
		cfg.hub = !i;
		node_new(w, &cfg);
	}
	return w;
}

static bool all_registered(struct world *w)
{
	for (unsigned int i = 1; i < w->nodes; i++)
		if (!nhrp_is_registered(w->node[i]))
			return false;
	return true;
}

/*
 * At least once: where every third packet gets lost, some of a hundred are always about to lose or to
 * renew what they had.
 */
static bool all_were_registered(struct world *w)
{
	for (unsigned int i = 1; i < w->nodes; i++)
		if (!nhrp_was_registered(w->node[i]))
			return false;
	return true;
}

static void all_agree(struct world *w)
{
	for (unsigned int i = 1; i < w->nodes; i++)
		inspect_bindings(HUB(w), w->node[i]);
}

/* The pairs that talk: 1 with 2, 3 with 4, ... */
static bool all_direct(struct world *w)
{
	for (unsigned int i = 1; i + 1 < w->nodes; i += 2)
		if (!nhrp_is_direct(w->node[i], w->node[i + 1]) ||
		    !nhrp_is_direct(w->node[i + 1], w->node[i]))
			return false;
	return true;
}

static void nothing_lost(struct world *w)
{
	world_check(w, !w->data.unresolved && !w->data.unprotected && !w->data.not_received,
		    "%llu packets not resolved, %llu without an SA, %llu not received, of %llu",
		    (unsigned long long)w->data.unresolved, (unsigned long long)w->data.unprotected,
		    (unsigned long long)w->data.not_received, (unsigned long long)w->data.sent);
}

static void talk(struct world *w, msec interval)
{
	for (unsigned int i = 1; i + 1 < w->nodes; i += 2)
		data_flow(w->node[i], w->node[i + 1], interval);
}

/* Once what was under way has come to its end, all is as it was. */
static void all_well(struct world *w)
{
	w->faults = GOOD_NETWORK;
	world_run(w, SECONDS(300));
	world_check(w, all_registered(w), "not all are registered");
	all_agree(w);
	world_check(w, all_direct(w), "not all are direct");
	w->data.unresolved = w->data.unprotected = w->data.not_received = 0;
	world_run(w, SECONDS(20));
	nothing_lost(w);
}

static void come_up(unsigned int spokes, unsigned int percent, unsigned int seeds)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(seeds); seed++) {
		struct world *w = cloud(seed, spokes, percent);
		msec began = w->now;

		world_check(w,
			    world_run_until(w, percent ? all_were_registered : all_registered,
					    percent ? SECONDS(400) : 5000),
			    "not all are registered");
		world_tell(w, NULL, "registered after %llu ms",
			   (unsigned long long)(w->now - began));
		talk(w, spokes > 10 ? 1000 : 100);
		if (percent)
			world_run(w, SECONDS(300));
		else
			world_check(w, world_run_until(w, all_direct, 5000), "not all are direct");
		world_run(w, SECONDS(10));
		if (!percent)
			nothing_lost(w);
		all_well(w);
		world_free(w);
	}
}

Test(dmvpn, two_spokes_no_loss)
{
	come_up(2, 0, 40);
}

Test(dmvpn, two_spokes_10_percent)
{
	come_up(2, 10, 40);
}

Test(dmvpn, two_spokes_30_percent)
{
	come_up(2, 30, 40);
}

Test(dmvpn, ten_spokes_no_loss)
{
	come_up(10, 0, 4);
}

Test(dmvpn, ten_spokes_10_percent)
{
	come_up(10, 10, 4);
}

Test(dmvpn, ten_spokes_30_percent)
{
	come_up(10, 30, 4);
}

Test(dmvpn, hundred_spokes_no_loss)
{
	come_up(100, 0, 1);
}

Test(dmvpn, hundred_spokes_10_percent)
{
	come_up(100, 10, 1);
}

Test(dmvpn, hundred_spokes_30_percent)
{
	come_up(100, 30, 1);
}

/* ---- the change-over ---- */

/* From the first packet on, at any rate and whatever the delays: nothing is lost, both ways. */
Test(dmvpn, change_over)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(60); seed++) {
		struct world *w = cloud(seed, 4, 0);

		w->kernel_delay = 1 + world_random(w, 100);
		w->dh_delay = 1 + world_random(w, 300);
		w->faults.latency = world_random(w, 100);
		w->faults.jitter = 1 + world_random(w, 30);
		HUB(w)->cfg.answer = seed % 2 ? NHRP_FORWARD : NHRP_ANSWER;
		cr_assert(world_run_until(w, all_registered, SECONDS(20)));
		data_flow(w->node[1], w->node[2], 1 + world_random(w, 20));
		world_run(w, world_random(w, 500));
		data_flow(w->node[3], w->node[4], 5);
		data_flow(w->node[1], w->node[3], 5);
		world_run(w, world_random(w, 500));
		data_flow(w->node[2], w->node[3], 5);
		world_run(w, SECONDS(10));
		nothing_lost(w);
		world_check(w,
			    all_direct(w) && nhrp_is_direct(w->node[1], w->node[3]) &&
				    nhrp_is_direct(w->node[3], w->node[2]),
			    "not direct after 10 s");
		world_free(w);
	}
}

/* Paths that are used are renewed in time, for hours, without a loss. */
Test(dmvpn, used_paths_stay)
{
	struct world *w = cloud(1, 4, 0);

	cr_assert(world_run_until(w, all_registered, SECONDS(20)));
	talk(w, 1000);
	world_run(w, SECONDS(10));
	for (int i = 0; i < 4 * 60; i++) {
		world_run(w, SECONDS(60));
		world_check(w, all_direct(w), "no longer direct");
		nothing_lost(w);
	}
	world_free(w);
}

/* Those that are not used go, with their SAs at both ends, and come back without a loss. */
Test(dmvpn, idle_paths_go)
{
	struct world *w = cloud(1, 4, 0);

	cr_assert(world_run_until(w, all_registered, SECONDS(20)));
	for (int round = 0; round < 3; round++) {
		talk(w, 100);
		world_run(w, SECONDS(10));
		cr_assert(all_direct(w), "round %d", round);
		data_stop(w);
		world_run(w, SECONDS(2 * 600 + 60));
		for (unsigned int i = 1; i <= 4; i++)
			for (unsigned int k = 1; k <= 4; k++) {
				cr_expect_not(nhrp_is_direct(w->node[i], w->node[k]));
				cr_expect_eq(kernel_sa_count(w->node[i], k), 0, "round %d: %u %u",
					     round, i, k);
			}
	}
	nothing_lost(w);
	all_agree(w);
	world_free(w);
}

/* ---- restarts ---- */

static void hub_restarts(unsigned int spokes, bool machine, msec away, msec back_within)
{
	struct world *w = cloud(spokes, spokes, 0);
	msec back;

	cr_assert(world_run_until(w, all_registered, SECONDS(20)));
	talk(w, 1000);
	world_run(w, SECONDS(30));
	node_crash(HUB(w), machine);
	world_run(w, away);
	node_start(HUB(w));
	back = w->now;
	/* It knows nobody at first, whatever the spokes believe. */
	for (msec end = w->now + SECONDS(300); w->now < end; world_run(w, 100)) {
		unsigned int known = 0;

		for (unsigned int i = 1; i < w->nodes; i++)
			known += nhrp_is_registered(w->node[i]) && hub_knows(HUB(w), w->node[i]);
		if (known == spokes)
			break;
	}
	world_check(w, w->now - back <= back_within, "%llu ms until all are back",
		    (unsigned long long)(w->now - back));
	fprintf(stderr, "%u spokes back %.1f s after the hub's %s was back (away %llu s)\n", spokes,
		(double)(w->now - back) / 1000, machine ? "machine" : "daemon",
		(unsigned long long)away / 1000);
	all_well(w);
	world_free(w);
}

Test(dmvpn, hub_daemon_restarts)
{
	hub_restarts(2, false, SECONDS(2), SECONDS(2));
	hub_restarts(100, false, SECONDS(2), SECONDS(6));
}

Test(dmvpn, hub_machine_restarts)
{
	hub_restarts(2, true, SECONDS(5), SECONDS(20));
	hub_restarts(10, true, SECONDS(60), SECONDS(20));
	hub_restarts(10, true, SECONDS(110), SECONDS(20));
	hub_restarts(10, true, SECONDS(1000), SECONDS(20));
	hub_restarts(100, true, SECONDS(30), SECONDS(20));
}

Test(dmvpn, spoke_restarts)
{
	for (int machine = 0; machine < 2; machine++) {
		struct world *w = cloud(1, 4, 0);

		cr_assert(world_run_until(w, all_registered, SECONDS(20)));
		talk(w, 100);
		world_run(w, SECONDS(30));
		node_crash(w->node[1], machine);
		world_run(w, SECONDS(3));
		node_start(w->node[1]);
		world_run(w, SECONDS(5));
		world_check(w, nhrp_is_registered(w->node[1]) && hub_knows(HUB(w), w->node[1]),
			    "not back");
		world_check(w, nhrp_is_direct(w->node[3], w->node[4]), "others suffer");
		all_well(w);
		world_free(w);
	}
}

/* ---- misfortunes ---- */

static void act(struct world *w)
{
	struct node *n = w->node[world_random(w, w->nodes)];
	struct node *peer = w->node[world_random(w, w->nodes)];

	if (n == peer)
		return;
	switch (world_random(w, 8)) {
	case 0:
		node_clear(n, peer);
		break;
	case 1:
		node_expire(n, peer, world_chance(w, 50));
		break;
	case 2:
		node_crash(n, world_chance(w, 50));
		node_start(n);
		break;
	case 3:
		nhrp_clear(n->nhrp, w->now, 0, peer->tunnel);
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
	default:
		if (n != HUB(w) && peer != HUB(w))
			data_flow(n, peer, 200 + world_random(w, 2000));
	}
}

Test(dmvpn, misfortunes)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(40); seed++) {
		struct world *w = cloud(seed, 4, (unsigned int)(seed % 3) * 10);

		for (int i = 0; i < 40; i++) {
			act(w);
			world_run(w, world_random(w, 2) ? world_random(w, 300)
							: world_random(w, 20000));
		}
		data_stop(w);
		talk(w, 500);
		world_run(w, SECONDS(600));
		all_well(w);
		world_free(w);
	}
}
