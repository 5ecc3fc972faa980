/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold of NHRP: inside the core (every timer has an owner, counts are right, who is
 * referred to is there), between the core and its kernel, and between hub and spoke.
 */
#include "nhrp/core.h"

#include "tests/sim/world.h"

#define check(n, condition, ...) world_check((n)->world, condition, __VA_ARGS__)
#define NBMA(a)			 index_of_nbma(a)

struct tally {
	size_t timers, dynamic, unresolved, held, tokens, route_tokens, told;
};

static void count_timer(struct tally *t, const struct timer *timer)
{
	t->timers += timer_armed(timer);
}

static bool is_configured(const struct binding *b)
{
	return b->type == NHRP_ENTRY_LOCAL || b->type == NHRP_ENTRY_STATIC;
}

static void look_at_binding(struct node *n, struct tally *t, const struct binding *b)
{
	unsigned int at = index_of_tunnel(&b->protocol);
	const struct neighbour *kernel = &n->kernel.neighbour[at];

	count_timer(t, &b->step_timer);
	count_timer(t, &b->life);
	t->dynamic += !is_configured(b);
	t->unresolved += b->type == NHRP_ENTRY_INCOMPLETE || b->type == NHRP_ENTRY_NEGATIVE;
	t->tokens += b->token != 0;
	check(n, is_configured(b) || timer_armed(&b->life), "%s: binding .%u never ends",
	      n->cfg.name, at);
	check(n, !b->peer || peer_find(b->iface, &b->peer->nbma) == b->peer,
	      "%s: binding .%u has a peer of nowhere", n->cfg.name, at);
	check(n, b->path.len ? kernel->known && kernel->nbma == NBMA(&b->path) : !kernel->known,
	      "%s: the kernel's .%u is at %d, the core's at %d", n->cfg.name, at,
	      kernel->known ? (int)kernel->nbma : -1, b->path.len ? (int)NBMA(&b->path) : -1);
	check(n,
	      b->step != STEP_DIRECT ||
		      (b->peer && b->peer->up && addr_equal(&b->path, &b->peer->nbma)),
	      "%s: .%u is direct and is not", n->cfg.name, at);
	/* Fail closed, and no black hole: who is not reached directly is reached through a server. */
	check(n, b->step == STEP_NONE || b->path.len, "%s: .%u has no path", n->cfg.name, at);
}

static void look_at_peer(struct node *n, struct tally *t, const struct peer *p)
{
	unsigned int known = 0, wanted = p->n_held ? 1 : 0, held = 0;
	const struct binding *b;
	const struct held *h;
	const struct told *told;

	count_timer(t, &p->connect);
	count_timer(t, &p->held_timer);
	count_timer(t, &p->lease);
	known = (unsigned int)p->n_told;
	LIST_FOREACH (told, &p->told, same_peer) {
		count_timer(t, &told->timer);
		check(n, timer_armed(&told->timer), "%s: what %u was told is true for ever",
		      n->cfg.name, NBMA(&p->nbma));
		t->told++;
	}
	t->dynamic += p->n_told;
	LIST_FOREACH (b, &p->bindings, same_peer) {
		known += !b->wants;
		wanted += b->wants;
	}
	for (size_t k = 0; k < p->iface->n_nhs; k++)
		wanted += p->iface->nhs[k].peer == p && p->iface->nhs[k].wanted;
	wanted += p->multicast;
	STAILQ_FOREACH (h, &p->held, next)
		held++;
	t->held += held;
	check(n, known == p->known && wanted == p->wanted && held == p->n_held,
	      "%s: counts of peer %u: known %u/%u wanted %u/%u held %u/%zu", n->cfg.name,
	      NBMA(&p->nbma), known, p->known, wanted, p->wanted, held, p->n_held);
	check(n, p->up || !p->wanted || timer_armed(&p->connect),
	      "%s: peer %u is wanted and not asked for", n->cfg.name, NBMA(&p->nbma));
	check(n, !held || timer_armed(&p->held_timer), "%s: packets wait for ever", n->cfg.name);
	check(n, p->up == n->up[NBMA(&p->nbma)], "%s: NHRP has peer %u %s, IKE %s", n->cfg.name,
	      NBMA(&p->nbma), p->up ? "up" : "down", n->up[NBMA(&p->nbma)] ? "up" : "down");
}

