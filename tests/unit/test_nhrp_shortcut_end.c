/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a shortcut ends, and what the egress has to do with it: idle, refreshed, purged, its pair or
 * its route gone. Never with a loss: the route goes before the neighbour.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include "tests/unit/nhrp_hub.h"
#include "tests/unit/nhrp_phase3.h"

#define UP STATE(UP)

static struct net *with_shortcut(uint16_t holding_time)
{
	struct net *net = phase3_with(2, holding_time);

	redirect_a_to_b(net);
	cr_assert_eq(shortcut_to(net, A, lan_prefix(B)), B);
	return net;
}

static enum nhrp_reason gone_because(const struct net *net, size_t from)
{
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), -1);
	return reason_of(net, from, A, NHRP_EV_SHORTCUT_GONE);
}

/* ---- time and use ---- */

Test(nhrp_shortcut_end, idle)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;
	size_t route = 0, neighbour_gone = 0;

	net_run(net, net->now + SECONDS(599));
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 0);
	cr_expect_eq(shortcut_state(net, A, lan_prefix(B), NULL), UP);
	net_run(net, net->now + SECONDS(10));
	cr_expect_eq(gone_because(net, from), NHRP_WHY_IDLE);
	cr_expect_eq(shortcuts(net, A), 0);
	for (size_t i = from; i < net->n_records; i++) {
		if (net->record[i].node != A)
			continue;
		route = net->record[i].kind == NHRP_ROUTE_DEL ? i : route;
		neighbour_gone = net->record[i].kind == NHRP_UNBIND ? i : neighbour_gone;
	}
	cr_expect(route && neighbour_gone && route < neighbour_gone);
	/* Neither end keeps the pair. */
	net_run(net, net->now + SECONDS(30));
	cr_expect_not(net->pair[A][B]);
	net_free(net);
}

Test(nhrp_shortcut_end, in_use)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;

	for (int k = 0; k < 3600; k++) {
		net->node[A].traffic[B]++;
		net_run(net, net->now + SECONDS(1));
		cr_assert_eq(shortcut_to(net, A, lan_prefix(B)), B, "after %d s", k);
	}
	cr_expect_eq(count_from(net, from, A, NHRP_ROUTE_ADD), 0);
	cr_expect_eq(count_events(net, from, A, NHRP_EV_SHORTCUT_GONE), 0);
	net_free(net);
}

/* The server is away: a path that works is confirmed by its egress. */
Test(nhrp_shortcut_end, refreshed_without_a_server)
{
	struct net *net = with_shortcut(600);

	net_kill(net, HUB);
	nhrp_peer_down(net->node[A].core, net->now, TUNNEL, nbma_of(HUB));
	nhrp_peer_down(net->node[B].core, net->now, TUNNEL, nbma_of(HUB));
	for (int k = 0; k < 2000; k++) {
		net->node[A].traffic[B]++;
		net_run(net, net->now + SECONDS(1));
	}
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	net_free(net);
}

/* The hub's routes have changed: the refresh finds the new egress. */
Test(nhrp_shortcut_end, the_prefix_moves)
{
	struct net *net = phase3_with(3, 600);

	redirect_a_to_b(net);
	cr_assert_eq(shortcut_to(net, A, lan_prefix(B)), B);
	route_set(net, HUB, lan_prefix(B), C);
	route_set(net, C, lan_prefix(B), ELSEWHERE);
	for (int k = 0; k < 500; k++) {
		net->node[A].traffic[B]++;
		net_run(net, net->now + SECONDS(1));
	}
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), C);
	cr_expect_eq(shortcuts(net, A), 1);
	net_free(net);
}

/* The hub says no to a refresh: the egress has the last word. */
Test(nhrp_shortcut_end, the_hub_does_not_know)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;

	route_remove(net, HUB, lan_prefix(B));
	route_remove(net, HUB, net_prefix("0.0.0.0/0"));
	for (int k = 0; k < 1000; k++) {
		net->node[A].traffic[B]++;
		net_run(net, net->now + SECONDS(1));
	}
	cr_assert(find_event(net, from, HUB, NHRP_EV_REQUEST_REFUSED));
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	/* B has forgotten whom it told, and the route. */
	net->node[B].n_routes = 0;
	for (int k = 0; k < 600; k++) {
		net->node[A].traffic[B]++;
		net_run(net, net->now + SECONDS(1));
	}
	cr_expect_eq(gone_because(net, from), NHRP_WHY_REFUSED);
	net_free(net);
}

