/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversations between a hub and spokes: registering, what happens when packets, SA pairs or nodes
 * are lost, what the operator does, and all of it at random.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include "tests/unit/nhrp_net.h"

/* ---- registering ---- */

Test(nhrp_net, spokes_register)
{
	struct net *net = net_up(2);
	struct nhrp_entry e;
	struct nhrp_nhs s;
	const struct record *r;

	for (int k = A; k <= B; k++) {
		cr_assert(entry_of(net, HUB, k, &e));
		cr_expect_eq(e.type, NHRP_ENTRY_DYNAMIC);
		cr_expect_eq(e.flags, NHRP_FLAG_REGISTERED | NHRP_FLAG_UNIQUE);
		cr_expect_eq(node_of(&e.nbma), k);
		cr_expect(e.peer_up);
		cr_expect_eq(e.holding_time, 7200);
		cr_expect(points_to(net, HUB, k, k));
		cr_expect(points_to(net, k, HUB, HUB));
		s = nhs_of(net, k);
		cr_expect_eq(s.state, NHRP_NHS_UP);
		cr_expect_eq(s.requests_sent, 1);
		r = find_event(net, 0, k, NHRP_EV_NHS_UP);
		cr_assert(r);
		cr_expect_eq(r->event.seconds, 7200);
		cr_expect_eq(r->at, SA_TIME + 2 * LATENCY);
		/* Nothing was sent before the pair was there. */
		cr_expect_eq(find_effect(net, 0, k, NHRP_SEND)->at, SA_TIME);
	}
	/* The neighbour first, then the answer. */
	cr_expect_lt(find_effect(net, 0, HUB, NHRP_BIND), find_effect(net, 0, HUB, NHRP_SEND));
	cr_expect_eq(count_from(net, 0, HUB, NHRP_CONNECT), 0);
	net_free(net);
}

Test(nhrp_net, renewal_at_a_third_without_a_new_bind)
{
	struct net *net = net_up(1);
	size_t from = net->n_records;
	uint32_t id = find_effect(net, 0, A, NHRP_SEND)->request_id;
	msec registered = nhs_of(net, A).registered;

	net_run(net, registered + SECONDS(2400) - 1);
	cr_expect_eq(count_from(net, from, A, NHRP_SEND), 0);
	net_run(net, registered + SECONDS(2400) + 1000);
	cr_assert_eq(count_from(net, from, A, NHRP_SEND), 1);
	cr_expect_eq(find_effect(net, from, A, NHRP_SEND)->at, registered + SECONDS(2400));
	cr_expect_neq(find_effect(net, from, A, NHRP_SEND)->request_id, id);
	cr_expect_eq(count_from(net, from, HUB, NHRP_BIND), 0);
	cr_assert(find_event(net, from, HUB, NHRP_EV_CLIENT_REFRESHED));
	cr_assert(find_event(net, from, A, NHRP_EV_NHS_REFRESHED));

	/* A week of it: one every 40 minutes, nothing else. */
	from = net->n_records;
	net_run(net, SECONDS(7 * 86400));
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 250);
	cr_expect_eq(count_from(net, from, HUB, NHRP_UNBIND), 0);
	cr_expect_eq(count_from(net, from, HUB, NHRP_RELEASE), 0);
	net_free(net);
}

static bool lose_to_hub(struct net *net, int from, int to, const struct nhrp_packet *p)
{
	(void)net, (void)from, (void)p;
	return to == HUB;
}

Test(nhrp_net, unanswered_registrations_1_2_4_to_64_seconds)
{
	static const unsigned int gap[] = { 1, 2, 4, 8, 16, 32, 64, 64, 64 };
	struct net *net = net_new();
	msec at = SA_TIME;
	size_t k = 0;
	uint32_t id = 0;

	net->lose = lose_to_hub;
	net_start(net, HUB);
	net_start(net, A);
	net_run(net, SA_TIME + SECONDS(254));
	for (size_t i = 0; i < net->n_records; i++) {
		const struct record *r = &net->record[i];

		if (r->node != A || r->kind != NHRP_SEND)
			continue;
		cr_assert_lt(k, ARRAY_SIZE(gap));
		cr_expect_eq(r->at, at, "request %zu at %llu", k, (unsigned long long)r->at);
		id = k ? id : r->request_id;
		cr_expect_eq(r->request_id, id, "a repetition keeps its id");
		at += SECONDS(gap[k++]);
	}
	cr_expect_eq(k, 9);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_REGISTERING);
	cr_expect_eq(count_events(net, 0, A, NHRP_EV_REGISTRATION_UNANSWERED), 8);
	/* It never answered: nobody's pair is rebuilt because of it. */
	cr_expect_eq(count_from(net, 0, A, NHRP_SUSPECT), 0);

	/* The hub hears again: the next repetition ends it. */
	net->lose = NULL;
	net_run(net, net->now + SECONDS(65));
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	net_free(net);
}

