/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Phase 3 from the spoke's side, in a network of real cores: a packet that took the long way makes
 * a shortcut to the whole prefix, which goes when it should.
 *
 * LINK: nhrp/ lib/wire.c lib/addr.c lib/timer.c lib/drbg.c
 */
#include <errno.h>

#include "tests/unit/nhrp_phase3.h"
#include "tests/unit/nhrp_vectors.h"
#include "tests/unit/vectors.h"

#define UP STATE(UP)

static void expect_direct(const struct net *net, int k, int to)
{
	cr_expect_eq(shortcut_to(net, k, lan_prefix(to)), to);
	cr_expect_eq(shortcut_state(net, k, lan_prefix(to), NULL), UP);
	cr_expect(points_to(net, k, to, to));
}

static void expect_through_hub(const struct net *net, int k, int to)
{
	cr_expect_eq(shortcut_to(net, k, lan_prefix(to)), -1);
	cr_expect_neq(shortcut_state(net, k, lan_prefix(to), NULL), UP);
}

Test(nhrp_shortcut, the_whole_way)
{
	struct net *net = phase3(2);
	size_t from = redirect_a_to_b(net);
	struct nhrp_shortcut s;
	size_t bound = 0, routed = 0;
	const struct record *r;

	expect_direct(net, A, B);
	expect_through_hub(net, B, A); /* nobody told B */
	cr_expect_eq(shortcuts(net, A), 1);
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 1);
	r = find_event(net, from, HUB, NHRP_EV_REQUEST_FORWARDED);
	cr_assert(r);
	cr_expect_eq(node_of(&r->event.nbma), B);
	cr_assert(find_event(net, from, B, NHRP_EV_REQUEST_ANSWERED));
	r = find_event(net, from, A, NHRP_EV_SHORTCUT_UP);
	cr_assert(r);
	cr_expect_eq(r->event.prefix.bits, 24);
	cr_expect_eq(addr_to_v4(&r->event.gateway), addr_to_v4(&(struct addr){ 4, { 172, 16, 0, 3 } }));
	/* The neighbour of the gateway is direct before there is a route to it. */
	for (size_t i = from; i < net->n_records; i++) {
		if (net->record[i].node != A)
			continue;
		if (net->record[i].kind == NHRP_BIND && node_of(&net->record[i].nbma) == B)
			bound = i;
		if (net->record[i].kind == NHRP_ROUTE_ADD)
			routed = i;
	}
	cr_expect(bound && routed && bound < routed);
	cr_assert_eq(shortcut_state(net, A, lan_prefix(B), &s), UP);
	cr_expect_eq(node_of(&s.nbma), B);
	cr_expect_not(s.overrides);
	cr_expect_eq(s.holding_time, NHRP_HOLDING_TIME);

	/* The way back is B's own affair. */
	hairpin(net, lan(B, 10), lan(A, 10));
	net_run(net, net->now + 500);
	expect_direct(net, A, B);
	expect_direct(net, B, A);
	net_free(net);
}

Test(nhrp_shortcut, one_prefix_one_shortcut)
{
	struct net *net = phase3(2);
	size_t from = net->n_records;

	/* Five of its hosts at once, then others. */
	for (unsigned int k = 10; k < 15; k++)
		hairpin(net, lan(A, 10), lan(B, k));
	net_run(net, net->now + 2000); /* not all answers had a place while the pair came up */
	expect_direct(net, A, B);
	cr_expect_eq(shortcuts(net, A), 1);
	cr_expect_eq(count_from(net, from, A, NHRP_ROUTE_ADD), 1);
	from = net->n_records;
	hairpin(net, lan(A, 10), lan(B, 20));
	net_run(net, net->now + 500);
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 0);
	cr_expect_eq(reason_of(net, from, A, NHRP_EV_TRAFFIC_INDICATION), NHRP_WHY_RATE);
	/* Another prefix behind the same egress: the path is there, nothing is asked over it. */
	route_set(net, B, net_prefix("192.168.130.0/23"), ELSEWHERE);
	route_set(net, HUB, net_prefix("192.168.130.0/23"), B);
	hairpin(net, lan(A, 10), ip("192.168.131.7"));
	net_run(net, net->now + 500);
	cr_expect_eq(shortcut_to(net, A, net_prefix("192.168.130.0/23")), B);
	cr_expect_eq(count_from(net, from, A, NHRP_CONNECT), 0);
	/* An indication much later: the kernel has lost the route, for whatever reason. */
	net_run(net, net->now + SECONDS(20));
	net->node[A].n_shortcuts = 0;
	hairpin(net, lan(A, 10), lan(B, 10));
	net_run(net, net->now + 500);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), B);
	net_free(net);
}

