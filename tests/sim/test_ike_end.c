/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How SAs end: deleted, released, expired, forgotten by a restart, with the goodbye lost; dead
 * peers; old messages that come again; limits.
 *
 * LINK: tests/sim/world.c tests/sim/node.c tests/sim/kernel.c tests/sim/setup.c tests/sim/lan.c
 * LINK: tests/sim/inspect.c tests/sim/inspect_nhrp.c ikev1/ nhrp/ lib/
 */
#include <criterion/criterion.h>

#include "tests/sim/world.h"

static struct world *connected(uint64_t seed, const struct node_config *cfg)
{
	struct world *w = world_of_two(seed, cfg, cfg);

	node_connect(A(w), B(w));
	world_run(w, SECONDS(60));
	inspect_agreement(A(w), B(w), true);
	return w;
}

static struct world *connected_plain(uint64_t seed)
{
	struct node_config cfg = plain_config();

	return connected(seed, &cfg);
}

static void nothing_left(struct world *w)
{
	world_rest(w);
	inspect_agreement(A(w), B(w), false);
	inspect_same_phase1(A(w), B(w));
	for (unsigned int i = 0; i < w->nodes; i++) {
		const struct ike_counters *c = ike_counters(w->node[i]->ike);

		world_check(w, !c->sas && !c->pairs && !kernel_sa_count(w->node[i], !i),
			    "something is left");
	}
	world_free(w);
}

static enum verdict all_lost(struct world *w, const struct packet *p)
{
	(void)w;
	(void)p;
	return LOSE;
}

/* ---- on purpose ---- */

Test(end, clear)
{
	for (unsigned int node = 0; node < 2; node++) {
		struct world *w = connected_plain(node);
		struct node *n = w->node[node], *other = w->node[!node];

		node_clear(n, other);
		world_run(w, SECONDS(1));
		cr_expect_eq(n->seen.told, IKE_CAUSE_ADMIN);
		cr_expect_eq(other->seen.told, IKE_CAUSE_PEER_DELETED);
		cr_expect_eq(w->messages, 11);
		nothing_left(w);
	}
}

Test(end, release)
{
	struct world *w = connected_plain(1);

	node_unwant(A(w), B(w));
	world_run(w, SECONDS(1));
	cr_expect_eq(A(w)->seen.down, 0, "who releases is not told");
	cr_expect_eq(B(w)->seen.told, IKE_CAUSE_PEER_DELETED);
	nothing_left(w);
}

Test(end, shutdown)
{
	struct world *w = connected_plain(1);

	node_shutdown(B(w));
	world_run(w, SECONDS(1));
	cr_expect_eq(A(w)->seen.told, IKE_CAUSE_PEER_DELETED);
	nothing_left(w);
}

Test(end, source_leaves)
{
	struct world *w = connected_plain(1);

	ike_local_remove(A(w)->ike, w->now, &A(w)->nbma);
	node_turn(A(w));
	world_run(w, SECONDS(1));
	cr_expect_eq(B(w)->seen.told, IKE_CAUSE_PEER_DELETED);
	nothing_left(w);
}

/* In the middle of an exchange, after every message, at each end: nothing is left. */
Test(end, under_way)
{
	for (unsigned int node = 0; node < 2; node++) {
		for (msec after = 0; after < 100; after += 2) {
			struct node_config cfg = plain_config();
			struct world *w;

			cfg.profile.pfs = GROUP_19;
			w = world_of_two(after + 1, &cfg, &cfg);
			w->kernel_delay = w->dh_delay = 5;
			node_connect(A(w), B(w));
			world_run(w, after);
			node_clear(w->node[node], w->node[!node]);
			world_run(w, SECONDS(40));
			/* Whoever could not be told in time has a phase 1 SA that serves nobody. */
			inspect_rest(A(w));
			inspect_rest(B(w));
			world_check(w, A(w)->up[1] == B(w)->up[0], "%llu ms: half up",
				    (unsigned long long)after);
			node_connect(A(w), B(w));
			world_rest(w);
			inspect_agreement(A(w), B(w), true);
			world_free(w);
		}
	}
}

/* ---- the other end does not hear of it ---- */

/* Without DPD only a new negotiation tells; then both ends agree again, whoever starts it. */
Test(end, lost_delete)
{
	for (unsigned int who = 0; who < 2; who++) {
		struct world *w = connected_plain(who);

		w->filter = all_lost;
		node_clear(A(w), B(w));
		world_run(w, SECONDS(5));
		w->filter = NULL;
		cr_expect(!A(w)->up[1] && B(w)->up[0]);
		if (who == 0)
			node_connect(A(w), B(w));
		else
			node_expire(B(w), A(w), false);
		world_run(w, SECONDS(100));
		inspect_agreement(A(w), B(w), true);
		world_rest(w);
		inspect_agreement(A(w), B(w), true);
		world_free(w);
	}
}