/* A server is called more often than others: it is found when it returns. */
Test(nhrp_net, connect_to_a_server_is_repeated_1_2_4_8_8_seconds)
{
	static const unsigned int gap[] = { 1, 2, 4, 8, 8, 8, 8, 8 };
	struct net *net = net_new();
	msec at = 0;
	size_t k = 0;

	net_start(net, A); /* there is no hub */
	net_run(net, SECONDS(40));
	for (size_t i = 0; i < net->n_records; i++) {
		if (net->record[i].kind != NHRP_CONNECT)
			continue;
		cr_expect_eq(net->record[i].at, at);
		at += SECONDS(gap[k++]);
	}
	cr_expect_eq(k, 8);
	cr_expect_eq(count_from(net, 0, A, NHRP_SEND), 0);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_CONNECTING);
	net_free(net);
}

Test(nhrp_net, hub_that_goes_silent_is_suspected_once)
{
	struct net *net = net_up(1);
	size_t from = net->n_records;

	net->lose = lose_to_hub;
	net_run(net, SECONDS(2400) + SECONDS(6));
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP, "two lost requests are no news");
	net_run(net, SECONDS(2400) + SECONDS(10));
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_REGISTERING);
	cr_expect_eq(reason_of(net, from, A, NHRP_EV_NHS_DOWN), NHRP_WHY_UNANSWERED);
	net_run(net, SECONDS(4000));
	cr_expect_eq(count_from(net, from, A, NHRP_SUSPECT), 1);
	cr_expect_eq(count_events(net, from, A, NHRP_EV_NHS_DOWN), 1);
	net_free(net);
}

Test(nhrp_net, pair_with_the_hub_goes_and_comes)
{
	struct net *net = net_up(1);
	size_t from = net->n_records;

	net_pair_down(net, A, HUB);
	cr_expect_eq(find_effect(net, from, A, NHRP_CONNECT)->at, net->now, "at once");
	cr_expect_eq(reason_of(net, from, A, NHRP_EV_NHS_DOWN), NHRP_WHY_PEER_DOWN);
	net_run(net, net->now + 200);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1);
	/* The hub never lost the binding, nor its neighbour. */
	cr_expect_eq(count_from(net, from, HUB, NHRP_UNBIND), 0);
	cr_expect_eq(count_from(net, from, HUB, NHRP_BIND), 0);
	net_free(net);
}

Test(nhrp_net, hub_restarts)
{
	struct net *net = net_up(2);
	size_t from;

	net_kill(net, HUB);
	net_start(net, HUB);
	from = net->n_records;
	/* Its INITIAL-CONTACT takes the spokes' old pairs away. */
	for (int k = A; k <= B; k++)
		nhrp_peer_down(net->node[k].core, net->now, TUNNEL, nbma_of(HUB));
	net_run(net, net->now + 200);
	for (int k = A; k <= B; k++) {
		struct nhrp_entry e;

		cr_expect_eq(nhs_of(net, k).state, NHRP_NHS_UP);
		cr_expect_eq(count_sent(net, from, k, NHRP_REGISTRATION_REQUEST), 1);
		cr_expect(entry_of(net, HUB, k, &e));
	}
	net_free(net);
}

Test(nhrp_net, pair_that_is_said_up_again_means_a_new_hub)
{
	struct net *net = net_up(1);
	size_t from = net->n_records;

	nhrp_peer_up(net->node[A].core, net->now, TUNNEL, nbma_of(HUB));
	net_run(net, net->now + 100);
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1);
	net_free(net);
}

/* ---- the operator ---- */

Test(nhrp_net, clear_on_a_spoke)
{
	struct net *net = net_up(2);
	size_t from;

	resolve_a_to_b(net);
	from = net->n_records;
	nhrp_clear(net->node[A].core, net->now, NHRP_ALL, (struct addr){ 0 });
	net_drain(net, A);
	cr_expect(addr_is_none(neighbour(net, A, B)));
	cr_expect(points_to(net, A, HUB, HUB), "the map stays");
	cr_expect_gt(find_effect(net, from, A, NHRP_RELEASE),
		     find_effect(net, from, A, NHRP_UNBIND));
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1);
	net_run(net, net->now + 100);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	resolve_a_to_b(net);
	cr_expect(points_to(net, A, B, B));
	net_free(net);
}

