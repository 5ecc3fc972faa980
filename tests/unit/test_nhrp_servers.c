/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several next hop servers: priority, clusters, failure, fallback, names; and who gets multicast.
 * HUB and C are the servers, A and B spokes of both.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include "tests/unit/nhrp_hub.h"

struct setup {
	struct nhrp_nhs_config nhs[2];
	struct nhrp_cluster cluster; /* and cluster 7, likewise */
	uint16_t fallback;
	bool maps; /* their NBMA addresses come from maps, not from the servers' own lines */
};

static struct setup two_servers(void)
{
	return (struct setup){ .nhs = { { .protocol = protocol_of(HUB), .nbma = nbma_of(HUB) },
					{ .protocol = protocol_of(C),
					  .nbma = nbma_of(C),
					  .priority = 1 } } };
}

static struct setup one_of_two(void)
{
	struct setup s = two_servers();

	s.cluster.max = 1;
	return s;
}

static struct nhrp_config spoke_config(int k, const struct setup *s)
{
	static struct nhrp_map maps[2];
	static struct nhrp_cluster clusters[2];
	struct nhrp_config cfg = config_of(k);

	maps[0] = (struct nhrp_map){ protocol_of(HUB), nbma_of(HUB) };
	maps[1] = (struct nhrp_map){ protocol_of(C), nbma_of(C) };
	cfg.maps = s->maps ? maps : NULL;
	cfg.n_maps = s->maps ? 2 : 0;
	cfg.nhs = s->nhs;
	cfg.n_nhs = 2;
	clusters[0] = s->cluster;
	clusters[1] = (struct nhrp_cluster){ 7, s->cluster.max };
	cfg.clusters = s->cluster.max ? clusters : NULL;
	cfg.n_clusters = s->cluster.max ? 2 : 0;
	cfg.fallback = s->fallback;
	return cfg;
}

static struct net *spokes_of_two(const struct setup *s)
{
	struct net *net = net_new();
	struct nhrp_config hub = config_of(HUB);

	net_start(net, HUB);
	hub.address.addr = protocol_of(C);
	hub.nbma = nbma_of(C);
	net_start_with(net, C, hub);
	net_start_with(net, A, spoke_config(A, s));
	net_start_with(net, B, spoke_config(B, s));
	net_run(net, 1000);
	return net;
}

static struct nhrp_nhs server_of(const struct net *net, int node, int server)
{
	struct addr protocol = protocol_of(server);
	const void *cursor = NULL;
	struct nhrp_nhs s;

	while (nhrp_nhs_next(net->node[node].core, &cursor, &s))
		if (addr_equal(&s.protocol, &protocol))
			return s;
	cr_assert(false, "no such server");
	return s;
}

/* The state of both, and which one is in use. */
static void expect(const struct net *net, enum nhrp_nhs_state hub, enum nhrp_nhs_state c,
		   int in_use)
{
	cr_expect_eq(server_of(net, A, HUB).state, hub);
	cr_expect_eq(server_of(net, A, C).state, c);
	cr_expect_eq(server_of(net, A, HUB).in_use, in_use == HUB);
	cr_expect_eq(server_of(net, A, C).in_use, in_use == C);
}

static void hub_dies(struct net *net)
{
	for (int k = A; k <= C; k++)
		net->blocked[k][HUB] = net->blocked[HUB][k] = true;
	for (int k = A; k <= C; k++)
		net_pair_down(net, k, HUB);
}

static void hub_returns(struct net *net)
{
	for (int k = A; k <= C; k++)
		net->blocked[k][HUB] = net->blocked[HUB][k] = false;
}

/* ---- which ones are needed ---- */

Test(nhrp_servers, all_are_up_and_the_first_is_used)
{
	for (int maps = 0; maps < 2; maps++) {
		struct setup s = two_servers();
		struct net *net;

		s.maps = maps;
		if (maps)
			s.nhs[0].nbma = s.nhs[1].nbma = (struct addr){ 0 };
		net = spokes_of_two(&s);
		expect(net, NHRP_NHS_UP, NHRP_NHS_UP, HUB);
		cr_expect(points_to(net, A, HUB, HUB));
		cr_expect(points_to(net, A, C, C));
		net_free(net);
	}
}

