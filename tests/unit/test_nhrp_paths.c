/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversations about paths: through the hub first, the change-over to the direct one, and back.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include "tests/unit/nhrp_net.h"

/* ---- there ---- */

Test(nhrp_net, first_packet_goes_through_the_hub_then_direct)
{
	struct net *net = net_up(2);
	size_t from = net->n_records;
	msec start = net->now;
	struct nhrp_entry e;
	const struct record *r;

	net_upcall(net, A, B);
	cr_expect(points_to(net, A, B, HUB), "at once");
	cr_assert(entry_of(net, A, B, &e));
	cr_expect_eq(e.type, NHRP_ENTRY_INCOMPLETE);
	cr_expect_eq(find_effect(net, from, A, NHRP_BIND)->at, start);

	net_run(net, start + 500);
	cr_expect(points_to(net, A, B, B));
	cr_assert(entry_of(net, A, B, &e));
	cr_expect_eq(e.type, NHRP_ENTRY_DYNAMIC);
	cr_expect_eq(node_of(&e.nbma), B);
	cr_expect_eq(e.flags, NHRP_FLAG_ROUTER | NHRP_FLAG_AUTHORITATIVE | NHRP_FLAG_UNIQUE);
	r = find_event(net, from, A, NHRP_EV_DIRECT);
	cr_assert(r);
	/* Request to the hub and on, B's SA pair, B's answer over it. */
	cr_expect_eq(r->at, start + 2 * LATENCY + SA_TIME + LATENCY);
	cr_expect_eq(node_of(&r->event.nbma), B);
	cr_expect_eq(node_of(&r->event.other_nbma), HUB);
	/* B connected, A did not have to; B's answer is the only packet of the pair. */
	cr_expect_eq(count_from(net, from, A, NHRP_CONNECT), 0);
	cr_expect_eq(count_from(net, from, B, NHRP_CONNECT), 1);
	cr_expect_eq(count_from(net, from, B, NHRP_SEND), 1);
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 1);
	r = find_event(net, from, HUB, NHRP_EV_REQUEST_FORWARDED);
	cr_assert(r);
	cr_expect_eq(node_of(&r->event.nbma), B);
	cr_expect_eq(counters_of(net, HUB).forwarded[NHRP_RESOLUTION_REQUEST], 1);
	/* B has no use for a path to A yet, but keeps the pair for A's sake. */
	cr_expect_not(entry_of(net, B, A, &e));
	cr_expect(nhrp_knows_nbma(net->node[B].core, TUNNEL, nbma_of(A)));
	net_free(net);
}

Test(nhrp_net, echo_reply_makes_the_other_side_resolve_too)
{
	struct net *net = net_up(2);

	net_upcall(net, A, B);
	net_run(net, net->now + LATENCY); /* the echo request is at the hub */
	net_run(net, net->now + LATENCY);
	net_upcall(net, B, A); /* and B answers */
	cr_expect(points_to(net, B, A, HUB));
	net_run(net, net->now + 500);
	cr_expect(points_to(net, A, B, B));
	cr_expect(points_to(net, B, A, A));
	net_free(net);
}

Test(nhrp_net, both_resolve_at_the_same_moment)
{
	struct net *net = net_up(2);
	size_t from = net->n_records;

	net_upcall(net, A, B);
	net_upcall(net, B, A);
	net_run(net, net->now + 500);
	cr_expect(points_to(net, A, B, B));
	cr_expect(points_to(net, B, A, A));
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 1);
	cr_expect_eq(count_sent(net, from, B, NHRP_RESOLUTION_REQUEST), 1);
	net_free(net);
}

static bool lose_resolution_twice(struct net *net, int from, int to, const struct nhrp_packet *p)
{
	(void)from, (void)to;
	return p->type <= NHRP_RESOLUTION_REPLY && net->lost < 2;
}

Test(nhrp_net, lost_requests_and_replies_are_repeated)
{
	struct net *net = net_up(2);
	size_t from = net->n_records;
	msec start = net->now;

	net->lose = lose_resolution_twice;
	net_upcall(net, A, B);
	net_run(net, start + SECONDS(15));
	cr_expect(points_to(net, A, B, B));
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 3);
	cr_expect_eq(find_event(net, from, A, NHRP_EV_DIRECT)->at,
		     start + SECONDS(3) + 3 * LATENCY + SA_TIME);
	net_free(net);
}