Test(nhrp_net, clear_one_address)
{
	struct net *net = net_up(3);
	size_t from;

	net_upcall(net, A, B);
	net_upcall(net, A, C);
	net_run(net, net->now + 500);
	from = net->n_records;
	nhrp_clear(net->node[A].core, net->now, TUNNEL, protocol_of(B));
	net_drain(net, A);
	cr_expect(addr_is_none(neighbour(net, A, B)));
	cr_expect(points_to(net, A, C, C));
	cr_expect_eq(count_from(net, from, A, NHRP_SEND), 0);
	net_free(net);
}

Test(nhrp_net, clear_on_the_hub_makes_spokes_register_at_once)
{
	struct net *net = net_up(2);
	size_t from = net->n_records;

	nhrp_clear(net->node[HUB].core, net->now, TUNNEL, (struct addr){ 0 });
	net_drain(net, HUB);
	cr_expect(addr_is_none(neighbour(net, HUB, A)));
	cr_expect_eq(count_from(net, from, HUB, NHRP_RELEASE), 0);
	net_run(net, net->now + 100);
	cr_expect(points_to(net, HUB, A, A));
	cr_expect(points_to(net, HUB, B, B));
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1);
	net_free(net);
}

Test(nhrp_net, spoke_that_stops_withdraws)
{
	struct net *net = net_up(2);
	size_t from;
	const struct record *r;

	resolve_a_to_b(net);
	from = net->n_records;
	nhrp_interface_remove(net->node[A].core, net->now, TUNNEL);
	net_drain(net, A);
	cr_expect_eq(count_sent(net, from, A, NHRP_PURGE_REQUEST), 1);
	cr_expect_eq(count_from(net, from, A, NHRP_UNBIND), 2);
	cr_expect_eq(count_from(net, from, A, NHRP_RELEASE), 2);
	r = find_effect(net, from, A, NHRP_RELEASE);
	cr_expect_gt(r, find_effect(net, from, A, NHRP_UNBIND));
	cr_expect_gt(find_effect(net, from, A, NHRP_UNBIND), find_effect(net, from, A, NHRP_SEND));
	cr_expect_eq(nhrp_deadline(net->node[A].core), MSEC_NEVER);
	net_free(net);
}

Test(nhrp_net, hub_forgets_who_withdrew)
{
	struct net *net = net_up(1);
	size_t from = net->n_records;

	net->unprotected = true; /* so that the purge is not lost with the pair that is released */
	nhrp_interface_remove(net->node[A].core, net->now, TUNNEL);
	net_run(net, net->now + 100);
	cr_expect(addr_is_none(neighbour(net, HUB, A)));
	cr_expect_eq(reason_of(net, from, HUB, NHRP_EV_BINDING_GONE), NHRP_WHY_PURGED);
	cr_expect_eq(count_sent(net, from, HUB, NHRP_PURGE_REPLY), 0);
	net_free(net);
}

Test(nhrp_net, new_address_is_registered_at_once)
{
	struct net *net = net_up(1);
	size_t from = net->n_records;

	nhrp_interface_readdress(net->node[A].core, net->now, TUNNEL, ip("10.0.0.99"));
	net_drain(net, A);
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 1);
	/* No address: nothing to say, until there is one again. */
	nhrp_interface_readdress(net->node[A].core, net->now, TUNNEL, (struct addr){ 0 });
	from = net->n_records;
	net_run(net, net->now + SECONDS(10000));
	cr_expect_eq(count_sent(net, from, A, NHRP_REGISTRATION_REQUEST), 0);
	nhrp_interface_readdress(net->node[A].core, net->now, TUNNEL, nbma_of(A));
	net_run(net, net->now + 100);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	net_free(net);
}

Test(nhrp_net, unprotected_tunnel)
{
	struct net *net = net_new();

	net->unprotected = true;
	for (int k = HUB; k <= B; k++)
		net_start(net, k);
	net_run(net, 1000);
	cr_expect_eq(nhs_of(net, A).state, NHRP_NHS_UP);
	net_upcall(net, A, B);
	net_upcall(net, B, A);
	net_run(net, 2000);
	cr_expect(points_to(net, A, B, B));
	cr_expect(points_to(net, B, A, A));
	net_free(net);
}