Test(nhrp_servers, priority_decides)
{
	struct setup s = two_servers();
	struct net *net;

	s.nhs[0].priority = 2;
	net = spokes_of_two(&s);
	expect(net, NHRP_NHS_UP, NHRP_NHS_UP, C);
	net_upcall(net, A, B);
	cr_expect(points_to(net, A, B, C));
	net_run(net, 2000);
	cr_expect(points_to(net, A, B, B));
	net_free(net);
}

Test(nhrp_servers, a_cluster_has_one_on_standby)
{
	struct setup s = one_of_two();
	struct net *net = spokes_of_two(&s);
	struct addr c = nbma_of(C);

	expect(net, NHRP_NHS_UP, NHRP_NHS_STANDBY, HUB);
	for (size_t i = 0; i < net->n_records; i++)
		cr_expect_not(net->record[i].node == A && net->record[i].kind == NHRP_CONNECT &&
			      addr_equal(&net->record[i].nbma, &c));
	net_free(net);
}

Test(nhrp_servers, another_cluster_is_another_count)
{
	struct setup s = one_of_two();
	struct net *net;

	s.nhs[1].cluster = 7;
	net = spokes_of_two(&s);
	expect(net, NHRP_NHS_UP, NHRP_NHS_UP, HUB);
	net_free(net);
}

/* ---- failure ---- */

Test(nhrp_servers, the_next_takes_over_at_once)
{
	for (int standby = 0; standby < 2; standby++) {
		struct setup s = standby ? one_of_two() : two_servers();
		struct net *net = spokes_of_two(&s);
		msec then;
		size_t from;

		/* One path is provisional, because B does not answer. */
		net->blocked[A][B] = net->blocked[B][A] = true;
		net_upcall(net, A, B);
		net_run(net, 1500);
		cr_assert(points_to(net, A, B, HUB));
		then = net->now;
		from = net->n_records;
		hub_dies(net);
		if (!standby) /* without a moment's delay */
			cr_expect(points_to(net, A, B, C));
		net_run(net, then + 200);
		expect(net, NHRP_NHS_CONNECTING, NHRP_NHS_UP, C);
		cr_expect(points_to(net, A, B, C));
		cr_expect(find_event(net, from, A, NHRP_EV_NHS_IN_USE));
		/* And the new one is asked, what the old one cannot answer any more. */
		net->blocked[A][B] = net->blocked[B][A] = false;
		net_run(net, then + SECONDS(70));
		net_upcall(net, A, B);
		net_run(net, net->now + 500);
		cr_expect(points_to(net, A, B, B));
		net_free(net);
	}
}

static bool hub_does_not_hear(struct net *net, int from, int to, const struct nhrp_packet *p)
{
	(void)net;
	(void)from;
	return to == HUB && p->type == NHRP_RESOLUTION_REQUEST;
}

Test(nhrp_servers, a_question_is_asked_again_elsewhere)
{
	struct setup s = two_servers();
	struct net *net = spokes_of_two(&s);
	msec then;

	net->lose = hub_does_not_hear;
	net_run(net, SECONDS(10));
	net_upcall(net, A, B);
	net_run(net, SECONDS(13) + 500); /* asked at 10, 11, 13; the next would be at 17 */
	then = net->now;
	hub_dies(net);
	net_run(net, then + 200);
	cr_expect(points_to(net, A, B, B));
	net_free(net);
}

Test(nhrp_servers, a_direct_path_does_not_need_a_server)
{
	struct setup s = one_of_two();
	struct net *net = spokes_of_two(&s);
	size_t from;

	net_upcall(net, A, B);
	net_run(net, 2000);
	cr_assert(points_to(net, A, B, B));
	from = net->n_records;
	hub_dies(net);
	net->blocked[A][C] = net->blocked[B][C] = true;
	for (int k = 1; k <= 8; k++) { /* it carries traffic, and is refreshed without any server */
		net->node[A].traffic[B] += 100;
		net_run(net, SECONDS(900) * (msec)k);
	}
	net_run(net, SECONDS(7200) + SECONDS(100));
	cr_expect(points_to(net, A, B, B));
	for (size_t k = from; k < net->n_records; k++)
		cr_expect_not(net->record[k].node == A &&
			      (net->record[k].kind == NHRP_BIND ||
			       net->record[k].kind == NHRP_UNBIND));
	net_free(net);
}

