/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peers: NBMA addresses, whether their SA pair is needed and up, and the packets that wait for it.
 *
 * Timers: `connect` asks for the pair again while it is wanted and down; `held_timer` ends the wait
 * of the oldest packet; `lease` keeps a pair that only the other side uses for as long as the
 * answer lasts that we gave it. A pair that nothing here ever needed is never released: who made it
 * knows what for, and will say so.
 */
#include "nhrp/core.h"

msec retry_after(unsigned int tries)
{
	return tries < 6 ? RETRY_FIRST << tries : RETRY_LAST;
}

struct peer *peer_find(const struct iface *i, const struct addr *nbma)
{
	struct peer *p;

	HASH_FIND(hh, i->peers, nbma, sizeof(*nbma), p);
	return p;
}

bool peer_is_inside(struct iface *i, const struct addr *nbma)
{
	const struct peer *p = peer_find(i, nbma);

	return p && p->nat && !nhs_by_nbma(i, nbma);
}

static bool needed(const struct peer *p)
{
	return p->known || p->wanted;
}

/* To be looked at by peers_sweep(), when nobody holds a pointer to it any more. */
static void maybe_idle(struct peer *p)
{
	if (needed(p) || p->idle)
		return;
	p->idle = true;
	TAILQ_INSERT_TAIL(&p->iface->core->idle, p, next_idle);
}

struct peer *peer_get(struct iface *i, const struct addr *nbma)
{
	struct peer *p = peer_find(i, nbma);

	if (p)
		return p;
	/* Every kind of need has a limit of its own; this one is for those who only connect. */
	if (HASH_COUNT(i->peers) >= i->core->max_dynamic + i->cfg.max_resolutions) {
		i->counters.limits++;
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	p->nbma = *nbma;
	p->iface = i;
	p->since = MSEC_NEVER;
	p->connect.kind = TIMER_CONNECT;
	p->held_timer.kind = TIMER_HELD;
	p->lease.kind = TIMER_LEASE;
	LIST_INIT(&p->bindings);
	LIST_INIT(&p->told);
	STAILQ_INIT(&p->held);
	HASH_ADD(hh, i->peers, nbma, sizeof(p->nbma), p);
	maybe_idle(p);
	return p;
}

void peer_know(struct peer *p)
{
	p->touched = true;
	p->known++;
}

void peer_forget(struct peer *p)
{
	p->known--;
	maybe_idle(p);
}

/*
 * A peer behind a NAT connects to us: a first packet of ours would not get through, unless we are
 * behind one, too, and it sends one to us at the same time.
 */
static bool comes_by_itself(const struct peer *p, const struct nhs *s)
{
	return p->nat && !s && !p->multicast && !message_where_we_are_seen(p->iface).len;
}

static void ask_for_pair(struct peer *p, msec now)
{
	const struct nhs *s = nhs_by_nbma(p->iface, &p->nbma);
	msec again = retry_after(p->tries++);

	if (s)
		again = MIN(again, CONNECT_LAST);
	if (!comes_by_itself(p, s)) {
		p->asked = true;
		effect_push(p->iface->core, &(struct nhrp_effect){ .kind = NHRP_CONNECT,
								   .id = p->iface->id,
								   .nbma = p->nbma });
	}
	timer_arm(&p->iface->core->timers, &p->connect, now + again);
}

void peer_want(struct peer *p, msec now)
{
	p->touched = true;
	p->wanted++;
	if (p->up || timer_armed(&p->connect))
		return;
	p->tries = 0;
	ask_for_pair(p, now);
}

void peer_unwant(struct peer *p)
{
	p->wanted--;
	if (!p->wanted)
		timer_disarm(&p->iface->core->timers, &p->connect);
	maybe_idle(p);
}

void peer_lease(struct peer *p, msec now, msec until)
{
	if (until > now && (!timer_armed(&p->lease) || p->lease.due < until))
		timer_arm(&p->iface->core->timers, &p->lease, until);
}

/* ---- packets that wait ---- */

static void transmit(struct peer *p, const uint8_t *packet, size_t len,
		     const struct nhrp_event *about)
{
	struct iface *i = p->iface;
	struct nhrp_event e = *about;

	p->own_packets++;
	i->counters.sent[about->type]++;
	e.nbma = p->nbma;
	e.length = len;
	event_push(i, NHRP_EV_SENT, NHRP_LEVEL_DEBUG, &e);
	effect_push(i->core, &(struct nhrp_effect){ .kind = NHRP_SEND,
						    .id = i->id,
						    .nbma = p->nbma,
						    .packet = { packet, len } });
}

static void let_go(struct peer *p, struct held *h)
{
	STAILQ_REMOVE(&p->held, h, held, next);
	free(h);
	p->iface->n_held--;
	if (--p->n_held == 0) {
		timer_disarm(&p->iface->core->timers, &p->held_timer);
		peer_unwant(p);
	}
}

/* A request that was repeated is answered once. */
static struct held *held_same(struct peer *p, const struct nhrp_event *about)
{
	struct held *h;