static void look_at_shortcut(struct node *n, struct tally *t, const struct shortcut *s)
{
	bool up = s->state == NHRP_SHORTCUT_UP, resolving = s->state == NHRP_SHORTCUT_RESOLVING;
	const struct shortcut_route *kernel;
	unsigned int lan = 0;

	check(n, lan_read(&s->prefix.addr, &lan) && (s->prefix.bits == 24 || s->prefix.bits == 32),
	      "%s: a shortcut to nowhere", n->cfg.name);
	kernel = &n->kernel.shortcut[lan];
	count_timer(t, &s->step);
	count_timer(t, &s->life);
	t->dynamic++;
	t->unresolved += !up;
	t->route_tokens += s->token != 0;
	check(n, timer_armed(&s->life), "%s: the shortcut to LAN %u never ends", n->cfg.name, lan);
	check(n, !resolving || (s->asking && timer_armed(&s->step)),
	      "%s: nobody is asked for LAN %u", n->cfg.name, lan);
	check(n, up || s->state == NHRP_SHORTCUT_CONNECTING ? s->gateway != NULL : !s->gateway,
	      "%s: the gateway to LAN %u", n->cfg.name, lan);
	check(n, !s->routed || up, "%s: a route to LAN %u too early", n->cfg.name, lan);
	/* One-way, or into nowhere. */
	check(n, !up || resolve_is_direct(s->gateway), "%s: the gateway to LAN %u is not direct",
	      n->cfg.name, lan);
	check(n,
	      !s->routed || (kernel->known && !kernel->leftover &&
			     kernel->gateway == index_of_tunnel(&s->gateway->protocol)),
	      "%s: the kernel's shortcut to LAN %u", n->cfg.name, lan);
	n->kernel.shortcut_seen[lan] |= s->routed;
}

static void look_at_routes(struct node *n)
{
	for (unsigned int k = 0; k < n->world->nodes; k++) {
		const struct shortcut_route *kernel = &n->kernel.shortcut[k];

		check(n, !kernel->known || kernel->leftover || n->kernel.shortcut_seen[k],
		      "%s: the kernel has a shortcut to LAN %u, the core has not", n->cfg.name, k);
		n->kernel.shortcut_seen[k] = false;
	}
}

void inspect_nhrp(struct node *n)
{
	const struct nhrp *core = n->nhrp;
	struct tally t = { 0 };
	const struct iface *i;

	if (!core || !(i = iface_find(core, 0)))
		return;
	for (const struct binding *b = i->bindings; b; b = b->hh.next)
		look_at_binding(n, &t, b);
	for (const struct peer *p = i->peers; p; p = p->hh.next)
		look_at_peer(n, &t, p);
	for (const struct shortcut *s = i->shortcuts; s; s = s->hh.next)
		look_at_shortcut(n, &t, s);
	look_at_routes(n);
	t.timers += HASH_COUNT(i->purges);
	for (size_t k = 0; k < i->n_nhs; k++) {
		count_timer(&t, &i->nhs[k].timer);
		count_timer(&t, &i->nhs[k].fallback);
	}
	check(n, !i->nhs_in_use || i->nhs_in_use->peer->up, "%s: the server in use is down",
	      n->cfg.name);
	check(n, t.timers == core->timers.len, "%s: %zu timers of NHRP, %zu of them known",
	      n->cfg.name, core->timers.len, t.timers);
	check(n,
	      t.dynamic == core->n_dynamic && t.unresolved == i->n_unresolved &&
		      t.held == i->n_held && t.tokens == HASH_CNT(hh_token, core->by_token) &&
		      t.route_tokens == HASH_CNT(hh_token, core->shortcuts_by_token),
	      "%s: the counts of NHRP are wrong", n->cfg.name);
	for (unsigned int k = 0; k < n->world->nodes; k++)
		check(n,
		      !n->kernel.neighbour[k].known || n->kernel.neighbour[k].leftover ||
			      binding_find(i, &n->world->node[k]->tunnel),
		      "%s: the kernel has a neighbour .%u, the core has not", n->cfg.name, k);
}