static bool lose_replies(struct net *net, int from, int to, const struct nhrp_packet *p)
{
	(void)net, (void)from, (void)to;
	return p->type == NHRP_RESOLUTION_REPLY;
}

Test(nhrp_net, no_answer_keeps_the_path_through_the_hub)
{
	struct net *net = net_up(2);
	size_t from = net->n_records;
	msec start = net->now;
	const struct record *r;
	struct nhrp_entry e;

	net->lose = lose_replies;
	net_upcall(net, A, B);
	net_run(net, start + SECONDS(20));
	cr_expect(points_to(net, A, B, HUB));
	cr_assert(entry_of(net, A, B, &e));
	cr_expect_eq(e.type, NHRP_ENTRY_NEGATIVE);
	r = find_event(net, from, A, NHRP_EV_RESOLUTION_TIMEOUT);
	cr_assert(r);
	cr_expect_eq(r->at, start + SECONDS(15));
	cr_expect_eq(r->event.reason, NHRP_WHY_UNANSWERED);
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 4);

	/* The kernel may ask as often as it likes: no storm, the same path. */
	for (int k = 0; k < 100; k++)
		net_upcall(net, A, B);
	net_run(net, start + SECONDS(74));
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 4);
	cr_expect(points_to(net, A, B, HUB));
	/* Then the neighbour goes; the kernel's next question starts anew, and now it works. */
	net_run(net, start + SECONDS(76));
	cr_expect(addr_is_none(neighbour(net, A, B)));
	net->lose = NULL;
	resolve_a_to_b(net);
	cr_expect(points_to(net, A, B, B));
	net_free(net);
}

Test(nhrp_net, unknown_address_is_negative)
{
	struct net *net = net_up(1);
	size_t from = net->n_records;
	const struct record *r;
	msec start;

	net_run(net, SECONDS(30)); /* the registration is no longer fresh */
	start = net->now;
	net_upcall(net, A, C);
	net_run(net, start + SECONDS(50));
	cr_expect(points_to(net, A, C, HUB));
	r = find_event(net, from, A, NHRP_EV_RESOLUTION_NEGATIVE);
	cr_assert(r);
	cr_expect_eq(r->event.code, NHRP_CODE_NO_BINDING);
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 1);
	/* A server that knows less than it should may have started anew: registered, once. */
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1);
	net_run(net, start + SECONDS(61));
	cr_expect(addr_is_none(neighbour(net, A, C)));
	cr_expect_eq(counters_of(net, HUB).refusals_sent[NHRP_CODE_NO_BINDING], 1);
	cr_expect_eq(counters_of(net, A).refusals_received[NHRP_CODE_NO_BINDING], 1);
	net_free(net);
}

Test(nhrp_net, hub_without_memory_is_told_at_once)
{
	struct net *net = net_up(2);

	/* A tunnel without IPsec: nothing says that the hub has started anew. */
	net_run(net, SECONDS(60));
	net_kill(net, HUB);
	net->unprotected = true;
	net_start(net, HUB);
	net_upcall(net, A, B);
	net_run(net, net->now + 200);
	cr_expect_eq(counters_of(net, HUB).refusals_sent[NHRP_CODE_PROHIBITED], 1);
	cr_expect(points_to(net, HUB, A, A), "registered again");
	net_free(net);
}

Test(nhrp_net, egress_that_cannot_connect_answers_through_the_hub)
{
	struct net *net = net_up(2);
	size_t from = net->n_records;
	msec start = net->now;
	const struct record *r;

	net->blocked[B][A] = true; /* only A can reach B */
	net_upcall(net, A, B);
	net_run(net, start + SECONDS(12));
	cr_expect(points_to(net, A, B, B));
	r = find_event(net, from, A, NHRP_EV_RESOLUTION_ANSWERED);
	cr_assert(r);
	cr_expect_eq(node_of(&r->event.nbma), B);
	cr_expect_eq(node_of(&r->event.other_nbma), HUB);
	cr_expect_eq(counters_of(net, HUB).forwarded[NHRP_RESOLUTION_REPLY], 1);
	cr_expect_eq(counters_of(net, B).held_expired, 1);
	cr_expect_geq(count_from(net, from, A, NHRP_CONNECT), 1);
	net_free(net);
}