/* The first ping is one to the router itself: it is its network that is meant. */
Test(nhrp_shortcut, to_the_router_itself)
{
	struct net *net = phase3(2);

	hairpin(net, lan(A, 10), lan(B, 1));
	net_run(net, net->now + 500);
	expect_direct(net, A, B);
	cr_expect_eq(net->node[A].n_shortcuts, 1);
	/* A change that leaves it as it is, and one that does not. */
	nhrp_routes_changed(net->node[B].core, net->now, (struct prefix){ .bits = 0 });
	net_run(net, net->now + 500);
	expect_direct(net, A, B);
	route_remove(net, B, lan_prefix(B));
	net_run(net, net->now + 500);
	expect_through_hub(net, A, B);
	/* Now it is in no network, though all is somewhere: a host. */
	route_remove(net, B, net_prefix("192.168.0.0/16"));
	net_run(net, net->now + SECONDS(20));
	hairpin(net, lan(A, 10), lan(B, 1));
	net_run(net, net->now + 500);
	cr_expect_eq(shortcut_to(net, A, (struct prefix){ lan(B, 1), 32 }), B);
	nhrp_routes_changed(net->node[B].core, net->now, (struct prefix){ .bits = 0 });
	net_run(net, net->now + 500);
	cr_expect_eq(shortcut_to(net, A, (struct prefix){ lan(B, 1), 32 }), B);
	route_remove(net, B, (struct prefix){ lan(B, 1), 32 });
	net_run(net, net->now + 500);
	cr_expect_eq(net->node[A].n_shortcuts, 0);
	net_free(net);
}

Test(nhrp_shortcut, a_host_where_more_would_be_wrong)
{
	static const struct {
		const char *route, *to, *expected; /* at B, for `to`; what A gets */
	} rows[] = {
		{ "10.1.0.0/16", "10.1.2.3", "10.1.0.0/16" },
		{ "11.0.0.0/8", "11.1.2.3", "11.0.0.0/8" },
		{ "12.0.0.0/7", "12.1.2.3", "12.1.2.3/32" },	   /* wider than the floor */
		{ "172.16.0.0/12", "172.17.2.3", "172.17.2.3/32" }, /* holds the tunnel */
		{ "10.0.0.0/16", "10.0.200.1", "10.0.200.1/32" },  /* holds who asks, and the hub */
		{ "192.168.2.1/32", "192.168.2.1", "192.168.2.1/32" },
		{ "10.0.0.0/8", "10.0.0.4", NULL }, /* A's own NBMA address */
		{ "10.0.0.0/8", "10.0.0.6", NULL }, /* B's */
		{ "10.0.0.0/8", "10.0.1.2", NULL }, /* the hub's */
	};

	for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
		struct net *net = phase3(2);
		struct prefix route = net_prefix(rows[k].route);

		route_set(net, A, net_prefix("0.0.0.0/1"), HUB);
		route_set(net, A, net_prefix("128.0.0.0/1"), HUB);
		route_set(net, B, route, ELSEWHERE);
		route_set(net, HUB, route, B);
		hairpin(net, lan(A, 10), ip(rows[k].to));
		net_run(net, net->now + 500);
		if (rows[k].expected)
			cr_expect_eq(shortcut_to(net, A, net_prefix(rows[k].expected)), B, "%s",
				     rows[k].route);
		cr_expect_eq(net->node[A].n_shortcuts, rows[k].expected ? 1 : 0, "%s",
			     rows[k].to);
		net_free(net);
	}
}

