/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The egress's part of phase 3: which prefix is answered for an address behind us, who was told,
 * and taking it back when the route is gone.
 *
 * An offer is a prefix that somebody was told leads through us; each who was told is remembered
 * until the holding time of the answer is over, and counts as a dynamic binding. When the routing
 * table changes below an offer the route of an address in it is asked for once more. What is not
 * true any more is purged at everybody who was told, over and over until they say that they have
 * forgotten it (RFC 2332 5.2.5).
 */
#include "nhrp/core.h"

struct offer {
	UT_hash_handle hh;
	struct iface *iface;
	struct prefix prefix;
	struct addr asked; /* an address of it */
	LIST_HEAD(, told) told;
	bool checking; /* its route is being asked for */
};

/* What is routed out of the tunnel here. A default route proves nothing: everybody has one. */
static bool is_egress(const struct iface *i, const struct nhrp_route *r)
{
	return r->found && r->prefix.bits && (r->local || r->id != i->id);
}

bool offer_prefix(const struct iface *i, const struct addr *about, const struct nhrp_route *r,
		  const struct addr *requester_nbma, struct prefix *out)
{
	struct prefix host = { *about, 32 };

	if (!is_egress(i, r))
		return false;
	*out = prefix_network(&r->prefix);
	if (out->bits > 32 || !prefix_contains(out, about) ||
	    prefix_is_unsafe(i, out, requester_nbma))
		*out = host;
	return !prefix_is_unsafe(i, out, requester_nbma);
}

/* ---- who was told ---- */

static struct offer *offer_find(const struct iface *i, const struct prefix *prefix)
{
	struct offer *o;

	HASH_FIND(hh, i->offers, prefix, sizeof(*prefix), o);
	return o;
}

static struct told *told_find(const struct peer *p, const struct offer *o)
{
	struct told *t;

	/* OFFERS_PER_PEER at most. */
	LIST_FOREACH(t, &p->told, same_peer)
		if (t->offer == o)
			return t;
	return NULL;
}

static void told_free(struct told *t)
{
	struct offer *o = t->offer;
	struct iface *i = o->iface;

	timer_disarm(&i->core->timers, &t->timer);
	LIST_REMOVE(t, same_offer);
	LIST_REMOVE(t, same_peer);
	t->peer->n_told--;
	peer_forget(t->peer);
	i->core->n_dynamic--;
	free(t);
	if (!LIST_EMPTY(&o->told))
		return;
	HASH_DELETE(hh, i->offers, o);
	free(o);
}

static struct told *told_new(struct iface *i, struct peer *to, const struct prefix *prefix)
{
	struct offer *o = offer_find(i, prefix);
	struct told *t;

	if (dynamic_limit_reached(i) || to->n_told >= OFFERS_PER_PEER) {
		i->counters.limits++;
		return NULL;
	}
	if (!o) {
		o = xcalloc(1, sizeof(*o));
		o->iface = i;
		o->prefix = *prefix;
		HASH_ADD(hh, i->offers, prefix, sizeof(o->prefix), o);
	}
	t = xcalloc(1, sizeof(*t));
	t->offer = o;
	t->peer = to;
	t->timer.kind = TIMER_OFFER;
	LIST_INSERT_HEAD(&o->told, t, same_offer);
	LIST_INSERT_HEAD(&to->told, t, same_peer);
	to->n_told++;
	peer_know(to);
	i->core->n_dynamic++;
	return t;
}

bool offer_tell(struct iface *i, msec now, struct peer *to, const struct addr *requester,
		const struct prefix *prefix, const struct addr *about)
{
	struct offer *o = offer_find(i, prefix);
	struct told *t = o ? told_find(to, o) : NULL;

	if (!t)
		t = told_new(i, to, prefix);
	if (!t)
		return false;
	t->offer->asked = *about;
	t->requester = *requester;
	t->withdrawn = false;
	t->until = now + SECONDS(i->cfg.holding_time) + LEASE_MARGIN;
	timer_arm(&i->core->timers, &t->timer, t->until);
	return true;
}

void offers_resume(struct peer *p, msec now)
{
	struct told *t, *following;

	for (t = LIST_FIRST(&p->told); t; t = following) {
		following = LIST_NEXT(t, same_peer);
		t->tries = 0;
		if (t->withdrawn)
			offer_timer(t, now);
	}
}

