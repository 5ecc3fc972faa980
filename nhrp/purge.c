/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Purges (RFC 2332 5.2.5, 5.2.6): that somebody's answer does not hold any more. They are sent
 * again until they are answered, unless nobody will be there to read the answer (N flag). Those of
 * others are obeyed where the sender owns what it purges, or is the server that told it.
 *
 * A client's purge of its own address has the id of the registration that it takes back.
 */
#include "nhrp/core.h"

#define PURGE_TRIES 4 /* at 0, 1, 3, 7 s; given up at 15 */
#define PURGES_MAX 256

static void purge_free(struct purge *g)
{
	timer_disarm(&g->iface->core->timers, &g->timer);
	HASH_DELETE(hh, g->iface->purges, g);
	free(g);
}

void purges_free(struct iface *i)
{
	struct purge *g, *next;

	HASH_ITER (hh, i->purges, g, next)
		purge_free(g);
}

static void transmit(struct iface *i, msec now, struct peer *to, const struct purge *g,
		     uint16_t flags)
{
	struct nhrp_packet p;

	message_start(i, &p, NHRP_PURGE_REQUEST, &g->destination);
	p.flags = flags;
	p.request_id = g->id;
	p.cies[0] = g->cie;
	p.n_cies = 1;
	message_add_extensions(&p);
	message_send(i, now, to, &p, NULL);
}

void purge_send_once(struct peer *to, msec now, const struct addr *destination,
		     const struct nhrp_cie *cie, uint32_t id)
{
	struct purge g = { .destination = *destination, .cie = *cie, .id = id };

	if (to->up)
		transmit(to->iface, now, to, &g, NHRP_PURGE_NO_REPLY);
}

static void again(struct purge *g, msec now)
{
	struct iface *i = g->iface;
	struct peer *to = peer_find(i, &g->nbma);

	/* Whose pair went has forgotten with it what was told over it, or will. */
	if (!to || !to->up || g->tries == PURGE_TRIES) {
		i->counters.purges_unanswered++;
		purge_free(g);
		return;
	}
	timer_arm(&i->core->timers, &g->timer, now + retry_after(g->tries++));
	transmit(i, now, to, g, 0);
}

void purge_send(struct peer *to, msec now, const struct addr *destination,
		const struct nhrp_cie *cie)
{
	struct iface *i = to->iface;
	uint32_t id = new_request_id(i->core);
	struct purge *g;

	HASH_FIND(hh, i->purges, &id, sizeof(id), g);
	if (g || HASH_COUNT(i->purges) >= PURGES_MAX) {
		purge_send_once(to, now, destination, cie, id);
		return;
	}
	if (!to->up)
		return;
	g = xcalloc(1, sizeof(*g));
	g->iface = i;
	g->nbma = to->nbma;
	g->destination = *destination;
	g->cie = *cie;
	g->id = id;
	g->timer.kind = TIMER_PURGE;
	HASH_ADD(hh, i->purges, id, sizeof(g->id), g);
	peer_lease(to, now, now + CONTACT_GRACE);
	again(g, now);
}

void purge_timer(struct timer *t, msec now)
{
	again(container_of(t, struct purge, timer), now);
}

void purge_reply(const struct arrival *a)
{
	struct iface *i = a->iface;
	struct purge *g;

	HASH_FIND(hh, i->purges, &a->packet->request_id, sizeof(g->id), g);
	if (g && addr_equal(&g->nbma, &a->from)) {
		purge_free(g);
		return;
	}
	i->counters.unexpected_replies++;
	message_drop(i, a->packet, &a->from, NHRP_WHY_NO_ANSWER_NEEDED, NULL);
}

/* ---- those of others ---- */

/* An entry without an NBMA address, or with that of the binding as its owner knows it. */
static bool means(const struct nhrp_cie *cie, const struct binding *b)
{
	return !cie->nbma.len || !b->peer || addr_equal(&cie->nbma, &b->peer->nbma) ||
	       (b->inside.len && addr_equal(&cie->nbma, &b->inside));
}

static bool may_purge(const struct arrival *a, const struct binding *b, const struct nhs *s)
{
	bool owner = b->peer && addr_equal(&b->peer->nbma, &a->from);

	return b->type == NHRP_ENTRY_DYNAMIC && (owner || (s && b->step == STEP_DIRECT));
}

static void purge_host(const struct arrival *a, const struct nhrp_cie *cie)
{
	struct binding *b = binding_find(a->iface, &cie->protocol);
	struct nhs *s = nhs_by_nbma(a->iface, &a->from);

	if (!b)
		return;
	if (b->type == NHRP_ENTRY_LOCAL && s) /* the server forgot us */
		nhs_register(s, a->now, false);
	else if (!may_purge(a, b, s))
		message_drop(a->iface, a->packet, &a->from, NHRP_WHY_NOT_OWNER,
			     b->peer ? &b->peer->nbma : NULL);
	else if (means(cie, b))
		server_forget(b, a->now, NHRP_WHY_PURGED);
}

/* Only what belongs to the sender: few. */
static void purge_prefix(const struct arrival *a, const struct nhrp_cie *cie)
{
	struct prefix prefix = { cie->protocol, cie->prefix };
	struct peer *p = peer_find(a->iface, &a->from);
	struct binding *b, *following;

	for (b = p ? LIST_FIRST(&p->bindings) : NULL; b; b = following) {
		following = LIST_NEXT(b, same_peer);
		if (prefix_contains(&prefix, &b->protocol) && may_purge(a, b, NULL) &&
		    means(cie, b))
			server_forget(b, a->now, NHRP_WHY_PURGED);
	}
}

void purge_request(const struct arrival *a)
{
	struct nhrp_packet *p = a->packet;
	uint8_t room[NHRP_CIE_OCTETS];
	struct peer *peer;

	if (!addr_equal(&p->destination, &a->iface->cfg.address.addr)) {
		message_drop(a->iface, p, &a->from, NHRP_WHY_NOT_FOR_US, NULL);
		return;
	}
	for (size_t k = 0; k < p->n_cies; k++)
		if (shortcut_purge(a, &p->cies[k]))
			continue;
		else if (nhrp_cie_is_host(&p->cies[k]))
			purge_host(a, &p->cies[k]);
		else
			purge_prefix(a, &p->cies[k]);
	peer = p->flags & NHRP_PURGE_NO_REPLY ? NULL : peer_get(a->iface, &a->from);
	if (!peer)
		return;
	message_reply(a->iface, p, NHRP_PURGE_REPLY, room);
	message_send(a->iface, a->now, peer, p, NULL);
}