/* Where the kernel of A has a narrower route than B: a wider shortcut would have no effect. */
Test(nhrp_shortcut, as_narrow_as_the_own_route)
{
	struct net *net = phase3(2);

	route_set(net, A, net_prefix("192.168.2.64/26"), HUB);
	hairpin(net, lan(A, 10), lan(B, 70));
	net_run(net, net->now + 500);
	cr_expect_eq(shortcut_to(net, A, net_prefix("192.168.2.64/26")), B);
	/* The rest of it, with its own one; then the narrow one is still there. */
	hairpin(net, lan(A, 10), lan(B, 10));
	net_run(net, net->now + 500);
	expect_direct(net, A, B);
	cr_expect_eq(shortcut_to(net, A, net_prefix("192.168.2.64/26")), B);
	/* A narrower route that comes: the shortcut has no effect any more. */
	route_set(net, A, net_prefix("192.168.2.0/25"), HUB);
	cr_expect_eq(shortcut_to(net, A, lan_prefix(B)), -1);
	hairpin(net, lan(A, 11), lan(B, 10));
	net_run(net, net->now + 500);
	cr_expect_eq(shortcut_to(net, A, net_prefix("192.168.2.0/25")), B);
	net_free(net);
}

/* ---- who is believed ---- */

static struct nhrp_packet indication(int from, struct addr source, struct addr destination,
				     uint8_t inner[28])
{
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_TRAFFIC_INDICATION,
				 .source_nbma = nbma_of(from),
				 .source = protocol_of(from),
				 .destination = source,
				 .inner = { inner, 28 } };

	ipv4(inner, source, destination);
	net_sign(&p);
	return p;
}

static enum nhrp_reason indicate(struct net *net, int sender, struct addr destination)
{
	uint8_t inner[28];
	struct nhrp_packet p = indication(sender, lan(A, 10), destination, inner);
	size_t from = net->n_records;

	net_inject(net, sender, A, &p);
	cr_assert_eq(count_events(net, from, A, NHRP_EV_TRAFFIC_INDICATION), 1);
	return reason_of(net, from, A, NHRP_EV_TRAFFIC_INDICATION);
}

Test(nhrp_shortcut, only_from_who_is_on_the_path)
{
	struct net *net = phase3(3);
	uint8_t inner[28];
	struct nhrp_packet p;

	cr_expect_eq(indicate(net, C, lan(B, 10)), NHRP_WHY_NOT_ON_PATH);
	cr_expect_eq(indicate(net, HUB, ip("8.8.8.8")), NHRP_WHY_NO_ROUTE);
	cr_expect_eq(indicate(net, HUB, lan(A, 10)), NHRP_WHY_NO_ROUTE);
	cr_expect_eq(indicate(net, HUB, lan(A, 1)), NHRP_WHY_NO_ROUTE);
	cr_expect_eq(indicate(net, HUB, protocol_of(B)), NHRP_WHY_NO_ANSWER_NEEDED);
	cr_expect_eq(indicate(net, HUB, protocol_of(A)), NHRP_WHY_NO_ANSWER_NEEDED);
	cr_expect_eq(indicate(net, HUB, ip("224.0.0.5")), NHRP_WHY_CUT);
	cr_expect_eq(shortcuts(net, A), 0);
	/* The packet that it quotes is cut. */
	for (size_t len = 0; len < 28; len++) {
		p = indication(HUB, lan(A, 10), lan(B, (unsigned int)len), inner);
		p.inner.len = len;
		net_inject(net, HUB, A, &p);
		cr_expect_eq(shortcuts(net, A), len < 20 ? 0 : len - 19, "%zu", len);
	}
	cr_expect_eq(indicate(net, HUB, lan(B, 100)), NHRP_WHY_NONE);
	net_run(net, net->now + SECONDS(1));
	expect_direct(net, A, B);
	net_free(net);
}

Test(nhrp_shortcut, not_where_it_is_not_configured)
{
	struct net *net = phase3(2);

	net->node[A].cfg.shortcut = false;
	nhrp_interface_configure(net->node[A].core, net->now, TUNNEL, &net->node[A].cfg);
	cr_expect_eq(indicate(net, HUB, lan(B, 10)), NHRP_WHY_DISABLED);
	cr_expect_eq(shortcuts(net, A), 0);
	/* Turned on, and off while there is one. */
	net->node[A].cfg.shortcut = true;
	nhrp_interface_configure(net->node[A].core, net->now, TUNNEL, &net->node[A].cfg);
	redirect_a_to_b(net);
	expect_direct(net, A, B);
	net->node[A].cfg.shortcut = false;
	nhrp_interface_configure(net->node[A].core, net->now, TUNNEL, &net->node[A].cfg);
	net_drain(net, A);
	expect_through_hub(net, A, B);
	net_free(net);
}