bool offer_holds(const struct told *t, const struct addr *address)
{
	return prefix_contains(&t->offer->prefix, address);
}

void offers_forget(struct peer *p)
{
	struct told *t;

	while ((t = LIST_FIRST(&p->told)))
		told_free(t);
}

/* ---- taking it back ---- */

static void purge(struct told *t, msec now, uint16_t flags)
{
	struct iface *i = t->offer->iface;
	struct nhrp_packet p;

	/* Who has no pair with us has no path to us; should there be one again, this is repeated. */
	if (!t->peer->up && !t->peer->n_held)
		return;
	message_start(i, &p, NHRP_PURGE_REQUEST, &t->requester);
	p.flags = flags;
	p.request_id = t->request_id;
	p.cies[0] = (struct nhrp_cie){ .prefix = t->offer->prefix.bits,
				       .mtu = i->cfg.mtu,
				       .nbma = i->cfg.nbma,
				       .protocol = t->offer->prefix.addr };
	p.n_cies = 1;
	message_add_extensions(&p);
	message_send(i, now, t->peer, &p, NULL);
}

static void withdraw(struct told *t, msec now)
{
	struct iface *i = t->offer->iface;

	event(i, NHRP_EV_ANSWER_WITHDRAWN, NOTICE, .prefix = t->offer->prefix,
	      .nbma = t->peer->nbma, .source = t->requester, .reason = NHRP_WHY_ROUTE_CHANGED);
	t->withdrawn = true;
	t->request_id = new_request_id(i->core);
	t->tries = 0;
	offer_timer(t, now);
}

void offer_timer(struct told *t, msec now)
{
	struct timers *ts = &t->offer->iface->core->timers;
	msec again = now + retry_after(t->tries);

	if (!t->withdrawn || now >= t->until) {
		told_free(t);
		return;
	}
	t->tries++;
	purge(t, now, 0);
	timer_arm(ts, &t->timer, MIN(again, t->until));
}

bool offer_purged(const struct arrival *a)
{
	struct peer *p = peer_find(a->iface, &a->from);
	struct told *t;

	if (!p || !addr_equal(&a->packet->source, &a->iface->cfg.address.addr))
		return false;
	LIST_FOREACH(t, &p->told, same_peer)
		if (t->withdrawn && t->request_id == a->packet->request_id) {
			told_free(t);
			return true;
		}
	return false;
}

void offers_withdraw(struct iface *i, msec now)
{
	struct offer *o, *next;

	HASH_ITER (hh, i->offers, o, next) {
		struct told *t, *following;

		for (t = LIST_FIRST(&o->told); t; t = following) {
			following = LIST_NEXT(t, same_offer);
			if (!t->withdrawn && t->peer->up) {
				t->request_id = new_request_id(i->core);
				purge(t, now, NHRP_PURGE_NO_REPLY);
			}
			told_free(t); /* the last one takes the offer with it */
		}
	}
}

/* ---- the routing table changes ---- */

static void check(struct offer *o)
{
	if (o->checking)
		return;
	o->checking = true;
	route_ask(o->iface,
		  &(struct question){
			  .kind = QUESTION_OFFER, .about = o->asked, .prefix = o->prefix },
		  (struct span){ NULL, 0 });
}

void offers_check(struct iface *i, const struct prefix *changed)
{
	for (struct offer *o = i->offers; o; o = o->hh.next)
		if (prefix_overlaps(&o->prefix, changed))
			check(o);
}

void offer_checked(struct iface *i, msec now, const struct question *q, const struct nhrp_route *r)
{
	struct offer *o = offer_find(i, &q->prefix);
	struct addr none = { 0 };
	struct told *t, *following;
	struct prefix answer;

	if (!o)
		return;
	o->checking = false;
	/* What we would answer now may be wider, not narrower. */
	if (offer_prefix(i, &q->about, r, &none, &answer) && answer.bits <= o->prefix.bits)
		return;
	for (t = LIST_FIRST(&o->told); t; t = following) {
		following = LIST_NEXT(t, same_offer);
		if (!t->withdrawn)
			withdraw(t, now); /* may free t, and o with the last one */
	}
}