/* B has started anew and does not know whom it told: it is asked, and knows again. */
Test(nhrp_shortcut_end, the_egress_restarts)
{
	struct net *net = with_shortcut(600);

	nhrp_free(net->node[B].core);
	memset(net->node[B].neighbour, 0, sizeof(net->node[B].neighbour));
	net_start_with(net, B, net->node[B].cfg);
	for (int k = HUB; k <= A; k++) {
		nhrp_peer_up(net->node[k].core, net->now, TUNNEL, nbma_of(B));
		nhrp_peer_up(net->node[B].core, net->now, TUNNEL, nbma_of(k));
	}
	net_run(net, net->now + SECONDS(2));
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	route_remove(net, B, lan_prefix(B));
	net_run(net, net->now + 100);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), -1);
	net_free(net);
}

/* A map of the configuration says where the egress is. */
Test(nhrp_shortcut_end, the_egress_is_configured)
{
	const struct nhrp_map maps[] = { hub_map, { protocol_of(B), nbma_of(B) } };
	struct net *net = phase3(2);
	size_t from;

	net->node[A].cfg.maps = maps;
	net->node[A].cfg.n_maps = 2;
	nhrp_interface_configure(net->node[A].core, net->now, TUNNEL, &net->node[A].cfg);
	net_drain(net, A);
	redirect_a_to_b(net);
	cr_assert_eq(shortcut_to(net, A, lan_prefix(B)), B);
	from = net->n_records;
	net_pair_down(net, A, B);
	cr_expect_eq(gone_because(net, from), NHRP_WHY_PEER_DOWN);
	net_free(net);
}

/* ---- the egress loses its route ---- */

Test(nhrp_shortcut_end, purged)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;

	route_remove(net, B, lan_prefix(B));
	net_run(net, net->now + 100);
	cr_expect_eq(gone_because(net, from), NHRP_WHY_PURGED);
	cr_expect_eq(shortcuts(net, A), 0);
	cr_assert(find_event(net, from, B, NHRP_EV_ANSWER_WITHDRAWN));
	cr_expect_eq(count_sent(net, from, A, NHRP_PURGE_REPLY), 1);
	/* It was heard: that is all. */
	net_run(net, net->now + SECONDS(100));
	cr_expect_eq(count_sent(net, from, B, NHRP_PURGE_REQUEST), 1);
	cr_expect_eq(counters_of(net, B).unexpected_replies, 0);
	/* Nobody is the egress: B would send it back, or into nowhere. */
	redirect_a_to_b(net);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), -1);
	cr_expect_eq(net->node[A].n_shortcuts, 0);
	cr_expect_eq(reason_of(net, from, B, NHRP_EV_REQUEST_REFUSED), NHRP_WHY_THROUGH_TUNNEL);
	net_free(net);
}

static bool lose_purges(struct net *net, int from, int to, const struct nhrp_packet *p)
{
	(void)from;
	(void)to;
	return (p->type == NHRP_PURGE_REQUEST || p->type == NHRP_PURGE_REPLY) && net->lost < 4;
}

Test(nhrp_shortcut_end, purges_get_lost)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;

	net->lose = lose_purges;
	route_remove(net, B, lan_prefix(B));
	net_run(net, net->now + SECONDS(20)); /* at 0, 1, 3, 7 s, and 15 s */
	cr_expect_eq(gone_because(net, from), NHRP_WHY_PURGED);
	cr_expect_eq(net->lost, 4);
	cr_expect_eq(count_sent(net, from, B, NHRP_PURGE_REQUEST), 5);
	net_run(net, net->now + SECONDS(1000));
	cr_expect_eq(count_sent(net, from, B, NHRP_PURGE_REQUEST), 5);
	net_free(net);
}

Test(nhrp_shortcut_end, what_else_the_egress_hears)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;

	/* Routes that have nothing to do with it, or change nothing. */
	route_set(net, B, net_prefix("192.168.77.0/24"), ELSEWHERE);
	cr_expect_eq(count_from(net, from, B, NHRP_QUERY_ROUTE), 0);
	route_set(net, B, net_prefix("192.168.2.128/25"), ELSEWHERE);
	route_set(net, B, lan_prefix(B), ELSEWHERE);
	nhrp_routes_changed(net->node[B].core, net->now, (struct prefix){ .bits = 0 });
	net_drain(net, B);
	cr_expect_eq(count_sent(net, from, B, NHRP_PURGE_REQUEST), 0);
	/* A wider one remains: what was said is still true. */
	route_set(net, B, net_prefix("192.168.2.0/23"), ELSEWHERE);
	route_remove(net, B, lan_prefix(B));
	cr_expect_eq(count_sent(net, from, B, NHRP_PURGE_REQUEST), 0);
	/* A narrower one, that leads elsewhere. */
	route_set(net, B, net_prefix("192.168.2.0/28"), HUB);
	cr_expect_eq(count_sent(net, from, B, NHRP_PURGE_REQUEST), 1);
	net_run(net, net->now + 100);
	cr_expect_eq(gone_because(net, from), NHRP_WHY_PURGED);
	net_free(net);
}