Test(nhrp_net, nobody_can_connect)
{
	struct net *net = net_up(2);
	size_t from = net->n_records;
	const struct record *r;

	net->blocked[B][A] = net->blocked[A][B] = true;
	net_upcall(net, A, B);
	net_run(net, net->now + SECONDS(40));
	cr_expect(points_to(net, A, B, HUB));
	r = find_event(net, from, A, NHRP_EV_RESOLUTION_TIMEOUT);
	cr_assert(r);
	cr_expect_eq(r->event.reason, NHRP_WHY_NO_SA);
	/* Both let go of the pair that did not come. */
	for (int k = A; k <= B; k++) {
		r = find_effect(net, from, k, NHRP_RELEASE);
		cr_assert(r);
		cr_expect_eq(node_of(&r->nbma), k == A ? B : A);
	}
	from = net->n_records;
	net_run(net, net->now + SECONDS(300));
	cr_expect_eq(count_from(net, from, A, NHRP_CONNECT), 0);
	cr_expect_eq(count_from(net, from, B, NHRP_CONNECT), 0);
	net_free(net);
}

static struct net *with_answering_hub(void)
{
	struct net *net = net_new();
	struct nhrp_config cfg = config_of(HUB);

	cfg.answer = NHRP_ANSWER;
	net_start_with(net, HUB, cfg);
	net_start(net, A);
	net_start(net, B);
	net_run(net, 1000);
	return net;
}

Test(nhrp_net, hub_answers_from_its_cache_and_the_path_is_confirmed)
{
	struct net *net = with_answering_hub();
	size_t from = net->n_records;
	msec start = net->now;
	struct nhrp_entry e;

	net_upcall(net, A, B);
	net_run(net, start + 500);
	cr_expect(points_to(net, A, B, B));
	cr_expect_eq(counters_of(net, HUB).forwarded[NHRP_RESOLUTION_REQUEST], 0);
	/* Answer, A's pair, A's question over it, B's answer. */
	cr_expect_eq(find_event(net, from, A, NHRP_EV_DIRECT)->at,
		     start + 2 * LATENCY + SA_TIME + 2 * LATENCY);
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 2);
	cr_assert(entry_of(net, A, B, &e));
	cr_expect_eq(e.type, NHRP_ENTRY_DYNAMIC);
	net_free(net);
}

static bool lose_direct(struct net *net, int from, int to, const struct nhrp_packet *p)
{
	(void)net, (void)p;
	return from != HUB && to != HUB;
}

Test(nhrp_net, path_that_cannot_be_confirmed_is_not_taken)
{
	struct net *net = with_answering_hub();
	size_t from = net->n_records;
	msec start = net->now;
	const struct record *r;

	net->lose = lose_direct;
	net_upcall(net, A, B);
	net_run(net, start + SECONDS(20));
	cr_expect(points_to(net, A, B, HUB));
	cr_expect_null(find_event(net, from, A, NHRP_EV_DIRECT));
	r = find_event(net, from, A, NHRP_EV_RESOLUTION_TIMEOUT);
	cr_assert(r);
	cr_expect_eq(r->at, start + 2 * LATENCY + SA_TIME + SECONDS(7));
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 1 + 3);
	r = find_effect(net, from, A, NHRP_RELEASE);
	cr_assert(r);
	cr_expect_eq(node_of(&r->nbma), B);
	net_free(net);
}

Test(nhrp_net, many_spokes_resolve_each_other)
{
	struct net *net = net_up(3);

	for (int k = A; k <= C; k++)
		for (int j = A; j <= C; j++)
			if (j != k)
				net_upcall(net, k, j);
	net_run(net, net->now + 500);
	for (int k = A; k <= C; k++)
		for (int j = A; j <= C; j++)
			cr_expect(j == k || points_to(net, k, j, j), "%d to %d", k, j);
	net_free(net);
}

/* ---- and back ---- */

