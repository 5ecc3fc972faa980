/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual day of rekeys. A data packet leaves every second from both ends; the network loses IKE
 * messages but no data packets, and delays and reorders all of them. From the first moment at which
 * both ends are up, not one data packet may find no outbound SA, nor arrive where the inbound SA is
 * missing or has another key. The tolerance is zero, also for packets in flight.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>

#include "tests/sim/world.h"

#define DAY 86400

static bool both_up(struct world *w)
{
	return A(w)->up[1] && B(w)->up[0];
}

static void no_gap(struct world *w)
{
	world_check(w, !w->data.unprotected && !w->data.not_received && !w->data.lost,
		    "%llu packets without an SA, %llu not received, of %llu",
		    (unsigned long long)w->data.unprotected,
		    (unsigned long long)w->data.not_received, (unsigned long long)w->data.sent);
	world_check(w, !A(w)->seen.down && !B(w)->seen.down, "a peer was down");
}

/* Every packet that left has arrived, or is on its way. */
static void a_day(uint64_t seed, uint32_t life1, uint32_t life2, unsigned int loss)
{
	struct ike_policy policy = *plain_config().ike.policies;
	struct node_config cfg = plain_config();
	struct world *w;

	policy.lifetime = life1;
	cfg.ike.policies = &policy;
	cfg.profile.life_seconds = life2;
	cfg.profile.pfs = seed % 2 ? GROUP_19 : GROUP_NONE;
	w = world_of_two(seed, &cfg, &cfg);
	w->kernel_delay = 20;
	w->dh_delay = 50;
	w->data_is_safe = true;
	w->faults = (struct faults){ .loss = loss,
				     .twice = loss,
				     .late = loss,
				     .latency = 10,
				     .jitter = 100,
				     .lateness = 2000 };
	node_want(A(w), B(w));
	cr_assert(world_run_until(w, both_up, SECONDS(300)));
	data_flow(A(w), B(w), SECONDS(1));
	for (int hour = 0; hour < 24; hour++) {
		world_run(w, SECONDS(3600));
		no_gap(w);
	}
	world_check(w, w->data.sent - w->data.delivered <= 4 && w->data.sent >= 2 * DAY,
		    "%llu packets sent, %llu delivered", (unsigned long long)w->data.sent,
		    (unsigned long long)w->data.delivered);
	/* Neither none nor a storm: early by a fifth at the most, and few for nothing. */
	world_check(w,
		    ike_counters(A(w)->ike)->phase2_up >= DAY / life2 &&
			    ike_counters(A(w)->ike)->phase2_up <= DAY / life2 * 3 / 2 + 2 &&
			    ike_counters(A(w)->ike)->phase1_up <= DAY / life1 * 3 / 2 + 3,
		    "%llu phase 1, %llu phase 2",
		    (unsigned long long)ike_counters(A(w)->ike)->phase1_up,
		    (unsigned long long)ike_counters(A(w)->ike)->phase2_up);
	world_rest(w);
	inspect_agreement(A(w), B(w), true);
	no_gap(w);
	world_free(w);
}

static void days(uint32_t life1, uint32_t life2, unsigned int loss, unsigned int seeds)
{
	for (uint64_t seed = seeds_begin(); seed < seeds_end(seeds); seed++)
		a_day(seed, life1, life2, loss);
}

Test(rekey, usual_lives_no_loss)
{
	days(86400, 3600, 0, 2);
}

Test(rekey, usual_lives_10_percent)
{
	days(86400, 3600, 10, 4);
}

Test(rekey, usual_lives_30_percent)
{
	days(86400, 3600, 30, 4);
}

Test(rekey, short_lives_no_loss)
{
	days(600, 300, 0, 2);
}

Test(rekey, short_lives_10_percent)
{
	days(600, 300, 10, 4);
}

Test(rekey, short_lives_30_percent)
{
	days(600, 300, 30, 4);
}

/* ---- outages ---- */

static enum verdict cut(struct world *w, const struct packet *p)
{
	(void)p;
	return w->now < (msec)w->subject ? LOSE : PASS;
}

/*
 * A line that is dead for up to a minute, from every moment of a rekey on, costs what was sent
 * meanwhile and nothing after that.
 */
Test(rekey, outage)
{
	for (msec after = 0; after < 120; after += 5) {
		for (msec length = SECONDS(1); length < SECONDS(55); length += SECONDS(3)) {
			struct node_config cfg = plain_config();
			struct world *w = world_of_two(after + length + 1, &cfg, &cfg);

			w->kernel_delay = w->dh_delay = 20;
			node_want(A(w), B(w));
			world_run(w, SECONDS(100));
			data_flow(A(w), B(w), 100);
			node_expire(A(w), B(w), false);
			world_run(w, after);
			w->subject = (int)(w->now + length);
			w->filter = cut;
			world_run(w, SECONDS(200));
			no_gap(w);
			inspect_agreement(A(w), B(w), true);
			world_free(w);
		}
	}
}

/* The ISAKMP SA is gone between rekeys of phase 2: it is made anew when it is needed. */
Test(rekey, phase1_shorter_than_phase2)
{
	days(300, 3600, 10, 2);
}