static bool both_up(struct world *w)
{
	return A(w)->up[1] && B(w)->up[0];
}

static bool b_is_down(struct world *w)
{
	return !B(w)->up[0];
}

static struct node_config watchful(bool periodic)
{
	struct node_config cfg = plain_config();

	cfg.ike.dpd.interval = 10;
	cfg.ike.dpd.periodic = periodic;
	return cfg;
}

/* A peer that vanished is found out: by asking regularly, or by not hearing anything back. */
Test(end, dead_peer)
{
	for (int periodic = 0; periodic < 2; periodic++) {
		struct node_config cfg = watchful(periodic);
		struct world *w = connected(1, &cfg);

		node_crash(A(w), true);
		if (!periodic)
			data_flow(B(w), A(w), 1000);
		cr_assert(world_run_until(w, b_is_down, SECONDS(40)), "periodic %d", periodic);
		cr_expect_eq(B(w)->seen.told, IKE_CAUSE_DEAD_PEER);
		cr_expect_eq(B(w)->seen.down, 1);
		inspect_rest(B(w));
		cr_expect_eq(ike_counters(B(w)->ike)->sas, 0);
		world_free(w);
	}
}

/* A live one is not: through hours, with and without traffic, and with a third of all lost. */
Test(end, live_peer)
{
	for (int traffic = 0; traffic < 2; traffic++) {
		struct node_config cfg = watchful(true);
		struct world *w = connected(1, &cfg);

		if (traffic)
			data_flow(B(w), A(w), 1000);
		world_run(w, SECONDS(3 * 3600));
		cr_expect_eq(A(w)->seen.down + B(w)->seen.down, 0);
		cr_expect_eq(w->data.unprotected + w->data.not_received, 0);
		inspect_agreement(A(w), B(w), true);
		world_free(w);
	}
}

/* ---- restarts ---- */

/* A daemon or its machine starts anew; it connects by itself, or the other end finds out. */
Test(end, restart)
{
	for (unsigned int kind = 0; kind < 8; kind++) {
		bool machine = kind & 1, connects = kind & 2;
		struct node *n, *other;
		struct node_config cfg = watchful(true);
		struct world *w = connected(kind, &cfg);
		msec from;

		n = w->node[kind >> 2];
		other = w->node[!(kind >> 2)];
		other->wanted[n->index] = true;
		from = w->now;
		node_crash(n, machine);
		node_start(n);
		if (connects)
			node_want(n, other);
		cr_assert(world_run_until(w, both_up, SECONDS(60)), "kind %u", kind);
		cr_expect_lt(w->now - from, connects ? 200 : SECONDS(30), "kind %u: %llu ms", kind,
			     (unsigned long long)(w->now - from));
		world_rest(w);
		inspect_agreement(A(w), B(w), true);
		world_free(w);
	}
}

/* ---- expiry ---- */

Test(end, kernel_expires)
{
	for (int wanted = 0; wanted < 2; wanted++) {
		struct world *w = connected_plain(1);

		A(w)->wanted[1] = wanted;
		node_expire(A(w), B(w), true);
		world_run(w, SECONDS(1));
		cr_expect_eq(A(w)->seen.told, IKE_CAUSE_EXPIRED);
		cr_expect_eq(B(w)->seen.down, 1);
		world_run(w, SECONDS(4));
		inspect_agreement(A(w), B(w), wanted);
		world_rest(w);
		world_free(w);
	}
}

/* Limits of octets: new SAs before the old ones are used up, without a gap. */
Test(end, by_volume)
{
	struct node_config cfg = plain_config();
	struct world *w;

	cfg.profile.life_kilobytes = 1000;
	w = connected(1, &cfg);
	data_flow(A(w), B(w), 10);
	world_run(w, SECONDS(600));
	cr_expect_eq(w->data.unprotected + w->data.not_received, 0);
	cr_expect_geq(ike_counters(A(w)->ike)->rekeyed, 60);
	cr_expect_eq(A(w)->seen.down + B(w)->seen.down, 0);
	world_free(w);
}

/* ---- old messages ---- */

#define KEPT 256

static struct {
	struct packet *packet[KEPT];
	unsigned int count;
} kept;

