/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both ends initiate: at every delay between the two, in each phase, also with messages lost.
 * Whatever happens, both ends keep the same pair, and a packet always has a way.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>

#include "tests/sim/world.h"

static struct world *small_world(uint64_t seed, enum group_id pfs, msec kernel_delay)
{
	struct node_config cfg = plain_config();
	struct world *w;

	cfg.profile.pfs = pfs;
	w = world_of_two(seed, &cfg, &cfg);
	w->kernel_delay = w->dh_delay = kernel_delay;
	return w;
}

static void one_pair_remains(struct world *w)
{
	world_rest(w);
	inspect_agreement(A(w), B(w), true);
	inspect_same_phase1(A(w), B(w));
	world_check(w, kernel_sa_count(A(w), 1) == 2 && kernel_sa_count(B(w), 0) == 2,
		    "more SAs than the ones in use");
	world_check(w, ike_counters(A(w)->ike)->sas == 1 && ike_counters(B(w)->ike)->sas == 1,
		    "more ISAKMP SAs than the one in use");
}

static void phase1(uint64_t seed, msec apart, msec kernel_delay)
{
	struct world *w = small_world(seed, GROUP_19, kernel_delay);

	node_connect(A(w), B(w));
	world_run(w, apart);
	node_connect(B(w), A(w));
	world_run(w, SECONDS(5));
	world_check(w, A(w)->up[1] && B(w)->up[0], "%llu ms apart: not up",
		    (unsigned long long)apart);
	one_pair_remains(w);
	world_check(
		w, !A(w)->seen.down && !B(w)->seen.down && !A(w)->seen.failed && !B(w)->seen.failed,
		"%llu ms apart: down", (unsigned long long)apart);
	world_free(w);
}

Test(crossing, phase1)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(4); seed++)
		for (msec apart = 0; apart < 100; apart += 1) {
			phase1(seed, apart, 0);
			phase1(seed, apart, 50);
		}
}

/* Both rekey phase 2 while a packet leaves every millisecond, both ways. */
static void phase2(uint64_t seed, msec apart, msec kernel_delay)
{
	struct world *w = small_world(seed, seed % 2 ? GROUP_19 : GROUP_NONE, kernel_delay);

	node_connect(A(w), B(w));
	world_run(w, SECONDS(60) + seed);
	data_flow(A(w), B(w), 1);
	world_run(w, 10);
	node_expire(A(w), B(w), false);
	world_run(w, apart);
	node_expire(B(w), A(w), false);
	world_run(w, SECONDS(1));
	world_check(w, w->data.unprotected + w->data.not_received == 0,
		    "%llu ms apart: %llu packets without an SA, %llu not received",
		    (unsigned long long)apart, (unsigned long long)w->data.unprotected,
		    (unsigned long long)w->data.not_received);
	world_check(w, !A(w)->seen.down && !B(w)->seen.down, "down");
	inspect_agreement(A(w), B(w), true);
	world_free(w);

	w = small_world(seed, seed % 2 ? GROUP_19 : GROUP_NONE, kernel_delay);
	node_connect(A(w), B(w));
	world_run(w, SECONDS(60) + seed);
	node_expire(A(w), B(w), false);
	world_run(w, apart);
	node_expire(B(w), A(w), false);
	one_pair_remains(w);
	world_free(w);
}

Test(crossing, phase2)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(4); seed++)
		for (msec apart = 0; apart < 60; apart += 1) {
			phase2(seed, apart, 0);
			phase2(seed, apart, 50);
		}
}

/* As above on a bad network, and with one end's clock and luck different every time. */
Test(crossing, with_faults)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(300); seed++) {
		struct world *w = small_world(seed, GROUP_19, 30);

		w->faults = (struct faults){ .loss = 20,
					     .twice = 20,
					     .late = 20,
					     .latency = 5,
					     .jitter = 40,
					     .lateness = 3000 };
		node_want(A(w), B(w));
		world_run(w, world_random(w, 3000));
		node_want(B(w), A(w));
		world_run(w, SECONDS(200));
		world_check(w, A(w)->up[1] && B(w)->up[0], "not up after 200 s");
		world_run(w, world_random(w, 30000));
		node_expire(A(w), B(w), false);
		world_run(w, world_random(w, 3000));
		node_expire(B(w), A(w), false);
		world_run(w, SECONDS(30));
		world_rest(w);
		inspect_agreement(A(w), B(w), true);
		world_free(w);
	}
}