Test(nhrp_net, pair_goes_and_the_path_is_back_at_the_hub_at_once)
{
	struct net *net = net_up(2);
	size_t from;
	struct nhrp_entry e;

	resolve_a_to_b(net);
	from = net->n_records;
	nhrp_peer_down(net->node[A].core, net->now, TUNNEL, nbma_of(B));
	net_drain(net, A);
	cr_expect(points_to(net, A, B, HUB));
	cr_assert(find_event(net, from, A, NHRP_EV_PROVISIONAL));
	cr_expect_eq(reason_of(net, from, A, NHRP_EV_PROVISIONAL), NHRP_WHY_PEER_DOWN);
	/* It did not last long: no flapping. */
	cr_assert(entry_of(net, A, B, &e));
	cr_expect_eq(e.type, NHRP_ENTRY_NEGATIVE);
	cr_expect_eq(count_from(net, from, A, NHRP_SEND), 0);
	net_free(net);
}

Test(nhrp_net, pair_that_lasted_is_built_anew)
{
	struct net *net = net_up(2);

	resolve_a_to_b(net);
	net_run(net, net->now + SECONDS(100));
	net_pair_down(net, A, B);
	cr_expect(points_to(net, A, B, HUB));
	net_run(net, net->now + 500);
	cr_expect(points_to(net, A, B, B));
	net_free(net);
}

Test(nhrp_net, idle_path_ends_neighbour_first)
{
	struct net *net = net_up(2);
	size_t from = resolve_a_to_b(net);
	msec direct = find_event(net, from, A, NHRP_EV_DIRECT)->at;
	const struct record *unbind, *release;

	net->node[A].traffic[B] += 1000; /* a ping at the beginning, then nothing */
	net_run(net, direct + SECONDS(7200) - 1);
	cr_expect(points_to(net, A, B, B));
	cr_expect_eq(count_from(net, from, A, NHRP_QUERY_USE), 2);
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 1);
	net_run(net, direct + SECONDS(7200) + 100);
	cr_expect(addr_is_none(neighbour(net, A, B)));
	unbind = find_effect(net, from, A, NHRP_UNBIND);
	release = find_effect(net, from, A, NHRP_RELEASE);
	cr_assert(unbind && release);
	cr_expect_lt(unbind, release);
	cr_expect_eq(node_of(&release->nbma), B);
	cr_expect_eq(reason_of(net, from, A, NHRP_EV_BINDING_GONE), NHRP_WHY_IDLE);
	/* A let go first; nobody has a pair or a use for one now. */
	cr_expect_not(net->pair[A][B]);
	cr_expect_not(nhrp_knows_nbma(net->node[A].core, TUNNEL, nbma_of(B)));
	cr_expect_not(nhrp_knows_nbma(net->node[B].core, TUNNEL, nbma_of(A)));
	net_free(net);
}

Test(nhrp_net, path_in_use_is_refreshed)
{
	struct net *net = net_up(2);
	size_t from = resolve_a_to_b(net);

	for (int k = 1; k <= 48 * 6; k++) {
		net->node[A].traffic[B] += 100;
		net->node[B].traffic[A] += 100;
		net_run(net, SECONDS(600) * (msec)k);
		cr_assert(points_to(net, A, B, B), "%d0 minutes", k);
	}
	cr_expect_eq(count_from(net, from, A, NHRP_UNBIND), 0);
	cr_expect_eq(count_from(net, from, B, NHRP_RELEASE), 0);
	/* Every 80 minutes. */
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 48 * 60 / 80);
	net_free(net);
}

Test(nhrp_net, two_idle_sides_do_not_keep_each_other_up)
{
	struct net *net = net_up(2);

	net_upcall(net, A, B);
	net_upcall(net, B, A);
	net_run(net, net->now + 500);
	cr_assert(net->pair[A][B]);
	net_run(net, SECONDS(3 * 7200));
	cr_expect_not(net->pair[A][B]);
	cr_expect(addr_is_none(neighbour(net, A, B)));
	cr_expect(addr_is_none(neighbour(net, B, A)));
	net_free(net);
}

Test(nhrp_net, refresh_survives_a_dead_hub)
{
	struct net *net = net_up(2);

	resolve_a_to_b(net);
	net_kill(net, HUB);
	for (int k = A; k <= B; k++) {
		nhrp_peer_down(net->node[k].core, net->now, TUNNEL, nbma_of(HUB));
		net_drain(net, k);
	}
	for (int k = 1; k <= 6 * 6; k++) {
		net->node[A].traffic[B] += 100;
		net_run(net, SECONDS(600) * (msec)k);
		cr_assert(points_to(net, A, B, B), "%d0 minutes", k);
	}
	net_free(net);
}