/* A is asked for, and the test is the hub. */
static struct net *asking(uint32_t *id)
{
	struct net *net = phase3(2);
	size_t from;

	net_kill(net, HUB);
	net->pair[HUB][A] = net->pair[A][HUB] = true;
	from = net->n_records;
	cr_expect_eq(indicate(net, HUB, lan(B, 10)), NHRP_WHY_NONE);
	for (; from < net->n_records; from++)
		if (net->record[from].kind == NHRP_SEND)
			*id = net->record[from].request_id;
	return net;
}

static struct nhrp_packet reply(uint32_t id, uint8_t code)
{
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_RESOLUTION_REPLY,
				 .flags = NHRP_Q | NHRP_A | NHRP_D | NHRP_U | NHRP_S,
				 .request_id = id,
				 .source_nbma = nbma_of(A),
				 .source = protocol_of(A),
				 .destination = lan(B, 10),
				 .n_cies = 1,
				 .cies = { { .code = code,
					     .prefix = 24,
					     .mtu = 1400,
					     .holding_time = 600,
					     .nbma = nbma_of(B),
					     .protocol = protocol_of(B) } } };

	if (code)
		p.cies[0].nbma = p.cies[0].protocol = (struct addr){ 0 };
	net_sign(&p);
	return p;
}

struct reply_row {
	const char *what;
	enum nhrp_reason why; /* dropped; the real one is still waited for */
	const char *prefix;   /* or taken, as that */
	uint32_t other_id;
	int from;
	uint8_t bits;
	const char *nbma, *protocol;
	uint16_t holding_time;
};

static const struct reply_row reply_rows[] = {
	{ .what = "right", .prefix = "192.168.2.0/24", .bits = 24 },
	{ .what = "a host, 32", .prefix = "192.168.2.10/32", .bits = 32 },
	{ .what = "a host, 0", .prefix = "192.168.2.10/32", .bits = 0 },
	{ .what = "a host, 255", .prefix = "192.168.2.10/32", .bits = 255 },
	{ .what = "from the egress", .prefix = "192.168.2.0/24", .bits = 24, .from = B },
	{ .what = "too wide", .prefix = "192.168.2.10/32", .bits = 1 },
	{ .what = "as wide as A's own", .prefix = "192.168.0.0/16", .bits = 16 },
	{ .what = "wider than A's own", .prefix = "192.168.0.0/16", .bits = 12 },
	{ .what = "another id", .why = NHRP_WHY_UNKNOWN_ID, .bits = 24, .other_id = 1 },
	{ .what = "a stranger", .why = NHRP_WHY_STRANGER, .bits = 24, .from = C },
	{ .what = "our NBMA address", .why = NHRP_WHY_OWN_ADDRESS, .bits = 24, .nbma = "10.0.0.4" },
	{ .what = "a group", .why = NHRP_WHY_OWN_ADDRESS, .bits = 24, .nbma = "224.0.0.5" },
	{ .what = "we", .why = NHRP_WHY_OWN_ADDRESS, .bits = 24, .protocol = "172.16.0.2" },
	{ .what = "outside", .why = NHRP_WHY_OUTSIDE, .bits = 24, .protocol = "172.17.0.3" },
	{ .what = "no time", .why = NHRP_WHY_HOLDING_TIME, .bits = 24, .holding_time = 1 },
};

Test(nhrp_shortcut, which_replies_count)
{
	for (size_t k = 0; k < ARRAY_SIZE(reply_rows); k++) {
		const struct reply_row *row = &reply_rows[k];
		uint32_t id = 0;
		struct net *net = asking(&id);
		struct nhrp_packet p = reply(id ^ row->other_id, 0);
		size_t from = net->n_records;

		p.cies[0].prefix = row->bits;
		if (row->nbma)
			p.cies[0].nbma = ip(row->nbma);
		if (row->protocol)
			p.cies[0].protocol = ip(row->protocol);
		if (row->holding_time)
			p.cies[0].holding_time = row->holding_time;
		net_inject(net, row->from, A, &p);
		cr_expect_eq(reason_of(net, from, A, NHRP_EV_DROPPED), row->why, "%s", row->what);
		net_run(net, net->now + 300);
		if (row->prefix)
			cr_expect_eq(shortcut_to(net, A, net_prefix(row->prefix)), B, "%s",
				     row->what);
		cr_expect_eq(net->node[A].n_shortcuts, row->prefix ? 1 : 0, "%s", row->what);
		/* The right one. Twice, it does nothing. */
		p = reply(id, 0);
		net_inject(net, HUB, A, &p);
		net_run(net, net->now + 300);
		if (row->why)
			expect_direct(net, A, B);
		net_free(net);
	}
}

