/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual day of rekeys. A data packet leaves every second from both ends; the network loses IKE
 * messages but no data packets, and delays and reorders all of them. From the first moment at which
 * both ends are up, not one data packet may find no outbound SA, nor arrive where the inbound SA is
 * missing or has another key. The tolerance is zero, also for packets in flight.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
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

/* ---- a responder that can receive only after message 3 ---- */

/* Message 3 of quick mode: the initiator's that is short. */
static unsigned int thirds, thirds_to_lose;

static enum verdict lose_thirds(struct world *w, const struct packet *p)
{
	struct isakmp_header h;

	if (p->kind != PACKET_IKE || p->from != 0 ||
	    isakmp_parse_header((struct span){ p->octets, p->len }, &h) != ISAKMP_OK ||
	    h.exchange != ISAKMP_XCHG_QUICK || h.length > 80)
		return PASS;
	world_tell(w, A(w), "message 3, number %u", thirds);
	return thirds++ < thirds_to_lose ? LOSE : PASS;
}

enum flow { BOTH_WAYS, THERE, NOT_AT_ALL };

static void flow_there(struct world *w, struct node *n, void *arg)
{
	(void)arg;
	kernel_send_data(n, B(w));
	world_after(w, 10, flow_there, n, NULL);
}

/* How long A went on with the old outbound SA after message 3 had left for the first time. */
static msec switched_after(uint64_t seed, enum flow flow, msec latency, unsigned int lost)
{
	struct node_config a = plain_config(), b = a;
	struct world *w;
	uint32_t before;
	msec third, now;

	b.late_inbound = true;
	w = world_of_two(seed, &a, &b);
	w->kernel_delay = 20;
	w->faults = (struct faults){ .latency = latency, .jitter = 5 };
	node_connect(A(w), B(w));
	cr_assert(world_run_until(w, both_up, SECONDS(10)));
	world_run(w, SECONDS(40));
	if (flow == BOTH_WAYS)
		data_flow(A(w), B(w), 10);
	else if (flow == THERE)
		world_after(w, 10, flow_there, A(w), NULL);
	world_run(w, SECONDS(1));
	before = kernel_outbound(A(w), 1)->spi;
	w->filter = lose_thirds;
	thirds = 0;
	thirds_to_lose = lost;
	node_expire(A(w), B(w), false);
	for (third = 0; !third; world_run(w, 1))
		third = thirds ? w->now : 0;
	while (kernel_outbound(A(w), 1)->spi == before)
		world_run(w, 1);
	now = w->now;
	world_run(w, SECONDS(100));
	world_check(w, thirds == lost + 1, "%u times message 3", thirds);
	no_gap(w);
	data_stop(w);
	inspect_agreement(A(w), B(w), true);
	world_free(w);
	return now - third;
}

Test(rekey, late_responder)
{
	for (uint64_t seed = 1; seed < 20; seed++)
		for (msec latency = 1; latency < 300; latency *= 3) {
			/* Message 3 goes, the responder switches, something comes: then at once. */
			msec after = switched_after(seed, BOTH_WAYS, latency, 0);

			cr_expect(after >= 2 * latency && after < 2 * (2 * latency + 50) + 20,
				  "%llu", (unsigned long long)after);
			after = switched_after(seed, THERE, latency, 0);
			cr_expect(after >= 5000 && after < 5050, "%llu", (unsigned long long)after);
			cr_expect(switched_after(seed, NOT_AT_ALL, latency, 0) < 5050);
		}
}

/* Message 2 says that message 3 was lost, however often: nothing is sent into the void. */
Test(rekey, late_responder_and_lost_message)
{
	for (unsigned int lost = 1; lost <= 5; lost++)
		for (uint64_t seed = 1; seed < 10; seed++) {
			switched_after(seed, BOTH_WAYS, 50, lost);
			switched_after(seed, THERE, 50, lost);
		}
}

/*
 * By the amount: the old outbound SA has 15 % of it left, which is less than can be waited for where
 * nothing comes back. Its end is the moment then.
 */
Test(rekey, kilobytes)
{
	for (int flow = BOTH_WAYS; flow <= THERE; flow++) {
		struct node_config a = plain_config(), b = a;
		struct world *w;

		a.profile.life_kilobytes = 1000;
		w = world_of_two(1, &a, &b);
		w->kernel_delay = 5;
		node_connect(A(w), B(w));
		cr_assert(world_run_until(w, both_up, SECONDS(10)));
		world_run(w, SECONDS(1));
		if (flow == BOTH_WAYS)
			data_flow(A(w), B(w), 10);
		else
			world_after(w, 10, flow_there, A(w), NULL);
		world_run(w, SECONDS(100));
		no_gap(w);
		cr_expect_geq(ike_counters(A(w)->ike)->phase2_up, 9);
		world_free(w);
	}
}

static void need(struct node *n, const struct node *peer, bool needed)
{
	ike_need(n->ike, n->world->now, &n->nbma, &peer->nbma, needed);
	node_turn(n);
}

/* Neither end renews what neither needs; one that does keeps it, and one that comes back gets it. */
Test(rekey, unneeded)
{
	struct node_config cfg = plain_config();
	struct world *w;

	cfg.profile.life_seconds = 300;
	w = world_of_two(1, &cfg, &cfg);
	A(w)->wanted[1] = false;
	ike_connect(A(w)->ike, w->now, &A(w)->nbma, &B(w)->nbma);
	node_turn(A(w));
	cr_assert(world_run_until(w, both_up, SECONDS(60)));
	need(A(w), B(w), false);
	world_run(w, SECONDS(1000));
	/* B needs it. */
	cr_expect(both_up(w));
	cr_expect_geq(ike_counters(B(w)->ike)->rekeyed, 3);
	need(B(w), A(w), false);
	world_run(w, SECONDS(301));
	cr_expect_not(A(w)->up[1]);
	cr_expect_not(B(w)->up[0]);
	ike_connect(A(w)->ike, w->now, &A(w)->nbma, &B(w)->nbma);
	node_turn(A(w));
	world_run(w, SECONDS(1000));
	cr_expect(both_up(w));
	world_free(w);
}

/* Its time has come and gone when it is needed again: it is renewed at once, and nothing is lost. */
Test(rekey, needed_again_at_the_last_moment)
{
	struct node_config cfg = plain_config();
	struct world *w;

	cfg.profile.life_seconds = 300;
	w = world_of_two(1, &cfg, &cfg);
	node_want(A(w), B(w));
	cr_assert(world_run_until(w, both_up, SECONDS(60)));
	need(A(w), B(w), false);
	need(B(w), A(w), false);
	world_run(w, SECONDS(297));
	cr_assert(both_up(w));
	cr_assert_eq(ike_counters(A(w)->ike)->phase2_up, 1);
	need(A(w), B(w), true);
	world_run(w, SECONDS(600));
	cr_expect(both_up(w));
	cr_expect_eq(A(w)->seen.down + B(w)->seen.down, 0);
	world_free(w);
}