static enum verdict keep(struct world *w, const struct packet *p)
{
	(void)w;
	if (p->kind == PACKET_IKE && kept.count < KEPT)
		kept.packet[kept.count++] = xmemdup(p, sizeof(*p) + p->len);
	return PASS;
}

static void replay(struct world *w, unsigned int i, bool turned)
{
	const struct packet *p = kept.packet[i];

	network_inject(w, turned ? p->to : p->from, turned ? p->from : p->to, p->octets, p->len);
}

/*
 * Everything that was ever said between two nodes is said again, forwards, backwards and to the
 * wrong end: they stay as they are, and answer with no more than they had said.
 */
Test(end, replay)
{
	struct world *w;
	unsigned int sent;

	kept.count = 0;
	w = connected_plain(1);
	node_clear(A(w), B(w));
	w->filter = keep;
	node_connect(A(w), B(w));
	world_run(w, SECONDS(5));
	node_expire(A(w), B(w), false);
	world_run(w, SECONDS(5));
	node_expire(B(w), A(w), false);
	world_run(w, SECONDS(100));
	w->filter = NULL;
	sent = w->messages;
	for (unsigned int i = 0; i < kept.count; i++) {
		replay(w, i, false);
		replay(w, kept.count - 1 - i, false);
		replay(w, i, true);
		world_run(w, 20);
	}
	inspect_agreement(A(w), B(w), true);
	cr_expect_leq(w->messages - sent, 2 * kept.count, "%u messages to %u", w->messages - sent,
		      3 * kept.count);
	world_run(w, SECONDS(100));
	inspect_agreement(A(w), B(w), true);
	cr_expect_eq(A(w)->seen.down, 1);
	cr_expect_eq(B(w)->seen.down, 1);
	inspect_rest(A(w));
	inspect_rest(B(w));
	cr_expect_eq(kernel_sa_count(A(w), 1), 2);
	for (unsigned int i = 0; i < kept.count; i++)
		free(kept.packet[i]);
	world_free(w);
}

/* ---- limits ---- */

/* A peer that asks for a new pair every second gets no more memory for it. */
Test(end, eager_rekey)
{
	struct node_config cfg = plain_config();
	struct world *w;

	cfg.ike.limits.sas_per_peer = 4;
	w = connected(1, &cfg);
	for (int i = 0; i < 200; i++) {
		node_expire(w->node[i % 2], w->node[!(i % 2)], false);
		world_run(w, SECONDS(1));
		world_check(w, kernel_sa_count(A(w), 1) <= 8 && kernel_sa_count(B(w), 0) <= 8,
			    "too many SAs");
	}
	cr_expect_eq(A(w)->seen.down + B(w)->seen.down, 0);
	world_rest(w);
	inspect_agreement(A(w), B(w), true);
	world_free(w);
}

/* Thousands of first messages from everywhere: bounded, and an honest peer still gets in. */
Test(end, flood)
{
	struct node_config cfg = plain_config();
	uint8_t first[512];
	struct world *w;
	size_t len;

	cfg.ike.limits.half_open = 100;
	cfg.ike.limits.first_messages = 10000;
	kept.count = 0;
	w = world_of_two(1, &cfg, &cfg);
	w->filter = keep;
	node_connect(A(w), B(w));
	world_run(w, SECONDS(60));
	node_clear(A(w), B(w));
	world_run(w, SECONDS(60));
	w->filter = NULL;
	len = kept.packet[0]->len;
	cr_assert_leq(len, sizeof(first));
	memcpy(first, kept.packet[0]->octets, len);
	for (int i = 0; i < 5000; i++) {
		struct ike_datagram d = {
			.local = { B(w)->nbma, 500 },
			.remote = { addr_v4(0x0b000000u + (uint32_t)i % 700), 500 },
			.data = { first, len },
		};

		for (int k = 0; k < 8; k++)
			first[k] = (uint8_t)world_random(w, 256);
		ike_input(B(w)->ike, w->now, &d);
		node_turn(B(w));
		cr_assert_leq(ike_counters(B(w)->ike)->half_open, 100);
		if (i == 4000)
			node_connect(A(w), B(w));
		world_run(w, 1);
	}
	inspect_agreement(A(w), B(w), true);
	cr_expect_gt(ike_counters(B(w)->ike)->evicted, 4000);
	world_rest(w);
	inspect_agreement(A(w), B(w), true);
	cr_expect_eq(ike_counters(B(w)->ike)->sas, 1);
	for (unsigned int i = 0; i < kept.count; i++)
		free(kept.packet[i]);
	world_free(w);
}