Test(nhrp_servers, one_that_never_was_there)
{
	struct setup s = one_of_two();
	struct net *net = net_new();
	struct nhrp_config hub = config_of(HUB);

	hub.address.addr = protocol_of(C);
	hub.nbma = nbma_of(C);
	net_start_with(net, C, hub);
	net_start_with(net, A, spoke_config(A, &s));
	net_run(net, SECONDS(7) - 1);
	expect(net, NHRP_NHS_CONNECTING, NHRP_NHS_STANDBY, -1);
	net_run(net, SECONDS(7) + 200);
	expect(net, NHRP_NHS_CONNECTING, NHRP_NHS_UP, C);
	net_free(net);
}

/* IKE says so before the schedule does. */
Test(nhrp_servers, a_pair_that_does_not_come_about)
{
	struct setup s = one_of_two();
	struct net *net = net_new();
	struct nhrp_config hub = config_of(HUB);

	hub.address.addr = protocol_of(C);
	hub.nbma = nbma_of(C);
	net_start_with(net, C, hub);
	net_start_with(net, A, spoke_config(A, &s));
	nhrp_peer_down(net->node[A].core, 100, TUNNEL, nbma_of(HUB));
	net_run(net, 300);
	expect(net, NHRP_NHS_CONNECTING, NHRP_NHS_UP, C);
	net_free(net);
}

Test(nhrp_servers, one_that_refuses)
{
	struct setup s = one_of_two();
	struct net *net = net_new();
	struct nhrp_config hub = config_of(HUB);
	struct nhrp_map other = { protocol_of(A), nbma_of(B) };

	hub.maps = &other; /* A's address is taken at the hub */
	hub.n_maps = 1;
	net_start_with(net, HUB, hub);
	hub = config_of(HUB);
	hub.address.addr = protocol_of(C);
	hub.nbma = nbma_of(C);
	net_start_with(net, C, hub);
	net_start_with(net, A, spoke_config(A, &s));
	net_run(net, 1000);
	expect(net, NHRP_NHS_REFUSED, NHRP_NHS_UP, C);
	net_free(net);
}

static bool hub_is_deaf(struct net *net, int from, int to, const struct nhrp_packet *p)
{
	(void)net;
	(void)from;
	return to == HUB && p->type == NHRP_REGISTRATION_REQUEST;
}

Test(nhrp_servers, one_that_does_not_answer)
{
	struct setup s = one_of_two();
	struct net *net = net_new();
	struct nhrp_config hub = config_of(HUB);

	net->lose = hub_is_deaf;
	net_start(net, HUB);
	hub.address.addr = protocol_of(C);
	hub.nbma = nbma_of(C);
	net_start_with(net, C, hub);
	net_start_with(net, A, spoke_config(A, &s));
	net_run(net, SECONDS(8));
	expect(net, NHRP_NHS_REGISTERING, NHRP_NHS_UP, C);
	net_free(net);
}

/* C is a spoke of the hub, and a server itself. */
Test(nhrp_servers, a_spoke_that_is_a_server)
{
	struct nhrp_map maps[] = { hub_map, { protocol_of(C), nbma_of(C) } };
	struct nhrp_nhs_config nhs[] = { hub_nhs, { .protocol = protocol_of(C) } };
	struct nhrp_config cfg = config_of(A);
	struct net *net = net_new();
	const void *cursor = NULL;
	struct nhrp_nhs s;
	int up = 0;

	cfg.maps = maps;
	cfg.nhs = nhs;
	cfg.n_maps = cfg.n_nhs = 2;
	net_start(net, HUB);
	net_start(net, C); /* a spoke of the hub, and a server itself */
	net_start(net, B);
	net_start_with(net, A, cfg);
	net_run(net, 1000);
	while (nhrp_nhs_next(net->node[A].core, &cursor, &s))
		up += s.state == NHRP_NHS_UP;
	cr_expect_eq(up, 2);
	net_upcall(net, A, B);
	cr_expect(points_to(net, A, B, HUB));
	net_run(net, 2000);
	cr_expect(points_to(net, A, B, B));
	/* The first is gone: the second is asked, and carries what it can. */
	net_pair_down(net, A, HUB);
	net->blocked[A][HUB] = true;
	nhrp_clear(net->node[A].core, net->now, TUNNEL, protocol_of(B));
	net_upcall(net, A, B);
	cr_expect(points_to(net, A, B, C));
	net_free(net);
}