/* ---- between nodes ---- */

bool nhrp_is_registered(const struct node *spoke)
{
	const void *cursor = NULL;
	struct nhrp_nhs nhs;

	while (spoke->nhrp && nhrp_nhs_next(spoke->nhrp, &cursor, &nhs))
		if (nhs.state == NHRP_NHS_UP)
			return true;
	return false;
}

bool nhrp_was_registered(const struct node *spoke)
{
	const void *cursor = NULL;
	struct nhrp_nhs nhs;

	while (spoke->nhrp && nhrp_nhs_next(spoke->nhrp, &cursor, &nhs))
		if (nhs.registered != MSEC_NEVER)
			return true;
	return false;
}

struct node *nhrp_hub_of(const struct node *spoke)
{
	const void *cursor = NULL;
	struct nhrp_nhs nhs;

	while (spoke->nhrp && nhrp_nhs_next(spoke->nhrp, &cursor, &nhs))
		if (nhs.in_use)
			return node_by_nbma(spoke->world, &nhs.nbma);
	return NULL;
}

bool hub_knows(const struct node *hub, const struct node *spoke)
{
	const struct binding *b =
		hub->nhrp ? binding_find(iface_find(hub->nhrp, 0), &spoke->tunnel) : NULL;

	return b && b->flags & NHRP_FLAG_REGISTERED && !b->registration && b->peer->up;
}

bool nhrp_is_direct(const struct node *n, const struct node *other)
{
	const struct binding *b =
		n->nhrp ? binding_find(iface_find(n->nhrp, 0), &other->tunnel) : NULL;

	return b && b->step == STEP_DIRECT;
}

void inspect_bindings(struct node *hub, struct node *spoke)
{
	const struct binding *b = binding_find(iface_find(hub->nhrp, 0), &spoke->tunnel);
	const struct iface *i = iface_find(spoke->nhrp, 0);

	check(hub, nhrp_is_registered(spoke), "%s is not registered", spoke->cfg.name);
	check(hub, hub_knows(hub, spoke), "the hub does not know %s", spoke->cfg.name);
	check(hub, addr_equal(&b->peer->nbma, &spoke->nbma) && addr_equal(&b->path, &spoke->nbma),
	      "the hub has %s at %u", spoke->cfg.name, NBMA(&b->peer->nbma));
	for (b = i->bindings; b; b = b->hh.next)
		check(hub,
		      b->step != STEP_DIRECT || index_of_tunnel(&b->protocol) == NBMA(&b->path),
		      "%s has .%u at %u", spoke->cfg.name, index_of_tunnel(&b->protocol),
		      NBMA(&b->path));
}

static bool was_told(const struct node *egress, const struct node *who, unsigned int lan)
{
	const struct iface *i = iface_find(egress->nhrp, 0);
	const struct peer *p = peer_find(i, &who->nbma);
	const struct told *t;
	struct addr a = lan_address(lan);

	if (!p)
		return false;
	LIST_FOREACH (t, &p->told, same_peer)
		if (!t->withdrawn && offer_holds(t, &a))
			return true;
	return false;
}

void inspect_shortcuts(struct world *w)
{
	for (unsigned int k = 0; k < w->nodes; k++) {
		struct node *n = w->node[k];
		const struct iface *i = iface_find(n->nhrp, 0);

		for (const struct shortcut *s = i->shortcuts; s; s = s->hh.next) {
			unsigned int lan = 0, egress;

			if (s->state != NHRP_SHORTCUT_UP || !lan_read(&s->prefix.addr, &lan))
				continue;
			egress = index_of_tunnel(&s->gateway->protocol);
			check(n, w->node[egress]->kernel.holds[lan],
			      "%s goes to %s for LAN %u, which is not there", n->cfg.name,
			      w->node[egress]->cfg.name, lan);
			check(n, was_told(w->node[egress], n, lan),
			      "%s goes to %s for LAN %u, who has not been asked", n->cfg.name,
			      w->node[egress]->cfg.name, lan);
		}
	}
}