/* The answer has become narrower than what was said, whoever asked for it. */
Test(nhrp_shortcut_end, a_narrower_offer)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;

	route_set(net, B, net_prefix("192.168.2.0/28"), ELSEWHERE);
	net_run(net, net->now + 100);
	cr_expect_eq(gone_because(net, from), NHRP_WHY_PURGED);
	redirect_a_to_b(net);
	net_run(net, net->now + SECONDS(2));
	redirect_a_to_b(net);
	cr_expect_eq(shortcut_to(net, A, net_prefix("192.168.2.0/28")), B);
	net_free(net);
}

/* It is lost, and there again, before A has heard of it: what A was told is true, no purge. */
Test(nhrp_shortcut_end, asked_for_again_meanwhile)
{
	struct net *net = with_shortcut(600);
	struct nhrp_packet p = request(A, B, 9);
	size_t from;

	net->lose = lose_purges;
	route_remove(net, B, lan_prefix(B));
	route_set(net, B, lan_prefix(B), ELSEWHERE);
	cr_expect_eq(net->lost, 1);
	p.destination = lan(B, 20);
	net_inject(net, A, B, &p);
	from = net->n_records;
	net_run(net, net->now + SECONDS(100));
	cr_expect_eq(count_sent(net, from, B, NHRP_PURGE_REQUEST), 0);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	/* But what is lost now is purged. */
	net->lost = 100;
	route_remove(net, B, lan_prefix(B));
	net_run(net, net->now + 100);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), -1);
	net_free(net);
}

/* The pair was away while B wanted to take it back: at once when it is there again. */
Test(nhrp_shortcut_end, purged_when_the_pair_is_back)
{
	struct net *net = with_shortcut(600);
	size_t from;

	nhrp_peer_down(net->node[B].core, net->now, TUNNEL, nbma_of(A));
	route_remove(net, B, lan_prefix(B));
	net_run(net, net->now + SECONDS(70));
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	from = net->n_records;
	nhrp_peer_up(net->node[B].core, net->now, TUNNEL, nbma_of(A));
	net_run(net, net->now + 100);
	cr_expect_eq(count_sent(net, from, B, NHRP_PURGE_REQUEST), 1);
	cr_expect_eq(gone_because(net, from), NHRP_WHY_PURGED);
	net_free(net);
}

/* Changes while the kernel is being asked: the answer may be an old one. */
Test(nhrp_shortcut_end, asked_again)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;
	struct nhrp_route old = net_lookup(&net->node[B], &(struct addr){ 4, { 192, 168, 2, 10 } });
	struct nhrp_effect e;
	uint64_t token = 0;

	nhrp_routes_changed(net->node[B].core, net->now, lan_prefix(B));
	while (nhrp_next_effect(net->node[B].core, &e))
		token = e.kind == NHRP_QUERY_ROUTE ? e.token : token;
	cr_assert(token);
	net->node[B].slow_routes = true;
	route_remove(net, B, lan_prefix(B));
	net->node[B].slow_routes = false;
	cr_expect_eq(count_from(net, from, B, NHRP_QUERY_ROUTE), 0);
	nhrp_route(net->node[B].core, net->now, token, &old);
	net_run(net, net->now + 100);
	cr_expect_eq(gone_because(net, from), NHRP_WHY_PURGED);
	net_free(net);
}

/* The tunnel of the egress is taken away, in good manners. */
Test(nhrp_shortcut_end, the_egress_leaves)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;

	nhrp_interface_remove(net->node[B].core, net->now, TUNNEL);
	for (size_t i = 0; i < 3; i++) /* what is on the way arrives before the pair is gone */
		net_run(net, net->now + 1);
	cr_expect_eq(count_from(net, from, B, NHRP_RELEASE), 2);
	cr_expect_geq(count_sent(net, from, B, NHRP_PURGE_REQUEST), 2); /* the hub, and A */
	net_free(net);
}

/* ---- who may purge ---- */