/* ---- fallback ---- */

Test(nhrp_servers, fallback_at_once)
{
	struct setup s = one_of_two();
	struct net *net = spokes_of_two(&s);
	size_t from;

	net_run(net, SECONDS(10));
	hub_dies(net);
	net_run(net, SECONDS(60));
	expect(net, NHRP_NHS_CONNECTING, NHRP_NHS_UP, C);
	from = net->n_records;
	hub_returns(net);
	net_run(net, SECONDS(70));
	expect(net, NHRP_NHS_UP, NHRP_NHS_STANDBY, HUB);
	/* The other one is told that we are not there any more. */
	cr_expect_eq(count_sent(net, from, A, NHRP_PURGE_REQUEST), 1);
	cr_expect_eq(reason_of(net, from, A, NHRP_EV_NHS_DOWN), NHRP_WHY_STANDBY);
	cr_expect_eq(count_from(net, from, A, NHRP_RELEASE), 1);
	cr_expect_not(net->pair[A][C]);
	net_free(net);
}

Test(nhrp_servers, fallback_after_a_while)
{
	struct setup s = one_of_two();
	struct net *net;

	s.fallback = 60;
	net = spokes_of_two(&s);
	expect(net, NHRP_NHS_UP, NHRP_NHS_STANDBY, HUB); /* not at the very beginning */
	net_run(net, SECONDS(10));
	hub_dies(net);
	net_run(net, SECONDS(60));
	hub_returns(net);
	net_run(net, SECONDS(70));
	expect(net, NHRP_NHS_UP, NHRP_NHS_UP, C);
	net_upcall(net, A, B);
	cr_expect(points_to(net, A, B, C));
	net_run(net, SECONDS(110));
	expect(net, NHRP_NHS_UP, NHRP_NHS_UP, C);
	net_run(net, SECONDS(130));
	expect(net, NHRP_NHS_UP, NHRP_NHS_STANDBY, HUB);
	net_free(net);
}

/* Better one that is not trusted yet than none. */
Test(nhrp_servers, no_time_for_fallback)
{
	struct setup s = one_of_two();
	struct net *net;

	s.fallback = 600;
	net = spokes_of_two(&s);
	hub_dies(net);
	net_run(net, SECONDS(20));
	hub_returns(net);
	net_run(net, SECONDS(40));
	expect(net, NHRP_NHS_UP, NHRP_NHS_UP, C);
	net->blocked[A][C] = net->blocked[B][C] = true;
	net_pair_down(net, A, C);
	cr_expect(server_of(net, A, HUB).in_use);
	net_free(net);
}

/* ---- names and configuration ---- */