Test(nhrp_net, kernel_that_lost_a_neighbour_gets_it_again)
{
	struct net *net = net_up(2);
	size_t from;

	resolve_a_to_b(net);
	from = net->n_records;
	net_upcall(net, A, B);
	net_upcall(net, A, HUB);
	net_upcall(net, HUB, B);
	cr_expect_eq(count_from(net, from, A, NHRP_BIND), 2);
	cr_expect_eq(count_from(net, from, HUB, NHRP_BIND), 1);
	cr_expect(points_to(net, A, B, B));

	from = net->n_records;
	memset(net->node[A].neighbour, 0, sizeof(net->node[A].neighbour));
	nhrp_interface_rebind(net->node[A].core, net->now, TUNNEL);
	net_drain(net, A);
	cr_expect_eq(count_from(net, from, A, NHRP_BIND), 2);
	cr_expect(points_to(net, A, B, B));
	cr_expect(points_to(net, A, HUB, HUB));
	net_free(net);
}

Test(nhrp_net, same_seed_same_conversation)
{
	struct net *one = net_up(2), *two = net_up(2);

	resolve_a_to_b(one);
	resolve_a_to_b(two);
	cr_assert_eq(one->n_records, two->n_records);
	for (size_t i = 0; i < one->n_records; i++)
		cr_expect_eq(one->record[i].request_id, two->record[i].request_id);
	net_free(one);
	net_free(two);
}

/* ---- chaos ---- */

static uint32_t dice;

static uint32_t roll(uint32_t below)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 8) % below;
}

static bool lose_a_third(struct net *net, int from, int to, const struct nhrp_packet *p)
{
	(void)net, (void)from, (void)to, (void)p;
	return roll(3) == 0;
}

static void misfortune(struct net *net)
{
	int k = (int)roll(NODES), j = (int)roll(NODES);

	switch (roll(8)) {
	case 0:
		if (k != j)
			net_pair_down(net, k, j);
		break;
	case 1:
		nhrp_clear(net->node[k].core, net->now, NHRP_ALL, (struct addr){ 0 });
		break;
	case 2: /* stopped in order, started again */
		nhrp_interface_remove(net->node[k].core, net->now, TUNNEL);
		net_drain(net, k);
		nhrp_interface_add(net->node[k].core, net->now, TUNNEL, &net->node[k].cfg);
		break;
	case 3: /* the others notice, by INITIAL-CONTACT or DPD */
		net_kill(net, k);
		for (j = 0; j < NODES; j++)
			if (j != k)
				nhrp_peer_down(net->node[j].core, net->now, TUNNEL, nbma_of(k));
		net_start(net, k);
		break;
	default:
		if (k != HUB && j != HUB && k != j)
			net_upcall(net, k, j);
		break;
	}
	for (j = 0; j < NODES; j++)
		net_drain(net, j);
}

/* What a kernel does that has something to send and no neighbour. */
static void traffic(struct net *net)
{
	for (int k = A; k <= C; k++)
		for (int j = A; j <= C; j++) {
			if (j != k && addr_is_none(neighbour(net, k, j)))
				net_upcall(net, k, j);
			net->node[k].traffic[j] += 10;
		}
}

Test(nhrp_net, after_any_misfortune_all_agree_again)
{
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct net *net = net_up(3);

		dice = seed;
		net->lose = lose_a_third;
		for (int k = 0; k < 200; k++) {
			misfortune(net);
			net_run(net, net->now + roll(4000));
			net->n_records = 0;
		}
		net->lose = NULL;
		for (int k = 0; k < 30; k++) {
			traffic(net);
			net_run(net, net->now + SECONDS(10));
			net->n_records = 0;
		}
		for (int k = A; k <= C; k++) {
			cr_assert_eq(nhs_of(net, k).state, NHRP_NHS_UP, "seed %u", seed);
			cr_assert(points_to(net, HUB, k, k), "seed %u", seed);
			for (int j = A; j <= C; j++) {
				cr_assert(j == k || points_to(net, k, j, j), "seed %u", seed);
				cr_assert(j == k || net->pair[k][j], "seed %u", seed);
			}
		}
		/* And at rest nothing is left of it but the registrations. */
		net_run(net, net->now + SECONDS(4 * 7200));
		for (int k = A; k <= C; k++)
			for (int j = A; j <= C; j++)
				cr_assert(j == k || !net->pair[k][j], "seed %u", seed);
		net_free(net);
	}
}