/* It was purged while it was on the way: it is asked for once more. */
Test(nhrp_shortcut, an_answer_that_comes_after_its_purge)
{
	uint32_t id = 0;
	struct net *net = asking(&id);
	struct nhrp_packet p = { .hop_count = 255,
				 .type = NHRP_PURGE_REQUEST,
				 .request_id = 7,
				 .source_nbma = nbma_of(B),
				 .source = protocol_of(B),
				 .destination = protocol_of(A),
				 .n_cies = 1,
				 .cies = { { .prefix = 24,
					     .nbma = nbma_of(B),
					     .protocol = lan(B, 0) } } };
	size_t from = net->n_records;

	net_sign(&p);
	net_inject(net, B, A, &p);
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 1);
	p = reply(id, 0);
	net_inject(net, HUB, A, &p);
	cr_expect_eq(reason_of(net, from, A, NHRP_EV_DROPPED), NHRP_WHY_UNKNOWN_ID);
	cr_expect_eq(shortcut_state(net, A, (struct prefix){ lan(B, 10), 32 }, NULL),
		     STATE(RESOLVING));
	net_free(net);
}

/* A kernel whose answer is from before a change: it is asked once more. */
Test(nhrp_shortcut, a_stale_route)
{
	struct net *net = phase3(2);
	struct nhrp *n = net->node[B].core;
	struct nhrp_route old = net_lookup(&net->node[B], &(struct addr){ 4, { 192, 168, 2, 10 } });
	size_t from = net->n_records;
	const struct record *r;
	uint64_t token;

	net->node[B].slow_routes = true;
	redirect_a_to_b(net);
	r = find_effect(net, from, B, NHRP_QUERY_ROUTE);
	cr_assert(r);
	token = r->token;
	from = net->n_records;
	route_remove(net, B, lan_prefix(B));
	net->node[B].slow_routes = false;
	nhrp_route(n, net->now, token, &old);
	net_run(net, net->now + 500);
	cr_expect_eq(count_from(net, from, B, NHRP_QUERY_ROUTE), 1);
	cr_expect_null(find_event(net, from, B, NHRP_EV_REQUEST_ANSWERED));
	expect_through_hub(net, A, B);
	net_free(net);
}

Test(nhrp_shortcut, an_answer_of_nonsense)
{
	uint32_t id = 0;
	struct net *net = asking(&id);
	struct nhrp_packet p = reply(id, 0);

	/* No prefix has 33 bits. */
	p.cies[0].prefix = 33;
	net_inject(net, HUB, A, &p);
	cr_expect_eq(shortcut_state(net, A, (struct prefix){ lan(B, 10), 32 }, NULL),
		     STATE(HOLD_DOWN));
	cr_expect_eq(indicate(net, HUB, lan(B, 10)), NHRP_WHY_HOLD_DOWN);
	net_free(net);
}

/* ---- IOS ---- */

/* With another id: its place, and what the checksum makes of it. */
static struct nhrp_packet with_id(struct span octets, uint32_t id, uint8_t out[NHRP_PACKET_MAX],
				  size_t *len)
{
	struct nhrp_packet p;
	size_t offset;

	cr_assert_eq(nhrp_packet_parse(octets.data, octets.len, &p, &offset), NHRP_WELL_FORMED);
	p.request_id = id;
	*len = nhrp_packet_encode(&p, out, NHRP_PACKET_MAX);
	return p;
}

/*
 * The trace of IOS's hub, played to a spoke of ours in the place of 10.255.255.3. Its tunnel has a
 * mask of 32 bits, so that 10.255.255.2 is not on link, and its request is octet for octet that of
 * IOS but for the id.
 */
