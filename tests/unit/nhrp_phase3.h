/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of phase 3: the article's network with a LAN behind every node (192.168.1.0/24 behind A
 * and so on). Spokes only know that 192.168.0.0/16 is behind the hub, the hub knows them all.
 */
#ifndef TESTS_NHRP_PHASE3_H
#define TESTS_NHRP_PHASE3_H

#include "tests/unit/nhrp_net.h"

static inline struct prefix net_prefix(const char *text)
{
	struct prefix p = { 0 };

	cr_assert(prefix_parse(text, &p), "%s", text);
	return p;
}

static inline struct addr lan(int node, unsigned int host)
{
	return addr_v4(0xc0a80000U + (unsigned int)node * 256 + host);
}

static inline struct prefix lan_prefix(int node)
{
	return (struct prefix){ lan(node, 0), 24 };
}

static inline void route_set(struct net *net, int k, struct prefix prefix, int to)
{
	struct node *n = &net->node[k];

	for (size_t i = 0; i < n->n_routes; i++)
		if (!memcmp(&n->route[i].prefix, &prefix, sizeof(prefix)))
			n->route[i--] = n->route[--n->n_routes];
	cr_assert_lt(n->n_routes, NET_ROUTES);
	n->route[n->n_routes++] = (struct net_route){ prefix, to };
	if (!n->core)
		return;
	nhrp_routes_changed(n->core, net->now, prefix);
	net_drain(net, k);
}

static inline void route_remove(struct net *net, int k, struct prefix prefix)
{
	struct node *n = &net->node[k];

	for (size_t i = 0; i < n->n_routes; i++)
		if (!memcmp(&n->route[i].prefix, &prefix, sizeof(prefix)))
			n->route[i--] = n->route[--n->n_routes];
	nhrp_routes_changed(n->core, net->now, prefix);
	net_drain(net, k);
}

static inline struct nhrp_config phase3_config(int k)
{
	struct nhrp_config cfg = config_of(k);

	cfg.redirect = k == HUB;
	cfg.shortcut = k != HUB;
	return cfg;
}

static inline void phase3_routes(struct net *net, int k)
{
	route_set(net, k, net_prefix("0.0.0.0/0"), ELSEWHERE);
	route_set(net, k, net_prefix("172.16.0.0/24"), ON_LINK);
	route_set(net, k, lan_prefix(k), ELSEWHERE);
	route_set(net, k, (struct prefix){ lan(k, 1), 32 }, LOCAL);
	if (k != HUB)
		route_set(net, k, net_prefix("192.168.0.0/16"), HUB);
	for (int j = A; k == HUB && j < NODES; j++)
		route_set(net, k, lan_prefix(j), j);
}

static inline struct net *phase3_with(int spokes, uint16_t holding_time)
{
	struct net *net = net_new();

	for (int k = 0; k <= spokes; k++) {
		struct nhrp_config cfg = phase3_config(k);

		cfg.holding_time = holding_time;
		phase3_routes(net, k);
		net_start_with(net, k, cfg);
	}
	net_run(net, 1000);
	return net;
}

static inline struct net *phase3(int spokes)
{
	return phase3_with(spokes, 0);
}

/* The start of a UDP packet. */
static inline void ipv4(uint8_t out[28], struct addr from, struct addr to)
{
	static const uint8_t start[] = { 0x45, 0, 0, 100, 0, 1, 0, 0, 64, 17, 0, 0 };

	memset(out, 0, 28);
	memcpy(out, start, sizeof(start));
	memcpy(out + 12, from.b, 4);
	memcpy(out + 16, to.b, 4);
}

/* The hub has sent a packet of `from` back into the tunnel, to `to`. */
static inline void hairpin(struct net *net, struct addr from, struct addr to)
{
	uint8_t packet[28];

	ipv4(packet, from, to);
	nhrp_hairpin(net->node[HUB].core, net->now, TUNNEL, (struct span){ packet, 28 });
	net_drain(net, HUB);
}

/* A host of A's LAN has sent something to one of B's, by way of the hub. */
static inline size_t redirect_a_to_b(struct net *net)
{
	size_t from = net->n_records;

	hairpin(net, lan(A, 10), lan(B, 10));
	net_run(net, net->now + 500);
	return from;
}

/* The node that packets for that prefix take as their gateway by a shortcut; -1: there is none. */
static inline int shortcut_to(const struct net *net, int k, struct prefix prefix)
{
	const struct node *n = &net->node[k];

	for (size_t i = 0; i < n->n_shortcuts; i++)
		if (!memcmp(&n->shortcut[i].prefix, &prefix, sizeof(prefix)))
			return (int)(addr_to_v4(&n->shortcut[i].gateway) -
				     addr_to_v4(&(struct addr){ 4, { 172, 16, 0, 1 } }));
	return -1;
}

/* As show tells it: its state, 0 where there is none for exactly that prefix. */
static inline int shortcut_state(const struct net *net, int k, struct prefix prefix,
				 struct nhrp_shortcut *out)
{
	struct nhrp_shortcut ignored, *s = out ? out : &ignored;
	const void *cursor = NULL;

	while (nhrp_shortcut_next(net->node[k].core, &cursor, s))
		if (!memcmp(&s->prefix, &prefix, sizeof(prefix)))
			return (int)s->state + 1;
	return 0;
}

#define STATE(s) ((int)NHRP_SHORTCUT_##s + 1)

static inline size_t shortcuts(const struct net *net, int k)
{
	struct nhrp_shortcut s;
	const void *cursor = NULL;
	size_t count = 0;

	while (nhrp_shortcut_next(net->node[k].core, &cursor, &s))
		count++;
	return count;
}

#endif
