/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The networks behind the nodes: LAN n is 192.168.n.0/24. A spoke has a route to each LAN that is
 * behind itself and to 192.168.0.0/16 through the hub, the hub one to every LAN; and the shortcuts
 * that NHRP put there.
 */
#include "tests/sim/world.h"

#include <stdio.h>

#define LAN_BASE   0xc0a80000u
#define LAN_BITS   24
#define ALL_BITS   16
#define HOST	   10
#define ONLY_IFACE 0
#define HEADER	   28

static const struct prefix all_lans = { { 4, { 192, 168 } }, ALL_BITS };

struct addr lan_address(unsigned int lan)
{
	return addr_v4(LAN_BASE + lan * 256 + HOST);
}

bool lan_read(const struct addr *a, unsigned int *lan)
{
	*lan = (addr_to_v4(a) >> 8) & 255;
	return prefix_contains(&all_lans, a) && *lan < WORLD_NODES;
}

static struct prefix lan_prefix(unsigned int lan)
{
	return (struct prefix){ addr_v4(LAN_BASE + lan * 256), LAN_BITS };
}

void lans_begin(struct world *w)
{
	w->lans = true;
	for (unsigned int k = 0; k < w->nodes; k++) {
		w->node[k]->kernel.holds[k] = true;
		w->node[0]->kernel.to[k] = k;
	}
}

/* Without shortcuts. */
static unsigned int own_gateway(const struct node *n, unsigned int lan)
{
	if (n->kernel.holds[lan])
		return NOBODY;
	return n->cfg.hub ? n->kernel.to[lan] : 0;
}

unsigned int lan_gateway(const struct node *n, unsigned int lan)
{
	const struct shortcut_route *s = &n->kernel.shortcut[lan];

	return s->known && !n->kernel.holds[lan] ? s->gateway : own_gateway(n, lan);
}

/* ---- routes change ---- */

static void tell(struct node *n, unsigned int lan)
{
	if (!n->nhrp)
		return;
	nhrp_routes_changed(n->nhrp, n->world->now, lan_prefix(lan));
	node_turn(n);
}

/* To what is true by then: routing tables do not end up wrong. */
static void converged(struct world *w, struct node *none, void *arg)
{
	unsigned int lan = *(const unsigned int *)arg;
	struct node *hub = w->node[0];

	(void)none;
	hub->kernel.to[lan] = NOBODY;
	for (unsigned int k = 0; k < w->nodes; k++)
		if (w->node[k]->kernel.holds[lan])
			hub->kernel.to[lan] = k;
	world_tell(w, hub, "LAN %u is behind node %d", lan, (int)hub->kernel.to[lan]);
	tell(hub, lan);
}

void lan_move(struct world *w, unsigned int lan, unsigned int to, msec convergence)
{
	world_tell(w, NULL, "LAN %u moves to node %d", lan, (int)to);
	for (unsigned int k = 0; k < w->nodes; k++) {
		bool held = w->node[k]->kernel.holds[lan];

		w->node[k]->kernel.holds[lan] = k == to;
		if (held != (k == to))
			tell(w->node[k], lan);
	}
	world_after(w, convergence, converged, NULL, xmemdup(&lan, sizeof(lan)));
}

/* ---- what NHRP asks and does ---- */

struct answer {
	uint64_t token;
	struct nhrp_route route;
};

static void answered(struct world *w, struct node *n, void *arg)
{
	const struct answer *a = arg;

	nhrp_route(n->nhrp, w->now, a->token, &a->route);
	node_turn(n);
}

/* As it was when it was asked, however long the answer takes. */
void lan_query(struct node *n, const struct nhrp_effect *e)
{
	struct world *w = n->world;
	struct answer a = { .token = e->token, .route = { .id = NHRP_ALL } };
	unsigned int lan, gateway;

	if (lan_read(&e->protocol, &lan) && lan < w->nodes) {
		gateway = own_gateway(n, lan);
		a.route.found = n->kernel.holds[lan] || gateway != NOBODY;
		a.route.prefix = n->cfg.hub || n->kernel.holds[lan] ? lan_prefix(lan) : all_lans;
		if (gateway != NOBODY) {
			a.route.id = ONLY_IFACE;
			a.route.gateway = w->node[gateway]->tunnel;
		}
	}
	world_after(w, w->kernel_delay ? world_random(w, (uint32_t)w->kernel_delay) : 0, answered,
		    n, xmemdup(&a, sizeof(a)));
}

static void routed(struct world *w, struct node *n, void *arg)
{
	nhrp_routed(n->nhrp, w->now, *(const uint64_t *)arg, 0);
	node_turn(n);
}

void lan_shortcut(struct node *n, const struct nhrp_effect *e)
{
	struct world *w = n->world;
	unsigned int lan = 0, gateway = index_of_tunnel(&e->protocol);

	world_check(w, lan_read(&e->prefix.addr, &lan) && e->prefix.bits == LAN_BITS,
		    "%s: a shortcut to a part, or to all", n->cfg.name);
	world_check(w, gateway < w->nodes && n->kernel.neighbour[gateway].known,
		    "%s: a shortcut to LAN %u through nobody", n->cfg.name, lan);
	world_tell(w, n, "LAN %u by way of %s", lan, w->node[gateway]->cfg.name);
	n->kernel.shortcut[lan] = (struct shortcut_route){ .known = true, .gateway = gateway };
	world_after(w, w->kernel_delay ? world_random(w, (uint32_t)w->kernel_delay) : 0, routed, n,
		    xmemdup(&e->token, sizeof(e->token)));
}

void lan_shortcut_gone(struct node *n, const struct prefix *prefix)
{
	unsigned int lan = 0;

	lan_read(&prefix->addr, &lan);
	world_tell(n->world, n, "LAN %u as the routing table says", lan);
	n->kernel.shortcut[lan] = (struct shortcut_route){ 0 };
}

void lan_hairpin(struct node *n, const struct packet *p)
{
	uint8_t header[HEADER] = { 0x45, 0, 0, 100, 0, 1, 0, 0, 64, 17 };
	struct addr source = lan_address(p->source), destination = lan_address(p->destination);

	if (!n->nhrp)
		return;
	memcpy(header + 12, source.b, 4);
	memcpy(header + 16, destination.b, 4);
	nhrp_hairpin(n->nhrp, n->world->now, ONLY_IFACE, (struct span){ header, HEADER });
	node_turn(n);
}

bool lan_is_direct(const struct node *n, unsigned int lan)
{
	const struct shortcut_route *s = &n->kernel.shortcut[lan];

	return s->known && !s->leftover && s->gateway < n->world->nodes &&
	       n->world->node[s->gateway]->kernel.holds[lan];
}