static struct nhrp_packet purge(int from, struct prefix prefix)
{
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_PURGE_REQUEST,
				 .request_id = 77,
				 .source_nbma = nbma_of(from),
				 .source = protocol_of(from),
				 .destination = protocol_of(A),
				 .n_cies = 1,
				 .cies = { { .prefix = prefix.bits,
					     .nbma = nbma_of(from),
					     .protocol = prefix.addr } } };

	net_sign(&p);
	return p;
}

Test(nhrp_shortcut_end, who_may_purge)
{
	static const struct {
		int from;
		const char *prefix;
		bool gone;
	} rows[] = {
		{ C, "192.168.2.0/24", false },	 { B, "192.168.3.0/24", false },
		{ B, "192.168.2.0/24", true },	 { B, "192.168.2.10/32", true },
		{ B, "192.168.0.0/16", true },	 { HUB, "192.168.2.0/24", true },
		{ HUB, "192.168.3.0/24", false }, { HUB, "192.168.0.0/16", false },
		{ B, "172.16.0.3/32", true }, /* its own address: the path is gone */
	};

	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct net *net = with_shortcut(600);
		struct nhrp_packet p = purge(rows[k].from, net_prefix(rows[k].prefix));
		size_t from = net->n_records;

		net_inject(net, rows[k].from, A, &p);
		cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), rows[k].gone ? -1 : B, "%d %s",
			     rows[k].from, rows[k].prefix);
		cr_expect_eq(count_events(net, from, A, NHRP_EV_SHORTCUT_GONE), rows[k].gone);
		net_free(net);
	}
}

/* ---- its pair, its route, its operator ---- */

Test(nhrp_shortcut_end, the_pair_is_gone)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;

	/* It did not last: it is not tried again at once. */
	net_pair_down(net, A, B);
	cr_expect_eq(gone_because(net, from), NHRP_WHY_PEER_DOWN);
	cr_expect_eq(shortcut_state(net, A, lan_prefix(B), NULL), STATE(HOLD_DOWN));
	net_run(net, net->now + SECONDS(61));
	cr_expect_eq(shortcuts(net, A), 0);
	redirect_a_to_b(net);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	net_run(net, net->now + SECONDS(120));
	from = net->n_records;
	net_pair_down(net, A, B);
	cr_expect_eq(gone_because(net, from), NHRP_WHY_PEER_DOWN);
	cr_expect_eq(shortcuts(net, A), 0);
	net_free(net);
}

Test(nhrp_shortcut_end, another_route)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;
	struct nhrp_shortcut s;

	/* A route of a routing protocol, straight to the egress: ours is not needed. */
	route_set(net, A, net_prefix("192.168.0.0/16"), B);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), -1);
	cr_expect_eq(shortcut_state(net, A, lan_prefix(B), &s), UP);
	cr_expect(s.overrides);
	cr_expect(points_to(net, A, B, B));
	/* And back. */
	route_set(net, A, net_prefix("192.168.0.0/16"), HUB);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	cr_expect_eq(count_events(net, from, A, NHRP_EV_SHORTCUT_GONE), 0);
	/* The route is gone, and what is left leads elsewhere; it is there again. */
	route_remove(net, A, net_prefix("192.168.0.0/16"));
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	route_remove(net, A, net_prefix("0.0.0.0/0"));
	route_set(net, A, net_prefix("192.168.0.0/16"), HUB);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	/* Straight to the egress, and that is gone: ours is needed again. */
	route_set(net, A, lan_prefix(B), B);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), -1);
	route_remove(net, A, lan_prefix(B));
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	/* Away from the tunnel. */
	route_set(net, A, lan_prefix(B), ELSEWHERE);
	cr_expect_eq(gone_because(net, from), NHRP_WHY_ROUTE_CHANGED);
	net_free(net);
}

/* The routing table already leads to the egress, whose neighbour is still at the hub. */
Test(nhrp_shortcut_end, overrides_the_next_hop)
{
	struct net *net = phase3_with(2, 600);
	struct nhrp_shortcut s;
	size_t from = net->n_records;

	route_set(net, A, lan_prefix(B), B);
	net_upcall(net, A, B);
	redirect_a_to_b(net);
	cr_expect_eq(shortcut_state(net, A, lan_prefix(B), &s), UP);
	cr_expect(s.overrides);
	cr_expect(points_to(net, A, B, B));
	cr_expect_eq(count_from(net, from, A, NHRP_ROUTE_ADD), 0);
	net_free(net);
}