Test(nhrp_servers, a_name)
{
	struct setup s = two_servers();
	struct net *net = net_new();
	struct nhrp *n;
	struct nhrp_config hub = config_of(HUB);
	size_t from;

	s.nhs[0].named = true;
	s.nhs[0].nbma = (struct addr){ 0 };
	net_start(net, HUB);
	hub.address.addr = protocol_of(HUB); /* the same server at another place, later */
	hub.nbma = nbma_of(B);
	net_start_with(net, B, hub);
	s.cluster.max = 1;
	net_start_with(net, A, spoke_config(A, &s));
	n = net->node[A].core;
	cr_expect_eq(server_of(net, A, HUB).state, NHRP_NHS_NO_MAP);
	cr_expect_null(find_event(net, 0, A, NHRP_EV_NHS_DOWN), "no cause for alarm");
	nhrp_nhs_address(n, net->now, TUNNEL, protocol_of(HUB), (struct addr){ 0 });
	nhrp_nhs_address(n, net->now, TUNNEL, protocol_of(B), nbma_of(B)); /* no server */
	nhrp_nhs_address(n, net->now, TUNNEL, protocol_of(HUB), nbma_of(A)); /* ourselves */
	cr_expect_eq(server_of(net, A, HUB).state, NHRP_NHS_NO_MAP);
	nhrp_nhs_address(n, net->now, TUNNEL, protocol_of(HUB), nbma_of(HUB));
	net_run(net, 1000);
	cr_expect_eq(server_of(net, A, HUB).state, NHRP_NHS_UP);
	cr_expect(points_to(net, A, HUB, HUB));
	nhrp_nhs_address(n, net->now, TUNNEL, protocol_of(HUB), (struct addr){ 0 });
	nhrp_nhs_address(n, net->now, TUNNEL, protocol_of(HUB), nbma_of(HUB));
	cr_expect_eq(server_of(net, A, HUB).state, NHRP_NHS_UP);
	/* It moves. */
	from = net->n_records;
	nhrp_nhs_address(n, net->now, TUNNEL, protocol_of(HUB), nbma_of(B));
	net_run(net, 2000);
	cr_expect_eq(server_of(net, A, HUB).state, NHRP_NHS_UP);
	cr_expect(points_to(net, A, HUB, B));
	cr_expect_eq(count_sent(net, from, A, NHRP_PURGE_REQUEST), 1);
	cr_expect_not(net->pair[A][HUB]);
	/* The same configuration once more changes nothing. */
	from = net->n_records;
	{
		struct nhrp_config cfg = spoke_config(A, &s);

		nhrp_interface_configure(n, net->now, TUNNEL, &cfg);
		net_drain(net, A);
		cr_expect_eq(net->n_records, from);
		cr_expect(points_to(net, A, HUB, B));
		/* An address instead of the name does. */
		s.nhs[0] = (struct nhrp_nhs_config){ .protocol = protocol_of(HUB),
						     .nbma = nbma_of(HUB) };
		cfg = spoke_config(A, &s);
		nhrp_interface_configure(n, net->now, TUNNEL, &cfg);
		net_run(net, 3000);
		cr_expect(points_to(net, A, HUB, HUB));
		cr_expect_eq(server_of(net, A, HUB).state, NHRP_NHS_UP);
	}
	net_free(net);
}

Test(nhrp_servers, priorities_change)
{
	struct setup s = one_of_two();
	struct net *net = spokes_of_two(&s);
	struct nhrp_config cfg;

	s.nhs[0].priority = 9;
	cfg = spoke_config(A, &s);
	nhrp_interface_configure(net->node[A].core, net->now, TUNNEL, &cfg);
	net_drain(net, A);
	expect(net, NHRP_NHS_UP, NHRP_NHS_CONNECTING, HUB);
	net_run(net, 2000);
	expect(net, NHRP_NHS_STANDBY, NHRP_NHS_UP, C);
	s.cluster.max = 2;
	cfg = spoke_config(A, &s);
	nhrp_interface_configure(net->node[A].core, net->now, TUNNEL, &cfg);
	net_run(net, 3000);
	expect(net, NHRP_NHS_UP, NHRP_NHS_UP, C);
	/* The one in use is taken away. */
	cfg.n_nhs = 1;
	nhrp_interface_configure(net->node[A].core, net->now, TUNNEL, &cfg);
	net_run(net, 4000);
	cr_expect(server_of(net, A, HUB).in_use);
	net_free(net);
}

/* ---- multicast ---- */

static bool listens(const struct net *net, int node, int who)
{
	struct addr nbma = nbma_of(who);
	bool on = false;

	for (size_t i = 0; i < net->n_records; i++) {
		const struct record *r = &net->record[i];

		if (r->node != node || !addr_equal(&r->nbma, &nbma) ||
		    (r->kind != NHRP_MULTICAST_ADD && r->kind != NHRP_MULTICAST_DEL))
			continue;
		cr_expect_eq(on, r->kind == NHRP_MULTICAST_DEL, "in turns");
		on = r->kind == NHRP_MULTICAST_ADD;
	}
	return on;
}