Test(nhrp_shortcut, ios_exchange_octet_for_octet)
{
	struct net *net = net_new();
	struct nhrp_map map = { ip("10.255.255.1"), ip("192.168.200.1") };
	struct nhrp_nhs_config nhs = { .protocol = ip("10.255.255.1") };
	struct nhrp_config cfg = { .address = { ip("10.255.255.3"), 32 },
				   .nbma = ip("192.168.200.3"),
				   .authentication = text_span("secret"),
				   .mtu = 1514,
				   .maps = &map,
				   .n_maps = 1,
				   .nhs = &nhs,
				   .n_nhs = 1,
				   .shortcut = true };
	struct span indication = hex(IOS_INDICATION), request = hex(IOS_REQUEST);
	struct span answer = hex(IOS_REPLY);
	struct nhrp_packet p, registered = { 0 };
	uint8_t octets[NHRP_PACKET_MAX], expected[NHRP_PACKET_MAX];
	struct addr hub = map.nbma, egress = ip("192.168.200.2");
	struct nhrp_effect e;
	size_t len, offset;
	struct nhrp *n;

	route_set(net, A, net_prefix("10.255.255.0/24"), ON_LINK);
	net->node[A].route[0].to = HUB;
	net_start_with(net, A, cfg);
	n = net->node[A].core;
	nhrp_peer_up(n, 0, TUNNEL, hub);
	while (nhrp_next_effect(n, &e))
		if (e.kind == NHRP_SEND)
			cr_assert_eq(nhrp_packet_parse(e.packet.data, e.packet.len, &registered,
						       &offset), 0);
	registered.type = NHRP_REGISTRATION_REPLY;
	registered.n_extensions = 0;
	nhrp_extension_add(&registered, NHRP_EXT_AUTHENTICATION,
			   (struct span){ (const uint8_t *)"\0\0\0\1secret", 10 });
	len = nhrp_packet_encode(&registered, octets, sizeof(octets));
	nhrp_input(n, 0, TUNNEL, hub, octets, len);

	nhrp_input(n, 0, TUNNEL, hub, indication.data, indication.len);
	p.request_id = 0;
	while (nhrp_next_effect(n, &e)) {
		struct nhrp_route r = { true, false, TUNNEL, net_prefix("10.255.255.0/24"),
					ip("10.255.255.1") };

		if (e.kind == NHRP_QUERY_ROUTE)
			nhrp_route(n, 0, e.token, &r);
		if (e.kind != NHRP_SEND)
			continue;
		cr_assert_eq(nhrp_packet_parse(e.packet.data, e.packet.len, &p, &offset), 0);
		with_id(request, p.request_id, expected, &len);
		cr_assert_eq(e.packet.len, len);
		cr_expect_arr_eq(e.packet.data, expected, len);
	}
	cr_assert(p.request_id, "nothing was asked");

	/* The answer comes over the pair with the egress. */
	with_id(answer, p.request_id, octets, &len);
	nhrp_peer_up(n, 0, TUNNEL, egress);
	nhrp_input(n, 0, TUNNEL, egress, octets, len);
	net_drain(net, A);
	cr_expect_eq(net->node[A].n_shortcuts, 1);
	cr_expect_eq(addr_to_v4(&net->node[A].shortcut[0].gateway), 0x0affff02);
	cr_expect_eq(net->node[A].shortcut[0].prefix.bits, 32);
	net_free(net);
	free((void *)indication.data);
	free((void *)request.data);
	free((void *)answer.data);
}

/* ---- it cannot be had ---- */

static void expect_hold_down(struct net *net, enum nhrp_reason why, size_t from)
{
	const struct record *r = find_event(net, from, A, NHRP_EV_SHORTCUT_FAILED);
	struct prefix host = { lan(B, 10), 32 };

	cr_assert(r);
	cr_expect_eq(r->event.reason, why);
	cr_expect_eq(r->event.seconds, NHRP_HOLD_DOWN);
	cr_expect_eq(shortcuts(net, A), 1);
	/* For a while nothing is tried; then it is forgotten. */
	from = net->n_records;
	net_run(net, r->at + SECONDS(NHRP_HOLD_DOWN) - 1);
	cr_expect_eq(indicate(net, HUB, lan(B, 10)), NHRP_WHY_HOLD_DOWN);
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 0);
	net_run(net, net->now + 1);
	cr_expect_eq(shortcut_state(net, A, host, NULL), 0);
	cr_expect_eq(shortcuts(net, A), 0);
}