Test(nhrp_shortcut_end, cleared)
{
	struct net *net = with_shortcut(600);
	size_t from = net->n_records;

	nhrp_clear(net->node[A].core, net->now, NHRP_ALL, lan(C, 10));
	net_drain(net, A);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	nhrp_clear(net->node[A].core, net->now, NHRP_ALL, lan(B, 99));
	net_drain(net, A);
	cr_expect_eq(gone_because(net, from), NHRP_WHY_CLEARED);
	cr_expect(points_to(net, A, B, B)); /* only that was asked for */
	redirect_a_to_b(net);
	net_run(net, net->now + SECONDS(9));
	redirect_a_to_b(net);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	nhrp_clear(net->node[A].core, net->now, TUNNEL, protocol_of(B));
	net_drain(net, A);
	cr_expect_eq(shortcuts(net, A), 0);
	cr_expect_eq(net->node[A].n_shortcuts, 0);
	net_free(net);
}

/* The link was down: the kernel has no route and no neighbour through it any more. */
Test(nhrp_shortcut_end, put_back)
{
	struct net *net = with_shortcut(600);

	net->node[A].n_shortcuts = 0;
	memset(net->node[A].neighbour, 0, sizeof(net->node[A].neighbour));
	nhrp_interface_rebind(net->node[A].core, net->now, TUNNEL);
	net_drain(net, A);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	cr_expect(points_to(net, A, B, B));
	nhrp_interface_remove(net->node[A].core, net->now, TUNNEL);
	net_drain(net, A);
	cr_expect_eq(net->node[A].n_shortcuts, 0);
	cr_expect_not(neighbour(net, A, B)->len);
	net_free(net);
}

/* B has a pair with A that A has lost: what it answers over it does not arrive. */
Test(nhrp_shortcut_end, a_pair_of_one_side)
{
	struct net *net = phase3(2);
	struct nhrp_packet p = request(A, B, 5);
	size_t from;

	nhrp_peer_up(net->node[B].core, net->now, TUNNEL, nbma_of(A));
	p.destination = lan(B, 10);
	from = net->n_records;
	net_inject(net, HUB, B, &p);
	cr_expect_eq(node_of(&find_effect(net, from, B, NHRP_SEND)->nbma), A);
	from = net->n_records;
	net_inject(net, HUB, B, &p);
	cr_expect_eq(node_of(&find_effect(net, from, B, NHRP_SEND)->nbma), HUB);
	cr_expect_eq(count_from(net, from, B, NHRP_SUSPECT), 1);
	/* Another one. */
	p.request_id = 6;
	from = net->n_records;
	net_inject(net, HUB, B, &p);
	cr_expect_eq(node_of(&find_effect(net, from, B, NHRP_SEND)->nbma), A);
	cr_expect_eq(count_from(net, from, B, NHRP_SUSPECT), 0);
	/* And over the pair itself: it is there. */
	p.request_id = 7;
	for (int k = 0; k < 2; k++) {
		from = net->n_records;
		net_inject(net, A, B, &p);
		cr_expect_eq(node_of(&find_effect(net, from, B, NHRP_SEND)->nbma), A);
		cr_expect_eq(count_from(net, from, B, NHRP_SUSPECT), 0);
	}
	net_free(net);
}

/* ---- the egress and those who ask too much ---- */

Test(nhrp_shortcut_end, offers_are_bounded)
{
	struct net *net = hub();
	struct nhrp_packet p;
	uint8_t code = 0;
	size_t refused = 0;

	route_set(net, HUB, net_prefix("12.0.0.0/7"), ELSEWHERE); /* as wide as that: hosts only */
	p = registration(A, 1);
	register_with(net, A, &p);
	for (uint32_t k = 0; k < 300; k++) {
		p = request(A, B, 100 + k);
		p.destination = addr_v4(0x0c000000U + k);
		net_run(net, net->now + 200); /* no flood */
		net_inject(net, A, HUB, &p);
		code = last_sent(net)->cies[0].code;
		refused += code == NHRP_CODE_RESOURCES;
	}
	cr_expect_eq(refused, 300 - 256);
	/* What was known before still is. */
	net_run(net, net->now + 200);
	p = request(A, B, 1000);
	p.destination = addr_v4(0x0c000001U);
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->cies[0].code, NHRP_CODE_SUCCESS);
	/* A default route proves nothing. */
	route_set(net, HUB, net_prefix("0.0.0.0/0"), ELSEWHERE);
	p.destination = ip("8.8.8.8");
	net_inject(net, A, HUB, &p);
	cr_expect_eq(last_sent(net)->cies[0].code, NHRP_CODE_NO_BINDING);
	net_free(net);
}