Test(nhrp_servers, multicast_to_a_server_that_is_up)
{
	struct setup s = two_servers();
	struct net *net;

	s.nhs[0].multicast = true;
	net = spokes_of_two(&s);
	cr_expect(listens(net, A, HUB));
	cr_expect_not(listens(net, A, C));
	hub_dies(net);
	cr_expect_not(listens(net, A, HUB));
	hub_returns(net);
	net_run(net, SECONDS(20));
	cr_expect(listens(net, A, HUB));
	nhrp_interface_remove(net->node[A].core, net->now, TUNNEL);
	net_drain(net, A);
	cr_expect_not(listens(net, A, HUB));
	net_free(net);
}

Test(nhrp_servers, multicast_to_clients)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_packet p = registration(A, 1), two = registration(A, 2);
	struct net *net;

	cfg.multicast_dynamic = true;
	net = hub_with(cfg);
	net_drain(net, HUB);
	cr_expect_not(listens(net, HUB, A), "connected, not registered");
	net->node[HUB].slow_kernel = true;
	register_with(net, A, &p);
	nhrp_peer_up(net->node[HUB].core, 0, TUNNEL, nbma_of(A)); /* it starts anew meanwhile */
	net_drain(net, HUB);
	cr_expect_not(listens(net, HUB, A), "not before its neighbour is there");
	nhrp_bound(net->node[HUB].core, 0, net->node[HUB].unanswered_token, 0);
	net_drain(net, HUB);
	cr_expect(listens(net, HUB, A));
	cr_expect_not(listens(net, HUB, B));
	net->node[HUB].slow_kernel = false;
	net_run(net, SECONDS(10));
	two.source = protocol_of(C);
	register_with(net, A, &two);
	net_pair_down(net, HUB, A);
	cr_expect_not(listens(net, HUB, A));
	net->pair[HUB][A] = net->pair[A][HUB] = true;
	nhrp_peer_up(net->node[HUB].core, net->now, TUNNEL, nbma_of(A));
	net_drain(net, HUB);
	cr_expect(listens(net, HUB, A));
	net_run(net, SECONDS(605)); /* the first address expires, the second has ten seconds left */
	cr_expect(listens(net, HUB, A));
	net_run(net, SECONDS(620));
	cr_expect_not(listens(net, HUB, A));
	net_free(net);
}

/* Its pair is there for another reason, too. */
Test(nhrp_servers, no_multicast_to_who_is_no_client_any_more)
{
	struct nhrp_config cfg = config_of(HUB);
	struct nhrp_map map = { protocol_of(C), nbma_of(A) };
	struct nhrp_packet p = registration(A, 1);
	struct net *net;

	cfg.multicast_dynamic = true;
	cfg.maps = &map;
	cfg.n_maps = 1;
	net = hub_with(cfg);
	net_drain(net, HUB);
	register_with(net, A, &p);
	cr_expect(listens(net, HUB, A));
	nhrp_clear(net->node[HUB].core, 0, TUNNEL, protocol_of(A));
	net_drain(net, HUB);
	cr_expect_not(listens(net, HUB, A));
	cr_expect(net->pair[HUB][A]);
	net_free(net);
}

Test(nhrp_servers, multicast_to_fixed_addresses)
{
	struct addr list[] = { nbma_of(B), nbma_of(A), ip("224.0.0.9"), nbma_of(HUB) };
	struct nhrp_config cfg = config_of(HUB);
	struct net *net = net_new();

	cfg.multicast = list;
	cfg.n_multicast = ARRAY_SIZE(list);
	net_start(net, A);
	net_start(net, B);
	net->blocked[HUB][B] = net->blocked[B][HUB] = true;
	net_start_with(net, HUB, cfg);
	net_run(net, 100);
	cr_expect(listens(net, HUB, A));
	cr_expect_not(listens(net, HUB, B), "its pair is not there");
	net->blocked[HUB][B] = net->blocked[B][HUB] = false;
	net_run(net, SECONDS(5));
	cr_expect(listens(net, HUB, B));
	cfg.n_multicast = 1;
	nhrp_interface_configure(net->node[HUB].core, net->now, TUNNEL, &cfg);
	net_drain(net, HUB);
	cr_expect_not(listens(net, HUB, A));
	cr_expect(listens(net, HUB, B));
	net_free(net);
}