	STAILQ_FOREACH(h, &p->held, next)
		if (h->about.type == about->type && addr_equal(&h->about.source, &about->source) &&
		    addr_equal(&h->about.protocol, &about->protocol))
			return h;
	return NULL;
}

static void hold(struct peer *p, msec now, const uint8_t *packet, size_t len,
		 const struct nhrp_event *about, const struct addr *through)
{
	struct iface *i = p->iface;
	struct held *h = held_same(p, about);
	msec until = h ? h->until : now + HELD_TIME;

	if (!h && i->n_held >= i->cfg.max_resolutions) {
		i->counters.limits++;
		event(i, NHRP_EV_DROPPED, WARNING, .nbma = p->nbma, .type = about->type,
		      .request_id = about->request_id, .source = about->source,
		      .protocol = about->protocol, .reason = NHRP_WHY_LIMIT);
		return;
	}
	/* The new one first: letting go of the last one would let go of the pair. */
	if (!p->n_held++)
		peer_want(p, now);
	i->n_held++;
	if (h)
		let_go(p, h);
	else if (p->n_held > HELD_PER_PEER)
		let_go(p, STAILQ_FIRST(&p->held));

	h = xcalloc(1, sizeof(*h) + len);
	h->until = until;
	h->through = through ? *through : (struct addr){ 0 };
	h->about = *about;
	h->about.nbma = p->nbma;
	h->about.length = len;
	h->len = len;
	memcpy(h->packet, packet, len);
	STAILQ_INSERT_TAIL(&p->held, h, next);
	i->counters.held++;
	event_push(i, NHRP_EV_HELD, NHRP_LEVEL_DEBUG, &h->about);
	if (!timer_armed(&p->held_timer))
		timer_arm(&i->core->timers, &p->held_timer, until);
}

void peer_send(struct peer *p, msec now, const uint8_t *packet, size_t len,
	       const struct nhrp_event *about, const struct addr *through)
{
	if (p->up)
		transmit(p, packet, len, about);
	else
		hold(p, now, packet, len, about, through);
}

static void give_up_held(struct peer *p, msec now)
{
	struct held *h, *following;
	msec next = MSEC_NEVER;

	/* Few, and not in order where one was replaced. */
	for (h = STAILQ_FIRST(&p->held); h; h = following) {
		struct peer *through;

		following = STAILQ_NEXT(h, next);
		if (h->until > now) {
			next = MIN(next, h->until);
			continue;
		}
		through = h->through.len ? peer_find(p->iface, &h->through) : NULL;
		p->iface->counters.held_expired++;
		if (through && through->up) {
			transmit(through, h->packet, h->len, &h->about);
		} else {
			h->about.reason = NHRP_WHY_NO_SA;
			event_push(p->iface, NHRP_EV_DROPPED,
				   p->nat ? NHRP_LEVEL_DEBUG : NHRP_LEVEL_WARNING, &h->about);
		}
		let_go(p, h);
	}
	if (next != MSEC_NEVER)
		timer_arm(&p->iface->core->timers, &p->held_timer, next);
}

/* ---- the SA pair ---- */

void peer_up(struct peer *p, msec now)
{
	struct iface *i = p->iface;

	if (p->up) { /* started anew: what it said before does not count */
		p->heard = false;
		p->own_packets = 0;
		shortcuts_doubt(p, now);
	}
	if (p->stranger)
		server_stranger(p, now);
	p->up = true;
	p->since = now;
	p->tries = 0;
	timer_disarm(&i->core->timers, &p->connect);
	if (!STAILQ_EMPTY(&p->held))
		peer_lease(p, now, now + CONTACT_GRACE);
	while (!STAILQ_EMPTY(&p->held)) {
		struct held *h = STAILQ_FIRST(&p->held);

		transmit(p, h->packet, h->len, &h->about);
		let_go(p, h);
	}
	/* Behind the answers that waited: one of them may be the yes that is taken back. */
	server_review_peer(p, now);
	for (size_t k = 0; k < i->n_nhs; k++)
		if (i->nhs[k].peer == p && i->nhs[k].wanted)
			nhs_peer_up(&i->nhs[k], now);
	multicast_review(p);
	offers_resume(p, now);
	resolve_peer_proven(p, now);
}

void peer_down(struct peer *p, msec now)
{
	struct iface *i = p->iface;
	bool was_up = p->up;

	p->up = false;
	p->heard = false;
	p->own_packets = 0;
	if (!was_up) { /* it did not come about: the schedule goes on */
		nhs_unreachable(p, now);
		return;
	}
	multicast_review(p);
	timer_disarm(&i->core->timers, &p->lease);
	p->since = now;
	p->asked = false;
	for (size_t k = 0; k < i->n_nhs; k++)
		if (i->nhs[k].peer == p && i->nhs[k].wanted)
			nhs_peer_down(&i->nhs[k], now);
	resolve_peer_down(p, now);
	if (p->wanted) {
		p->tries = 0;
		ask_for_pair(p, now);
	}
	maybe_idle(p);
}

void peer_release(struct peer *p, msec now)
{
	struct nhrp_effect release = { .kind = NHRP_RELEASE, .id = p->iface->id, .nbma = p->nbma };
	bool paired = p->up || p->asked;

	if (p->wanted || !paired)
		return;
	peer_down(p, now);
	p->asked = false;
	effect_push(p->iface->core, &release);
}

void peer_timer(struct peer *p, msec now, struct timer *t)
{
	if (t == &p->connect) {
		ask_for_pair(p, now);
		if (p->tries > NHS_CONNECT_TRIES)
			nhs_unreachable(p, now);
	} else if (t == &p->held_timer) {
		give_up_held(p, now);
	} else {
		maybe_idle(p);
	}
}

void peer_let_go(struct peer *p)
{
	struct nhrp *n = p->iface->core;
	struct nhrp_effect release = { .kind = NHRP_RELEASE, .id = p->iface->id, .nbma = p->nbma };
	struct held *h;
	bool paired = p->up || p->asked;

	p->up = false;
	multicast_review(p);
	if (paired)
		effect_push(n, &release);
	registration_free(p->registration);
	offers_forget(p);
	while ((h = STAILQ_FIRST(&p->held))) {
		STAILQ_REMOVE_HEAD(&p->held, next);
		p->iface->n_held--;
		free(h);
	}
	timer_disarm(&n->timers, &p->connect);
	timer_disarm(&n->timers, &p->held_timer);
	timer_disarm(&n->timers, &p->lease);
	if (p->idle)
		TAILQ_REMOVE(&n->idle, p, next_idle);
	HASH_DELETE(hh, p->iface->peers, p);
	free(p->identity);
	free(p);
}

void peers_sweep(struct nhrp *n)
{
	struct peer *p;

	while ((p = TAILQ_FIRST(&n->idle))) {
		TAILQ_REMOVE(&n->idle, p, next_idle);
		p->idle = false;
		if (needed(p) || (p->up && (timer_armed(&p->lease) || !p->touched)))
			continue;
		peer_let_go(p);
	}
}