Test(nhrp_shortcut, refused)
{
	uint32_t id = 0;
	struct net *net = asking(&id);
	struct nhrp_packet p = reply(id, NHRP_CODE_NO_BINDING);
	size_t from = net->n_records;

	net_inject(net, HUB, A, &p);
	cr_expect_eq(find_event(net, from, A, NHRP_EV_RESOLUTION_NEGATIVE)->event.code,
		     NHRP_CODE_NO_BINDING);
	expect_hold_down(net, NHRP_WHY_REFUSED, from);
	net_free(net);
}

Test(nhrp_shortcut, unanswered)
{
	uint32_t id = 0;
	struct net *net = asking(&id);
	size_t from = net->n_records;

	net_run(net, net->now + SECONDS(14));
	/* At 0, 1, 3 and 7 s. */
	cr_expect_eq(count_sent(net, from, A, NHRP_RESOLUTION_REQUEST), 3);
	net_run(net, net->now + SECONDS(2));
	expect_hold_down(net, NHRP_WHY_UNANSWERED, from);
	net_free(net);
}

Test(nhrp_shortcut, no_pair_with_the_egress)
{
	struct net *net = phase3(2);
	size_t from;

	net->blocked[A][B] = net->blocked[B][A] = true;
	from = redirect_a_to_b(net);
	net_run(net, net->now + SECONDS(30));
	expect_through_hub(net, A, B);
	cr_expect_eq(reason_of(net, from, A, NHRP_EV_SHORTCUT_FAILED), NHRP_WHY_NO_SA);
	cr_expect_eq(count_from(net, from, A, NHRP_ROUTE_ADD), 0);
	net->blocked[A][B] = net->blocked[B][A] = false;
	net_run(net, net->now + SECONDS(60));
	redirect_a_to_b(net);
	expect_direct(net, A, B);
	net_free(net);
}

Test(nhrp_shortcut, the_kernel_refuses)
{
	struct net *net = phase3(2);
	size_t from;

	net->node[A].route_error = ENOBUFS;
	from = redirect_a_to_b(net);
	cr_expect_eq(find_event(net, from, A, NHRP_EV_ROUTE_FAILED)->event.code, ENOBUFS);
	cr_expect_eq(shortcut_state(net, A, lan_prefix(B), NULL), STATE(HOLD_DOWN));
	net->node[A].route_error = 0;
	net_run(net, net->now + SECONDS(61));
	redirect_a_to_b(net);
	expect_direct(net, A, B);
	net_free(net);
}

Test(nhrp_shortcut, bounded)
{
	struct net *net = phase3(2);
	struct nhrp_config cfg = net->node[A].cfg;
	struct nhrp_route route = net_lookup(&net->node[A], &(struct addr){ 4, { 192, 168, 2, 9 } });
	uint64_t first = 0, last;

	cfg.max_resolutions = 5;
	nhrp_interface_configure(net->node[A].core, net->now, TUNNEL, &cfg);
	net_kill(net, HUB);
	net->pair[HUB][A] = net->pair[A][HUB] = true;
	for (unsigned int k = 0; k < 8; k++)
		cr_expect_eq(indicate(net, HUB, lan(B, 10 + k)), k < 5 ? 0 : NHRP_WHY_LIMIT);
	cr_expect_eq(shortcuts(net, A), 5);
	cr_expect_eq(counters_of(net, A).limits, 3);
	/* A kernel that does not answer: questions are forgotten, the oldest first. */
	net->node[A].slow_routes = true;
	for (unsigned int k = 0; k < 3000; k++) {
		uint8_t inner[28];
		struct nhrp_packet p = indication(HUB, lan(A, 10), lan(B, k), inner);

		net->n_records = 0;
		net_inject(net, HUB, A, &p);
		first = k ? first : find_effect(net, 0, A, NHRP_QUERY_ROUTE)->token;
	}
	last = find_effect(net, 0, A, NHRP_QUERY_ROUTE)->token;
	nhrp_interface_configure(net->node[A].core, net->now, TUNNEL, &net->node[A].cfg);
	net->n_records = 0;
	nhrp_route(net->node[A].core, net->now, first, &route);
	net_drain(net, A);
	cr_expect_eq(net->n_records, 0);
	nhrp_route(net->node[A].core, net->now, last, &route);
	net_drain(net, A);
	cr_expect_eq(count_events(net, 0, A, NHRP_EV_TRAFFIC_INDICATION), 1);
	net_free(net);
}
